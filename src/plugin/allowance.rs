//! What compiling a plugin and what one call of it may take. Memory, stack and answers of a call have limits of their own.

use std::time::Duration;

use crate::base::limits;

/// See the module. Whatever is reached first ends the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Instructions, roughly: the same call ends at the same place everywhere.
    pub fuel: u64,
    /// Of a processor.
    pub time: Duration,
    /// Calls of the host, which cost no fuel.
    pub host_calls: u32,
    pub compiling: Compiling,
}

/// What the process may take that compiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compiling {
    pub memory_bytes: u64,
    pub cpu_seconds: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        let (fuel, time, host_calls) = (limits::PLUGIN_FUEL, limits::PLUGIN_TIME_MAX, limits::PLUGIN_HOST_CALLS_MAX);
        let memory_bytes = limits::PLUGIN_COMPILE_MEMORY_BYTES_MAX;
        let compiling = Compiling { memory_bytes, cpu_seconds: limits::PLUGIN_COMPILE_CPU_SECONDS_MAX };
        Self { fuel, time, host_calls, compiling }
    }
}

impl Allowance {
    /// The same, but no more time than whoever asks has left.
    pub fn within(self, left: Duration) -> Self {
        Self { time: self.time.min(left), ..self }
    }
}
