//! In the place of the engine when this is built without the feature `plugins`: nothing can be compiled or run, and no value
//! of these types exists. The names are those of `engine/`, which says what they are for.

use std::process::ExitCode;

use super::{Allowance, Compiling, Description, Question, Stage, Told};

const WHY: &str = "this postcase is built without plugins";

pub enum Sandbox {}

pub enum Compiled {}

/// There is none.
pub enum Guest {}

impl Sandbox {
    pub fn new(_allowance: Allowance) -> Result<Self, String> {
        Err(WHY.to_owned())
    }

    pub fn compiling(&self) -> Compiling {
        match *self {}
    }
}

impl Compiled {
    pub fn of(_component: &[u8], _most: Compiling) -> Result<Self, String> {
        Err(WHY.to_owned())
    }

    pub fn sealed(&self, _component_hash: &str) -> Vec<u8> {
        match *self {}
    }

    pub fn unsealed(_component_hash: &str, _file: &[u8]) -> Option<Self> {
        None
    }
}

impl Guest {
    pub fn load(sandbox: &Sandbox, _compiled: &Compiled, _memory_mib: u32) -> Result<Self, String> {
        match *sandbox {}
    }

    pub fn memory_mib(&self) -> u32 {
        match *self {}
    }

    pub fn describe(&self) -> Told<Description> {
        match *self {}
    }

    /// Never called.
    pub fn advise(&self, _stage: Stage, _question: &Question<'_>) -> Told {
        match *self {}
    }
}

/// Nobody starts this program as a compiler.
pub fn child() -> Option<ExitCode> {
    None
}
