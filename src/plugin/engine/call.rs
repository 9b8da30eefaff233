//! One call of one plugin: a fresh instance, its limits, and what came of it.
//!
//! A call blocks its thread, for at most the time of its [`Allowance`] and a tick: a guest that computes looks at the real clock
//! with each tick, and whenever it calls the host. Whatever a guest does, the call ends with advice or with a [`Failure`]; nothing
//! of the instance is left. What isn't bounded here: the time that the host takes to copy the facts in, which have a size of
//! their own ([`Brief`](crate::case::Brief)).

use std::sync::Arc;
use std::time::Instant;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder, Trap, UpdateDeadline};

use super::compile::Compiled;
use super::contract::{self, Plugin, PluginPre, host};
use super::sandbox::{Sandbox, Ticker};
use super::{facts, wasi};
use crate::base::{Time, limits};
use crate::plugin::{Allowance, Description, Failure, Line, Memory, Question, Stage, Told};

/// A component that is ready to be called, from several threads at a time.
pub struct Guest {
    engine: Engine,
    ticker: Arc<Ticker>,
    allowance: Allowance,
    pre: PluginPre<State>,
    memory_mib: u32,
}

/// What one instance may have and has said.
pub(super) struct State {
    limits: Growth,
    allowance: Allowance,
    began: Instant,
    host_calls: u32,
    pub(super) at_seconds: u64,
    chance: blake3::OutputReader,
    /// As it was before the call.
    state: Vec<u8>,
    memory: Memory,
    log: Vec<Line>,
}

/// Limits that remember that they were hit.
struct Growth {
    limits: StoreLimits,
    /// All memories together.
    memory_bytes: usize,
    memory_mib_max: u32,
    refused: bool,
}

impl Guest {
    /// # Errors
    /// What it imports or exports isn't the contract; one line for an administrator.
    pub fn load(sandbox: &Sandbox, compiled: &Compiled, memory_mib: u32) -> Result<Self, String> {
        let pre = linked(&compiled.load(&sandbox.engine)?)?;
        let Sandbox { engine, ticker, allowance } = sandbox;
        Ok(Self { engine: engine.clone(), ticker: ticker.clone(), allowance: *allowance, pre, memory_mib })
    }

    /// What a call may have.
    pub fn memory_mib(&self) -> u32 {
        self.memory_mib
    }

    /// What the plugin says of itself.
    pub fn describe(&self) -> Told<Description> {
        let state = State::new((self.allowance, self.memory_mib), (Time::UNIX_EPOCH, b"describe"), Vec::new());
        let told = self.call(state, |plugin, store| plugin.call_describe(store).map(Ok));
        told.and_then(|description| Ok(description.into()))
    }

    /// Its advice at one stage.
    pub fn advise(&self, stage: Stage, question: &Question<'_>) -> Told {
        let Question { at, seed, patience, state, .. } = *question;
        let facts = facts::of(question);
        let state = State::new((self.allowance.within(patience), self.memory_mib), (at, seed), state.to_vec());
        let told = self.call(state, |plugin, store| plugin.call_advise(store, stage.into(), &facts));
        told.and_then(|answer| contract::read(answer).map_err(Failure::Answer))
    }

    fn call<T>(
        &self,
        state: State,
        export: impl FnOnce(&Plugin, &mut Store<State>) -> wasmtime::Result<Result<T, String>>,
    ) -> Told<T> {
        let (began, most) = (state.began, state.allowance.fuel);
        let _running = self.ticker.call();
        let mut store = self.store(state);
        let called = self.pre.instantiate(&mut store).and_then(|plugin| export(&plugin, &mut store));
        let answer = match called {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(said)) => Err(Failure::Error(cut(&said))),
            Err(error) => Err(failure(&error, store.data())),
        };
        let fuel = most - store.get_fuel().unwrap_or(0);
        let State { log, memory, .. } = store.into_data();
        Told { answer, log, memory, fuel, took: began.elapsed() }
    }

    fn store(&self, state: State) -> Store<State> {
        let fuel = state.allowance.fuel;
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limits);
        store.set_fuel(fuel).expect("the engine counts fuel");
        store.set_hostcall_fuel(limits::PLUGIN_TRANSFER_BYTES_MAX);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| match store.data().is_late() {
            true => Ok(UpdateDeadline::Interrupt),
            false => Ok(UpdateDeadline::Continue(1)),
        });
        store
    }
}

impl<T> Told<T> {
    /// The same with the answer read further.
    fn and_then<U>(self, read: impl FnOnce(T) -> Result<U, Failure>) -> Told<U> {
        let Self { answer, log, memory, fuel, took } = self;
        Told { answer: answer.and_then(read), log, memory, fuel, took }
    }
}

fn linked(component: &Component) -> Result<PluginPre<State>, String> {
    let mut linker = Linker::new(component.engine());
    let told = |error: wasmtime::Error| {
        let version = contract::VERSION;
        format!("it is no plugin for {}@{version}: {}", contract::PACKAGE, first_line(&error))
    };
    Plugin::add_to_linker::<_, HasSelf<State>>(&mut linker, |state| state).map_err(told)?;
    wasi::link(&mut linker, component)?;
    PluginPre::new(linker.instantiate_pre(component).map_err(told)?).map_err(told)
}

fn failure(error: &wasmtime::Error, state: &State) -> Failure {
    if state.limits.refused {
        return Failure::Memory(state.limits.memory_mib_max);
    }
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.clone();
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Failure::Fuel(state.allowance.fuel),
        Some(Trap::Interrupt) => Failure::Time(state.allowance.time),
        Some(Trap::StackOverflow) => Failure::Stack,
        // A panic is an `unreachable` behind a line of the log.
        Some(trap) => match state.log.iter().rev().find(|line| line.level == "error") {
            Some(line) => Failure::Trap(line.text.clone()),
            None => Failure::Trap(trap.to_string()),
        },
        None => Failure::Trap(cut(&format!("{}", error.root_cause()))),
    }
}

fn first_line(error: &wasmtime::Error) -> String {
    cut(format!("{error:#}").lines().next().unwrap_or_default())
}

/// One line of a length that can be logged; however long the text is, no more of it is looked at.
fn cut(text: &str) -> String {
    let start = &text[..text.floor_char_boundary(limits::PLUGIN_LOG_BYTES_MAX)];
    let line: String = start.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

impl State {
    fn new((allowance, memory_mib_max): (Allowance, u32), (at, seed): (Time, &[u8]), state: Vec<u8>) -> Self {
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
            began: Instant::now(),
            host_calls: 0,
            at_seconds: u64::try_from(at.as_second()).unwrap_or(0),
            chance: hasher.finalize_xof(),
            state,
            memory: Memory::default(),
            log: Vec::new(),
        }
    }

    fn is_late(&self) -> bool {
        self.began.elapsed() >= self.allowance.time
    }

    /// The guest calls the host, where fuel isn't counted and no tick is seen.
    pub(super) fn called(&mut self) -> wasmtime::Result<()> {
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

    pub(super) fn chance(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.chance.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) {
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
