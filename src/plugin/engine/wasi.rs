//! The system as plugins see it: next to nothing.
//!
//! The standard libraries of guests import WASI 0.2 whether they need it or not. The clock stands at the time of receipt,
//! randomness comes from the mail's id, the environment is empty; so the same mail gets the same advice at any time. Whatever
//! else is called, such as files, network and standard output, ends the call.

use wasmtime::component::{Component, ComponentNamedList, ComponentType, Lift, Linker, LinkerInstance, Lower};
use wasmtime::{Result, StoreContextMut};

use super::contract::{PACKAGE, VERSION};
use super::instance::State;
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
        "wasi:clocks/wall-clock" => {
            answer(instance, "now", |state| Datetime { seconds: state.at_seconds, nanoseconds: 0 })
        }
        "wasi:clocks/monotonic-clock" => answer(instance, "now", |_| 0_u64),
        "wasi:cli/environment" => {
            answer(instance, "get-environment", |_| Vec::<(String, String)>::new())?;
            answer(instance, "get-arguments", |_| Vec::<String>::new())?;
            answer(instance, "initial-cwd", |_| None::<String>)
        }
        "wasi:random/random" => {
            instance.func_wrap("get-random-bytes", bytes)?;
            answer(instance, "get-random-u64", State::chance)
        }
        "wasi:random/insecure" => {
            instance.func_wrap("get-insecure-random-bytes", bytes)?;
            answer(instance, "get-insecure-random-u64", State::chance)
        }
        "wasi:random/insecure-seed" => answer(instance, "insecure-seed", |state| (state.chance(), state.chance())),
        _ => Ok(()),
    }
}

/// A function without arguments.
fn answer<T>(
    instance: &mut LinkerInstance<'_, State>,
    name: &str,
    value: impl Fn(&mut State) -> T + Send + Sync + 'static,
) -> Result<()>
where
    (T,): ComponentNamedList + Lower + Send + Sync + 'static,
{
    instance.func_wrap(name, move |mut store: StoreContextMut<'_, State>, (): ()| {
        let state = store.data_mut();
        state.called()?;
        Ok((value(state),))
    })
}

fn bytes(mut store: StoreContextMut<'_, State>, (len,): (u64,)) -> Result<(Vec<u8>,)> {
    store.data_mut().called()?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > limits::PLUGIN_OUTPUT_BYTES_MAX {
        wasmtime::bail!("it asked for {len} random bytes");
    }
    let mut bytes = vec![0; len];
    store.data_mut().fill(&mut bytes);
    Ok((bytes,))
}
