//! Plugins against the host: the examples advise as their vectors say, and a guest that misbehaves is stopped within its
//! limits without harm to the process that runs it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use postcase::base::Time;
use postcase::base::limits::PLUGIN_MEMORY_MIB;
use postcase::case::{Brief, Draft};
use postcase::intake::saved_fields;
use postcase::message;
use postcase::plugin::{Allowance, Catalogue, Compiling, Question, Ready, Stage, Told, check_vectors, settings};
use serde_json::json;
use tempfile::TempDir;

use crate::guests;

/// Where the clock of guests stands.
const NOW: &str = "2026-11-20T10:00:00Z";
/// What hostile guests together may cost the host.
const GROWTH_MAX: usize = 64 << 20;
/// A call has 100 ms; a busy machine may give it late.
const CALL_MAX: Duration = Duration::from_secs(1);

pub fn trials() -> Vec<Trial> {
    let trial = |name: &str, run: fn() -> Result<(), Failed>| match guests::missing() {
        None => Trial::test(format!("plugins: {name}"), run),
        Some(why) => Trial::test(format!("plugins: {name} ({why})"), || Ok(())).with_ignored_flag(true),
    };
    vec![
        trial("the examples advise as their vectors say", the_examples_advise),
        trial("hostile guests are stopped within their limits", hostile_guests_are_stopped),
        trial("whatever a call may take ends it, and nothing else", what_is_allowed_ends_it),
        trial("the time of a call is its own, however many there are", time_is_its_own),
        trial("compiling ends at its limits", compiling_ends),
        trial("a guest sees nothing of the machine", a_guest_sees_nothing),
        trial("what is no plugin is refused before it runs", no_plugins_are_refused),
    ]
}

/// Where plugins are compiled.
pub struct Place {
    pub catalogue: Arc<Catalogue>,
    _folder: Option<TempDir>,
}

impl Place {
    pub fn new() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let catalogue = Catalogue::new(folder.path().join("plugins"));
        Ok(Self { catalogue: Arc::new(catalogue), _folder: Some(folder) })
    }

    /// One that remembers from run to run what it has compiled.
    pub fn lasting(folder: PathBuf) -> Self {
        Self { catalogue: Arc::new(Catalogue::new(folder)), _folder: None }
    }

    pub fn prepare(&self, component: &[u8]) -> Result<Ready, String> {
        self.prepare_with(component, PLUGIN_MEMORY_MIB)
    }

    pub fn prepare_with(&self, component: &[u8], memory_mib: u32) -> Result<Ready, String> {
        self.catalogue.prepare(blake3::hash(component).to_hex().as_str(), component, memory_mib)
    }
}

/// What a plugin is told of a raw message.
pub fn read(raw: &[u8]) -> Brief {
    Brief::of(message::read(raw), saved_fields(raw), None, None)
}

/// What the plugin says about a message with this subject.
fn told(fixture: &Ready, subject: &str, seed: &str, settings: &BTreeMap<String, String>) -> Told {
    let raw = format!("From: A <a@customer.example>\r\nSubject: {subject}\r\n\r\nIt stands still.\r\n");
    let (brief, draft) = (read(raw.as_bytes()), Draft::default());
    let at = NOW.parse().expect("it is a time");
    let (seed, patience) = (seed.as_bytes(), Duration::MAX);
    let question = Question { brief: &brief, draft: &draft, settings, state: &[], at, seed, patience };
    fixture.guest.advise(Stage::Route, &question)
}

fn the_examples_advise() -> Result<(), Failed> {
    let place = Place::new()?;
    for (name, vectors) in [("skills_by_language", 4), ("vip_domains", 3)] {
        let ready = place.prepare(&guests::component(name)?)?;
        if ready.description.vectors.len() != vectors {
            return Err(format!("{name} brings {} vectors", ready.description.vectors.len()).into());
        }
        check_vectors(&ready.guest, &ready.description, read).map_err(|mismatch| format!("{name}: {mismatch}"))?;
        let mut wrong = ready.description.clone();
        wrong.vectors[0].expected = r#"{"stage":"classify","advice":[{"tag":"other"}]}"#.into();
        if check_vectors(&ready.guest, &wrong, read).is_ok() {
            return Err("a vector that doesn't come out passes".into());
        }
    }
    Ok(())
}

