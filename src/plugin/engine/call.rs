//! One call of one plugin: a fresh instance, its limits, and what came of it.
//!
//! A call takes at most the time of its [`Allowance`] and a tick of its thread's processor: a guest that computes looks at that
//! clock with each tick, and whenever it calls the host. Whatever a guest does, the call ends with advice or with a [`Failure`]; nothing
//! of the instance is left. What isn't bounded here: the time that the host takes to copy the facts in, which have a size of
//! their own ([`Brief`](crate::case::Brief)).

use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Engine, Store, Trap, UpdateDeadline};

use super::compile::Compiled;
use super::contract::{self, Plugin, PluginPre};
use super::instance::{State, cut};
use super::sandbox::{Sandbox, Ticker};
use super::{facts, wasi};
use crate::base::{Time, limits};
use crate::plugin::{Allowance, Description, Failure, Question, Stage, Told};

/// A component that is ready to be called, from several threads at a time.
pub struct Guest {
    engine: Engine,
    ticker: Arc<Ticker>,
    allowance: Allowance,
    pre: PluginPre<State>,
    memory_mib: u32,
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
        let most = state.allowance.fuel;
        let _running = self.ticker.call();
        let mut store = self.store(state);
        let called = self.pre.instantiate(&mut store).and_then(|plugin| export(&plugin, &mut store));
        let answer = match called {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(said)) => Err(Failure::Error(cut(&said))),
            Err(error) => Err(failure(&error, store.data())),
        };
        let fuel = most - store.get_fuel().unwrap_or(0);
        let took = store.data().took();
        let State { log, memory, .. } = store.into_data();
        Told { answer, log, memory, fuel, took }
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
