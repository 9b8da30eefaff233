//! Compiling a component: in a process of its own, because a compiler that is fed by strangers may want any time and memory.
//!
//! The child is this program again with [`CHILD`] and what it may take as its arguments: it limits itself, reads the component from standard
//! input and writes machine code to standard output. Machine code is as trusted as the program itself, so only what a child
//! of this very program wrote is ever loaded: straight from its pipe, or from a file whose digest holds.

// Machine code is loaded here, from nowhere else than a child of this program.
#![allow(unsafe_code)]

use std::io::{self, Read, Write};
use std::process::{Command, ExitCode, Stdio};

use rustix::process::{Resource, Rlimit, setrlimit};
use wasmtime::component::Component;
use wasmtime::{Engine, OutOfMemory};

use super::sandbox;
use crate::base::limits;
use crate::plugin::Compiling;

/// The argument that makes this program a compiler.
pub const CHILD: &str = "compile-plugin";

/// Machine code of a component.
pub struct Compiled(Vec<u8>);

/// Why there is none. One line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    #[error(
        "it is {0}, expected a component: build the plugin for wasm32-wasip2, and name the .wasm file that comes out"
    )]
    Other(&'static str),
    #[error("it is no component that can be compiled: {0}")]
    Component(String),
    #[error("compiling it took more than {} s or {} MiB", _0.cpu_seconds, _0.memory_bytes >> 20)]
    Limits(Compiling),
    #[error("the compiler can't be started: {0}")]
    Start(String),
}

impl Compiled {
    /// Compiles a component; blocks until the child has ended.
    ///
    /// # Errors
    /// See [`CompileError`].
    pub fn of(component: &[u8], most: Compiling) -> Result<Self, CompileError> {
        if let Some(other) = what_else(component) {
            return Err(CompileError::Other(other));
        }
        let started = |error: io::Error| CompileError::Start(error.to_string());
        // The same program also when its file was replaced since it started.
        let mut child = Command::new("/proc/self/exe")
            .args([CHILD, &most.memory_bytes.to_string(), &most.cpu_seconds.to_string()])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(started)?;
        // A child that refuses its input has said why.
        child.stdin.take().expect("it is piped").write_all(component).ok();
        let mut code = Vec::new();
        let code_bytes_max = limits::PLUGIN_CODE_BYTES_MAX as u64;
        child.stdout.take().expect("it is piped").take(code_bytes_max).read_to_end(&mut code).map_err(started)?;
        let ended = child.wait_with_output().map_err(started)?;
        match ended.status.code() {
            Some(0) => Ok(Self(code)),
            Some(1) => Err(CompileError::Component(String::from_utf8_lossy(&ended.stderr).trim().to_owned())),
            _ => Err(CompileError::Limits(most)),
        }
    }

    /// For a file, bound to the component that it was made of.
    pub fn sealed(&self, component_hash: &str) -> Vec<u8> {
        [digest(component_hash, &self.0).as_slice(), &self.0].concat()
    }

    /// What such a file holds; none when a bit of it has changed.
    pub fn unsealed(component_hash: &str, file: &[u8]) -> Option<Self> {
        let (seal, code) = file.split_at_checked(blake3::OUT_LEN)?;
        (digest(component_hash, code) == *seal).then(|| Self(code.to_vec()))
    }

    pub(super) fn load(&self, engine: &Engine) -> Result<Component, String> {
        // SAFETY: the bytes are what a child of this program made, whole: they come from its pipe or from a sealed file in a
        // folder that only this user can write. The engine looks up version and settings itself.
        unsafe { Component::deserialize(engine, &self.0) }.map_err(|error| format!("it can't be loaded: {error:#}"))
    }
}

/// What begins differently from a component: WebAssembly begins with its name, a version and a layer.
fn what_else(component: &[u8]) -> Option<&'static str> {
    match component.strip_prefix(b"\0asm") {
        None => Some("no WebAssembly"),
        Some([_, _, 0, 0, ..]) => Some("a core module of WebAssembly"),
        Some(_) => None,
    }
}

fn digest(component_hash: &str, code: &[u8]) -> [u8; blake3::OUT_LEN] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(component_hash.as_bytes()).update(b"\0").update(code);
    *hasher.finalize().as_bytes()
}

/// Is the compiler, when this process was started as one.
pub fn child() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != CHILD {
        return None;
    }
    let mut number = || arguments.next()?.to_str()?.parse().ok();
    let most = Compiling { memory_bytes: number()?, cpu_seconds: number()? };
    Some(match compile(most) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Refused::Component(why)) => {
            writeln!(io::stderr(), "{why}").ok();
            ExitCode::FAILURE
        }
        // As if the system had ended it.
        Err(Refused::Memory) => ExitCode::from(2),
    })
}

/// What the child comes to.
enum Refused {
    Memory,
    Component(String),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::OutOfMemory { Self::Memory } else { Self::Component(error.to_string()) }
    }
}

impl From<wasmtime::Error> for Refused {
    fn from(error: wasmtime::Error) -> Self {
        if error.is::<OutOfMemory>() {
            return Self::Memory;
        }
        let text = format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ");
        Self::Component(text.chars().take(limits::PLUGIN_LOG_BYTES_MAX).collect())
    }
}

fn compile(most: Compiling) -> Result<(), Refused> {
    for (resource, most) in [
        (Resource::As, most.memory_bytes),
        (Resource::Cpu, most.cpu_seconds),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).map_err(io::Error::from)?;
    }
    let mut component = Vec::new();
    let most = limits::PLUGIN_FILE_BYTES_MAX as u64;
    io::stdin().take(most + 1).read_to_end(&mut component)?;
    if component.len() as u64 > most {
        return Err(Refused::Component(format!("it has more than {} MiB", most >> 20)));
    }
    let code = Engine::new(&sandbox::config())?.precompile_component(&component)?;
    io::stdout().write_all(&code)?;
    Ok(io::stdout().flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_told_from_its_first_bytes() {
        let check = |bytes: &[u8], other| assert_eq!(what_else(bytes), other, "{bytes:?}");
        check(b"", Some("no WebAssembly"));
        check(b"(component)", Some("no WebAssembly"));
        check(b"\0asm\x01\0\0\0", Some("a core module of WebAssembly"));
        check(b"\0asm\x0d\0\x01\0", None);
    }

    #[test]
    fn a_file_that_was_changed_is_not_loaded() {
        let file = Compiled(b"code".to_vec()).sealed("a");
        assert!(Compiled::unsealed("a", &file).is_some());
        assert!(Compiled::unsealed("b", &file).is_none());
        assert!(Compiled::unsealed("a", &file[..file.len() - 1]).is_none());
        assert!(Compiled::unsealed("a", b"short").is_none());
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(Compiled::unsealed("a", &changed).is_none(), "{at}");
        }
    }
}
