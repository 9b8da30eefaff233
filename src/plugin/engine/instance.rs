//! What one instance of a plugin may have: its limits, the calls of the host that it can make, its chance, and what it has said.
//!
//! Each call of the host counts and looks at the clock, because fuel sees neither. The clock is that of the processor: a guest
//! can't wait for anything, and what it doesn't get on a busy machine isn't its fault.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use wasmtime::{StoreLimits, StoreLimitsBuilder};

use super::contract::{self, host};
use crate::base::{Time, limits};
use crate::plugin::{Allowance, Failure, Line, Memory};

/// What one instance may have and has said.
pub(super) struct State {
    pub limits: Growth,
    pub allowance: Allowance,
    /// By [`processor_time`] of the thread that it was made on, which is the one that calls.
    began: Duration,
    host_calls: u32,
    pub at_seconds: u64,
    chance: blake3::OutputReader,
    /// As it was before the call.
    state: Vec<u8>,
    pub memory: Memory,
    pub log: Vec<Line>,
}

/// Limits that remember that they were hit.
pub(super) struct Growth {
    limits: StoreLimits,
    /// All memories together.
    memory_bytes: usize,
    pub memory_mib_max: u32,
    pub refused: bool,
}

impl State {
    pub fn new((allowance, memory_mib_max): (Allowance, u32), (at, seed): (Time, &[u8]), state: Vec<u8>) -> Self {
        let limits = StoreLimitsBuilder::new()
            .table_elements(limits::PLUGIN_TABLE_ENTRIES_MAX)
            .instances(limits::PLUGIN_PARTS_MAX)
            .tables(limits::PLUGIN_PARTS_MAX)
            .memories(limits::PLUGIN_PARTS_MAX)
            .build();
        let mut hasher = blake3::Hasher::new();
        hasher.update(seed);
        Self {
            limits: Growth { limits, memory_bytes: 0, memory_mib_max, refused: false },
            allowance,
            began: processor_time(),
            host_calls: 0,
            at_seconds: u64::try_from(at.as_second()).unwrap_or(0),
            chance: hasher.finalize_xof(),
            state,
            memory: Memory::default(),
            log: Vec::new(),
        }
    }

    pub fn took(&self) -> Duration {
        processor_time().saturating_sub(self.began)
    }

    pub fn is_late(&self) -> bool {
        self.took() >= self.allowance.time
    }

    /// The guest calls the host, where fuel isn't counted and no tick is seen.
    pub fn called(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        let Allowance { time, host_calls, .. } = self.allowance;
        if self.host_calls > host_calls {
            return Err(wasmtime::Error::new(Failure::HostCalls(host_calls)));
        }
        if self.is_late() {
            return Err(wasmtime::Error::new(Failure::Time(time)));
        }
        Ok(())
    }

    pub fn chance(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.chance.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.chance.fill(bytes);
    }
}

impl host::Host for State {
    fn log(&mut self, level: host::Level, text: String) -> wasmtime::Result<()> {
        self.called()?;
        let level = match level {
            host::Level::Debug => "debug",
            host::Level::Info => "info",
            host::Level::Warn => "warn",
            host::Level::Error => "error",
        };
        // The last line is the one that tells why it ended.
        self.log.truncate(limits::PLUGIN_LOG_LINES_MAX - 1);
        self.log.push(Line { level, text: cut(&text) });
        Ok(())
    }

    fn get_state(&mut self) -> wasmtime::Result<Vec<u8>> {
        self.called()?;
        self.memory.read = true;
        Ok(self.memory.kept.as_ref().unwrap_or(&self.state).clone())
    }

    fn set_state(&mut self, state: Vec<u8>) -> wasmtime::Result<()> {
        self.called()?;
        if state.len() > limits::PLUGIN_STATE_BYTES_MAX {
            return Err(wasmtime::Error::new(Failure::State(state.len())));
        }
        self.memory.kept = Some(state);
        Ok(())
    }
}

impl contract::types::Host for State {}

impl wasmtime::ResourceLimiter for Growth {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let bytes = self.memory_bytes - current + desired;
        let allowed =
            bytes <= (self.memory_mib_max as usize) << 20 && self.limits.memory_growing(current, desired, maximum)?;
        self.refused |= !allowed;
        if allowed {
            self.memory_bytes = bytes;
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = self.limits.table_growing(current, desired, maximum)?;
        self.refused |= !allowed;
        Ok(allowed)
    }

    fn instances(&self) -> usize {
        self.limits.instances()
    }

    fn tables(&self) -> usize {
        self.limits.tables()
    }

    fn memories(&self) -> usize {
        self.limits.memories()
    }
}

/// How long this thread has computed.
fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// One line of a length that can be logged; however long the text is, no more of it is looked at.
pub(super) fn cut(text: &str) -> String {
    let start = &text[..text.floor_char_boundary(limits::PLUGIN_LOG_BYTES_MAX)];
    let line: String = start.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}