fn hostile_guests_are_stopped() -> Result<(), Failed> {
    let fixture = Place::new()?.prepare(&guests::component("fixture")?)?;
    let before = resident()?;
    for (subject, expected) in [
        ("loop forever", &["more than 50 million instructions", "longer than 100 ms"][..]),
        ("grow", &["more than 32 MiB of memory"]),
        ("recurse", &["its stack grew beyond", "out of bounds", "unreachable"]),
        ("panic", &["as the subject says"]),
        ("error", &["it says: as the subject says"]),
        ("one gigabyte", &["more than 32 MiB of memory"]),
        ("flood", &["its advice has"]),
        ("many", &["pieces of advice", "fuel", "memory", "longer than 100 ms", "instructions"]),
        ("not utf-8", &["utf-8", "UTF-8"]),
        ("log", &["it called the host more than 1000 times", "longer than 100 ms"]),
        ("call the host", &["it called the host more than 1000 times", "longer than 100 ms"]),
        ("keep too much", &["it wanted to keep 65537 bytes; 65536 are possible"]),
    ] {
        let began = Instant::now();
        let told = told(&fixture, subject, "1", &BTreeMap::new());
        let failure = told.answer.err().ok_or_else(|| format!("{subject}: it was answered"))?.to_string();
        if !expected.iter().any(|expected| failure.contains(expected)) {
            return Err(format!("{subject}: {failure}").into());
        }
        if began.elapsed() > CALL_MAX || told.log.len() > 16 {
            return Err(format!("{subject}: {:?}, {} lines", began.elapsed(), told.log.len()).into());
        }
    }
    let grown = resident()?.saturating_sub(before);
    if grown > GROWTH_MAX {
        return Err(format!("the host grew by {} MiB", grown >> 20).into());
    }
    // It goes on working, and nothing is remembered.
    for _ in 0..2 {
        let told = told(&fixture, "remember", "1", &BTreeMap::new());
        if json!(told.answer.map_err(|failure| failure.to_string())?)[0]["note"] != "0" {
            return Err("an instance was used twice".into());
        }
    }
    Ok(())
}

/// Each limit alone: where the others are out of reach it is the one that ends the call, however busy the machine is.
fn what_is_allowed_ends_it() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let component = guests::component("fixture")?;
    let (fuel, time, host_calls) = (1 << 60, Duration::from_secs(3600), u32::MAX);
    let endless = Allowance { fuel, time, host_calls, ..Allowance::default() };
    let short = Allowance { time: Duration::from_millis(50), ..endless };
    for (subject, allowance, expected) in [
        ("loop forever", short, "it took longer than 50 ms"),
        ("call the host", short, "it took longer than 50 ms"),
        ("loop forever", Allowance { fuel: 10_000_000, ..endless }, "it did more than 10 million instructions"),
        ("call the host", Allowance { fuel: 1_000_000, ..endless }, "it did more than 1 million instructions"),
        ("call the host", Allowance { host_calls: 9, ..endless }, "it called the host more than 9 times"),
    ] {
        // The machine code is found by those that come later.
        let catalogue = Catalogue::with(folder.path().join("plugins"), allowance);
        let ready = catalogue.prepare(blake3::hash(&component).to_hex().as_str(), &component, PLUGIN_MEMORY_MIB)?;
        let failure = told(&ready, subject, "1", &BTreeMap::new()).answer.err().ok_or("it was answered")?;
        assert_eq!(failure.to_string(), expected, "{subject}, {allowance:?}");
    }
    Ok(())
}

/// Many calls at once, each of which would take longer than it may if the time counted that others have the processors.
fn time_is_its_own() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let component = guests::component("fixture")?;
    let prepared = |time| {
        let catalogue = Catalogue::with(folder.path().join("plugins"), Allowance { time, ..Allowance::default() });
        catalogue.prepare(blake3::hash(&component).to_hex().as_str(), &component, PLUGIN_MEMORY_MIB)
    };
    let took = told(&prepared(CALL_MAX)?, "work", "1", &BTreeMap::new()).took;
    // What a call has of the processor differs a little; what it waits for it is eight times as much on four of them.
    let ready = prepared(took * 4)?;
    std::thread::scope(|threads| {
        let call = || told(&ready, "work", "1", &BTreeMap::new()).answer;
        let calls: Vec<_> = (0..32).map(|_| threads.spawn(call)).collect();
        for call in calls {
            call.join().map_err(|_| "a call panicked")?.map_err(|failure| failure.to_string())?;
        }
        Ok(())
    })
}

