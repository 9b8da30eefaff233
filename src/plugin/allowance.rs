//! What one call of a plugin may take, of what is counted while it runs. Memory, stack and answers have limits of their own.

use std::time::Duration;

use crate::base::limits;

/// See the module. Whatever is reached first ends the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Instructions, roughly: the same call ends at the same place everywhere.
    pub fuel: u64,
    /// By the real clock.
    pub time: Duration,
    /// Calls of the host, which cost no fuel.
    pub host_calls: u32,
}

impl Default for Allowance {
    fn default() -> Self {
        Self { fuel: limits::PLUGIN_FUEL, time: limits::PLUGIN_TIME_MAX, host_calls: limits::PLUGIN_HOST_CALLS_MAX }
    }
}

impl Allowance {
    /// The same, but no more time than whoever asks has left.
    pub fn within(self, left: Duration) -> Self {
        Self { time: self.time.min(left), ..self }
    }
}
