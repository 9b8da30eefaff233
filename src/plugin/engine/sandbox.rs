//! The engine that all plugins run in, with its limits, and the clock that ends calls which take too long.
//!
//! Fuel decides when a call has done too much, so that the same call ends the same way everywhere; the clock is the safety
//! net for what costs no fuel. A tick only makes a guest that computes look at its processor time, so that a tick which comes late,
//! or not at the right length, shortens or lengthens no call by more than itself. It ticks only while calls run.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use wasmtime::{Config, Engine, EngineWeak};

use crate::base::limits;
use crate::plugin::{Allowance, Compiling};

/// One for each server.
pub struct Sandbox {
    pub(super) engine: Engine,
    pub(super) ticker: Arc<Ticker>,
    pub(super) allowance: Allowance,
}

/// Calls under way, and whoever waits for the first of them.
#[derive(Default)]
pub(super) struct Ticker {
    calls: Mutex<Calls>,
    changed: Condvar,
}

#[derive(Default)]
struct Calls {
    running: usize,
    ended: bool,
}

/// While this lives, time passes for calls.
pub(super) struct Running(Arc<Ticker>);

impl Sandbox {
    /// Where a call may take this.
    ///
    /// # Errors
    /// When this machine can't run WebAssembly.
    pub fn new(allowance: Allowance) -> Result<Self, String> {
        let engine = Engine::new(&config()).map_err(|error| format!("plugins can't run here: {error:#}"))?;
        let ticker = Arc::<Ticker>::default();
        let (ticks, weak) = (ticker.clone(), engine.weak());
        let thread = thread::Builder::new().name("plugin-clock".into());
        thread.spawn(move || ticks.run(&weak)).map_err(|error| format!("no thread can be started: {error}"))?;
        Ok(Self { engine, ticker, allowance })
    }

    /// What compiling for it may take.
    pub fn compiling(&self) -> Compiling {
        self.allowance.compiling
    }
}

/// The same in the compiler's process and in the server's, or nothing that is compiled could be loaded.
pub(super) fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .max_wasm_stack(limits::PLUGIN_STACK_BYTES_MAX)
        // Numbers are the same bits everywhere, so that a replay is exact.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true);
    config
}

impl Ticker {
    /// A call begins; it ends when this is dropped.
    pub(super) fn call(self: &Arc<Self>) -> Running {
        self.change(|calls| calls.running += 1);
        Running(self.clone())
    }

    fn change(&self, change: impl FnOnce(&mut Calls)) {
        change(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn run(&self, engine: &EngineWeak) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            calls = self
                .changed
                .wait_while(calls, |calls| calls.running == 0 && !calls.ended)
                .unwrap_or_else(PoisonError::into_inner);
            if calls.ended {
                return;
            }
            drop(calls);
            thread::sleep(limits::PLUGIN_TICK);
            let Some(engine) = engine.upgrade() else { return };
            engine.increment_epoch();
            calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.change(|calls| calls.running -= 1);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.ticker.change(|calls| calls.ended = true);
    }
}
