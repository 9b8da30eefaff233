//! The integration tests: one binary, one list of trials.
//!
//! How many lives the simulation lives, and how one of them is lived again, is in the head of [`simulation`].
//!
//! What can't run here (no corpus, no server) is listed as ignored with its reason in its name, never left out.

mod assignment;
mod child;
mod corpus;
mod delivery;
mod durability;
mod fields;
mod erasure;
mod floor;
mod fuzz;
mod guests;
mod hostile;
mod import;
mod internet;
mod kill;
mod loops;
mod mistakes;
mod pattern;
mod peers;
mod player;
mod plugins;
mod promises;
mod puppet;
mod replay;
mod rotation;
mod scenarios;
mod script;
mod simulation;
mod smtp;
mod span;
mod subject;
mod swap;
mod tidy;
mod twins;
mod unit;
mod world;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

/// How stories get their server; without it they, and what needs the whole binary, are listed as ignored.
const SERVER: Option<subject::Start> = Some(world::start);

fn main() -> ExitCode {
    // Servers of stories compile plugins in a child of this process.
    if let Some(compiled) = postcase::plugin::child() {
        return compiled;
    }
    let mut arguments = Arguments::from_args();
    let units = [
        ("pattern", pattern::units()),
        ("script", script::units()),
        ("span", span::units()),
        ("internet", internet::units()),
        ("player", player::units()),
        ("puppet", puppet::units()),
        ("scenarios", scenarios::units()),
        ("tidy", tidy::units()),
        ("corpus", corpus::units()),
        ("simulation", simulation::units()),
    ];
    let units =
        units.into_iter().flat_map(|(module, units)| units.into_iter().map(move |unit| unit.into_trial(module)));
    let mut trials: Vec<Trial> = units.collect();
    trials.extend(tidy::trials());
    trials.extend(scenarios::trials(SERVER));
    trials.extend(simulation::trials(SERVER.is_some(), arguments.filter.as_deref()));
    trials.extend(fuzz::trials());
    trials.extend(kill::trials(SERVER.is_some()));
    trials.extend(delivery::trials(SERVER.is_some()));
    trials.extend(loops::trials(SERVER.is_some()));
    trials.extend(replay::trials(SERVER.is_some()));
    trials.extend(assignment::trials());
    trials.extend(rotation::trials(SERVER.is_some()));
    trials.extend(durability::trials(SERVER.is_some()));
    trials.extend(plugins::trials());
    trials.extend(hostile::trials(SERVER.is_some()));
    trials.extend(twins::trials());
    trials.extend(swap::trials(SERVER.is_some()));
    trials.extend(mistakes::trials());
    trials.extend(peers::trials());
    trials.extend(fields::trials());
    trials.extend(corpus::trials(SERVER.is_some()));
    trials.extend(erasure::trials(SERVER.is_some()));
    trials.extend(import::trials(SERVER.is_some()));
    // One at a time unless asked otherwise: each trial is a whole server with its peers, and all cores are its own.
    arguments.test_threads.get_or_insert(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}
