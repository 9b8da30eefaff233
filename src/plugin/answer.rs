//! What came of a call: an answer or a failure, what was logged, and what it took.

use std::time::Duration;

use serde::Serialize;

use super::advice::Advice;
use crate::base::limits;

/// What came of a call.
#[derive(Debug, PartialEq, Eq)]
pub struct Told<T = Vec<Advice>> {
    pub answer: Result<T, Failure>,
    pub log: Vec<Line>,
    pub memory: Memory,
    /// Instructions, roughly.
    pub fuel: u64,
    /// Of a processor.
    pub took: Duration,
}

/// What a call did with the state of its plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// It has seen it.
    pub read: bool,
    /// What it shall be from now on.
    pub kept: Option<Vec<u8>>,
}

/// A line that the plugin logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub level: &'static str,
    pub text: String,
}

/// How a plugin failed. None of it harms the mail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("it did more than {} million instructions", _0 / 1_000_000)]
    Fuel(u64),
    #[error("it took longer than {} ms", _0.as_millis())]
    Time(Duration),
    #[error("it called the host more than {0} times")]
    HostCalls(u32),
    #[error(
        "it wanted more than {_0} MiB of memory; plugin install --memory gives up to {}",
        limits::PLUGIN_MEMORY_MIB_MAX
    )]
    Memory(u32),
    #[error("its stack grew beyond {} KiB", limits::PLUGIN_STACK_BYTES_MAX >> 10)]
    Stack,
    #[error("it wanted to keep {_0} bytes; {} are possible", limits::PLUGIN_STATE_BYTES_MAX)]
    State(usize),
    /// Its own words.
    #[error("it says: {0}")]
    Error(String),
    #[error("its answer can't be taken: {0}")]
    Answer(String),
    #[error("it broke: {0}")]
    Trap(String),
}
