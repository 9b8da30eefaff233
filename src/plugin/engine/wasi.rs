//! The system as plugins see it: next to nothing.
//!
//! The standard libraries of guests import WASI 0.2 whether they need it or not. The clock stands at the time of receipt,
//! randomness comes from the mail's id, the environment is empty; so the same mail gets the same advice at any time. Whatever
//! else is called, such as files, network and standard output, ends the call.

use wasmtime::component::{Component, ComponentType, Lift, Linker, LinkerInstance, Lower};
use wasmtime::{Result, StoreContextMut};

use super::call::State;
use super::contract::{PACKAGE, VERSION};
use crate::base::limits;

/// `wasi:clocks/wall-clock.datetime`
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

/// Links what this component imports of WASI.
///
/// # Errors
/// It imports something else that isn't ours.
pub(super) fn link(linker: &mut Linker<State>, component: &Component) -> Result<(), String> {
    let kind = component.component_type();
    for (name, _) in kind.imports(component.engine()) {
        let (interface, version) = name.split_once('@').unwrap_or((name, ""));
        if interface.starts_with("wasi:") {
            let mut instance = linker.instance(name).map_err(|error| format!("{error:#}"))?;
            define(&mut instance, interface).map_err(|error| format!("{name}: {error:#}"))?;
        } else if interface.split('/').next() != Some(PACKAGE) {
            return Err(format!("it wants {name}, which postcase doesn't have"));
        } else if version != VERSION {
            return Err(format!(
                "it is made for version {version} of {PACKAGE}, this is {VERSION}; build it with plugins/wit of this postcase"
            ));
        }
    }
    linker.define_unknown_imports_as_traps(component).map_err(|error| format!("{error:#}"))
}

fn define(instance: &mut LinkerInstance<'_, State>, interface: &str) -> Result<()> {
    match interface {
        "wasi:clocks/wall-clock" => instance.func_wrap("now", |store, (): ()| Ok((now(&store),))),
        "wasi:clocks/monotonic-clock" => {
            instance.func_wrap("now", |_: StoreContextMut<'_, State>, (): ()| Ok((0_u64,)))
        }
        "wasi:cli/environment" => {
            let none = |_: StoreContextMut<'_, State>, (): ()| Ok((Vec::<(String, String)>::new(),));
            instance.func_wrap("get-environment", none)?;
            instance.func_wrap("get-arguments", |_: StoreContextMut<'_, State>, (): ()| Ok((Vec::<String>::new(),)))?;
            instance.func_wrap("initial-cwd", |_: StoreContextMut<'_, State>, (): ()| Ok((None::<String>,)))
        }
        "wasi:random/random" => {
            instance.func_wrap("get-random-bytes", bytes)?;
            instance.func_wrap("get-random-u64", number)
        }
        "wasi:random/insecure" => {
            instance.func_wrap("get-insecure-random-bytes", bytes)?;
            instance.func_wrap("get-insecure-random-u64", number)
        }
        "wasi:random/insecure-seed" => instance.func_wrap("insecure-seed", |mut store, (): ()| {
            let state: &mut State = StoreContextMut::data_mut(&mut store);
            Ok(((state.chance(), state.chance()),))
        }),
        _ => Ok(()),
    }
}

fn now(store: &StoreContextMut<'_, State>) -> Datetime {
    Datetime { seconds: store.data().at_seconds, nanoseconds: 0 }
}

fn number(mut store: StoreContextMut<'_, State>, (): ()) -> Result<(u64,)> {
    Ok((store.data_mut().chance(),))
}

fn bytes(mut store: StoreContextMut<'_, State>, (len,): (u64,)) -> Result<(Vec<u8>,)> {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > limits::PLUGIN_OUTPUT_BYTES_MAX {
        wasmtime::bail!("it asked for {len} random bytes");
    }
    let mut bytes = vec![0; len];
    store.data_mut().fill(&mut bytes);
    Ok((bytes,))
}