/// A component that takes long: one module with functions that compute at length.
fn large_component() -> Vec<u8> {
    fn sized(id: u8, content: &[u8]) -> Vec<u8> {
        [&[id], leb(content.len()).as_slice(), content].concat()
    }
    fn leb(mut number: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }
    const FUNCTIONS: usize = 350;
    // local.get 0, local.get 0, f64.mul, local.set 0: what isn't a number is made the same everywhere, which is much to compile.
    let steps = [0x20, 0, 0x20, 0, 0xa2, 0x21, 0].repeat(10_000);
    let body = [&[1, 1, 0x7c], steps.as_slice(), &[0x0b]].concat();
    let body = [leb(body.len()), body].concat();
    let types = sized(1, &[1, 0x60, 0, 0]);
    let functions = sized(3, &[leb(FUNCTIONS), vec![0; FUNCTIONS]].concat());
    let code = sized(10, &[leb(FUNCTIONS), body.repeat(FUNCTIONS)].concat());
    let module = [b"\0asm\x01\0\0\0".as_slice(), &types, &functions, &code].concat();
    [b"\0asm\x0d\0\x01\0".as_slice(), &sized(1, &module)].concat()
}

fn compiling_ends() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let usual = Allowance::default();
    for (compiling, expected) in [
        (Compiling { cpu_seconds: 1, ..usual.compiling }, "compiling it took more than 1 s or 2048 MiB"),
        (Compiling { memory_bytes: 1 << 20, ..usual.compiling }, "compiling it took more than 60 s or 1 MiB"),
    ] {
        let catalogue = Catalogue::with(folder.path().join("plugins"), Allowance { compiling, ..usual });
        match catalogue.prepare("large", &large_component(), PLUGIN_MEMORY_MIB) {
            Ok(_) => return Err("it was compiled".into()),
            Err(why) => assert_eq!(why, expected),
        }
    }
    Ok(())
}

fn a_guest_sees_nothing() -> Result<(), Failed> {
    let fixture = Place::new()?.prepare(&guests::component("fixture")?)?;
    let note = |subject: &str, seed: &str| {
        let answer = told(&fixture, subject, seed, &BTreeMap::new()).answer;
        let said = json!(answer.map_err(|failure| failure.to_string())?);
        said[0]["note"].as_str().map(str::to_owned).ok_or_else(|| format!("{subject}: {said}"))
    };
    let at: Time = NOW.parse()?;
    assert_eq!(note("clock", "1")?, at.as_second().to_string());
    assert_eq!(note("environment", "1")?, "0");
    assert_eq!(note("chance", "1")?, note("chance", "1")?);
    assert_ne!(note("chance", "1")?, note("chance", "2")?);
    let files = note("file", "1");
    if files.as_deref() == Ok("true") {
        return Err("a guest read a file".into());
    }
    let queue = settings(&fixture.description, &[("queue".to_owned(), "lifts".to_owned())].into())?;
    let said = json!(told(&fixture, "queue", "1", &queue).answer.map_err(|failure| failure.to_string())?);
    assert_eq!(said[0]["queue"], "lifts");
    Ok(())
}

fn no_plugins_are_refused() -> Result<(), Failed> {
    let place = Place::new()?;
    let component = guests::component("vip_domains")?;
    let patched = |from: &str, to: &str| {
        let mut patched = component.clone();
        let mut at = 0;
        while let Some(found) = patched[at..].windows(from.len()).position(|part| part == from.as_bytes()) {
            at += found;
            patched[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
        patched
    };
    let noise: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (component, expected) in [
        (noise, "it is no WebAssembly, expected a component: build the plugin for wasm32-wasip2"),
        (Vec::new(), "it is no WebAssembly"),
        (b"\0asm\x01\0\0\0".to_vec(), "it is a core module of WebAssembly, expected a component"),
        (component[..component.len() / 2].to_vec(), "it is no component that can be compiled"),
        (patched("postcase:routing/host@0.1.0", "postcase:routing/host@0.9.0"), "it is made for version 0.9.0"),
        (patched("wasi:cli/environment@", "evil:cli/environment@"), "it wants evil:cli/environment@"),
        (patched("describe", "descrybe"), "it is no plugin for postcase:routing@0.1.0"),
    ] {
        match place.prepare(&component) {
            Ok(_) => return Err(format!("it was taken; expected: {expected}").into()),
            Err(why) if why.contains(expected) && !why.contains('\n') => {}
            Err(why) => return Err(format!("expected {expected}, got: {why}").into()),
        }
    }
    Ok(())
}

/// Bytes of this process in memory.
fn resident() -> Result<usize, Failed> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    let pages: usize = pages.split(' ').nth(1).ok_or("no second number")?.parse()?;
    Ok(pages * 4096)
}
