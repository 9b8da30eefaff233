//! What runs: the active plugins in their order, as one list that is swapped as a whole.
//!
//! A reader takes the list once and works with it to the end, so a message is never advised by two versions. Machine code is
//! kept in files that can be made again at any time. Rows and components are in the store, which is read elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::num::NonZero;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Semaphore;

use super::engine::{Compiled, Sandbox};
use super::{Allowance, Description, Guest, Stage};
use crate::base::{Time, limits};

/// See the module.
pub struct Catalogue {
    /// Or why plugins can't run here.
    sandbox: Result<Sandbox, String>,
    /// Of machine code, each file by the hash of its component.
    folder: PathBuf,
    now: RwLock<Now>,
    /// Held by whoever makes a new list of what is stored.
    pub turn: tokio::sync::Mutex<()>,
    /// Who asks plugins about a message has one: more of them at a time would each only hold their memory for longer.
    pub places: Arc<Semaphore>,
}

#[derive(Clone, Default)]
struct Now {
    loaded: bool,
    active: Arc<Vec<Active>>,
    unusable: Arc<BTreeMap<String, String>>,
    resting: Arc<BTreeMap<String, Resting>>,
    /// When the first of those that are suspended is asked again.
    resumes_at: Option<Time>,
}

/// A plugin that isn't asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resting {
    /// True when its answer is missed on all mail, false when only addresses that name it miss it.
    pub is_missed: bool,
    /// None for one that isn't installed any more.
    pub version: Option<String>,
    /// In one line.
    pub why: String,
}

/// A plugin that is asked.
#[derive(Clone)]
pub struct Active {
    pub name: String,
    pub hash: String,
    /// True when it is asked about all mail, false when only about that of the addresses which name it.
    pub is_general: bool,
    /// All that it has.
    pub settings: BTreeMap<String, String>,
    pub ready: Arc<Ready>,
}

/// A component that was compiled, linked and asked what it is.
pub struct Ready {
    pub guest: Guest,
    pub description: Description,
}

impl Active {
    /// True when it wants to be asked at that stage.
    pub fn speaks_at(&self, stage: Stage) -> bool {
        self.ready.description.stages.contains(&stage)
    }

    /// See [`version`].
    pub fn version(&self) -> &str {
        version(&self.hash)
    }
}

/// Of a component with this hash, as explanations name it.
pub fn version(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

impl Catalogue {
    /// Nothing is active yet; `folder` is made when it is needed. Where plugins can't run, none can be prepared.
    pub fn new(folder: PathBuf) -> Self {
        Self::with(folder, Allowance::default())
    }

    /// The same where a call may take this.
    pub fn with(folder: PathBuf, allowance: Allowance) -> Self {
        let (now, turn) = Default::default();
        let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
        let places = Arc::new(Semaphore::new(processors * limits::PLUGIN_PLACES_PER_PROCESSOR));
        Self { sandbox: Sandbox::new(allowance), folder, now, turn, places }
    }

    /// The plugins that are active now.
    pub fn active(&self) -> Arc<Vec<Active>> {
        self.now().active
    }

    /// False as long as nobody has said what runs, and when more may run by now.
    pub fn is_current(&self, at: Time) -> bool {
        let now = self.now();
        now.loaded && now.resumes_at.is_none_or(|resumes_at| at < resumes_at)
    }

    /// Those that should be active and can't be used: name → why, in one line.
    pub fn unusable(&self) -> Arc<BTreeMap<String, String>> {
        self.now().unusable
    }

    /// Those that an address which names these misses, by their names.
    pub fn silent_at(&self, named: &BTreeSet<String>) -> BTreeMap<String, Resting> {
        let now = self.now();
        let resting = now.resting.iter().filter(|(name, resting)| resting.is_missed || named.contains(*name));
        let mut silent: BTreeMap<_, _> = resting.map(|(name, resting)| (name.clone(), resting.clone())).collect();
        let is_active = |name: &String| now.active.iter().any(|active| active.name == *name);
        let gone = named.iter().filter(|name| !is_active(name) && !now.resting.contains_key(*name));
        let why = "it is named by the address, and not installed any more";
        silent.extend(gone.map(|name| (name.clone(), Resting { is_missed: true, version: None, why: why.into() })));
        silent
    }

    fn now(&self) -> Now {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What runs isn't what is stored any more: whoever wants to know next reads that.
    pub fn outdated(&self) {
        self.now.write().unwrap_or_else(PoisonError::into_inner).loaded = false;
    }

    /// Lets these be active; calls under way end on what they began with.
    pub fn swap(
        &self,
        active: Vec<Active>,
        unusable: BTreeMap<String, String>,
        resting: BTreeMap<String, Resting>,
        resumes_at: Option<Time>,
    ) {
        let (active, unusable, resting) = (Arc::new(active), Arc::new(unusable), Arc::new(resting));
        let now = Now { loaded: true, active, unusable, resting, resumes_at };
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Makes a component ready to be called, with so much memory; blocks for as long as compiling takes.
    ///
    /// # Errors
    /// Why it is no plugin, in one line.
    pub fn prepare(&self, hash: &str, component: &[u8], memory_mib: u32) -> Result<Ready, String> {
        let sandbox = self.sandbox.as_ref().map_err(Clone::clone)?;
        if let Some(guest) = self.compiled(sandbox, hash, memory_mib) {
            return described(guest);
        }
        let code = Compiled::of(component, sandbox.compiling()).map_err(|error| error.to_string())?;
        let ready = described(Guest::load(sandbox, &code, memory_mib)?)?;
        let file = self.file(hash);
        if let Err(error) = write(&self.folder, &file, &code.sealed(hash)) {
            tracing::warn!(%error, file = %file.display(), "a compiled plugin can't be kept and is compiled at each start");
        }
        Ok(ready)
    }

    /// The same for one that is only tried, with the hash of its component: nothing is kept of it.
    ///
    /// # Errors
    /// Why it is no plugin, in one line.
    pub fn candidate(&self, hash: &str, component: &[u8], memory_mib: u32) -> Result<Ready, String> {
        let sandbox = self.sandbox.as_ref().map_err(Clone::clone)?;
        if let Some(guest) = self.compiled(sandbox, hash, memory_mib) {
            return described(guest);
        }
        let code = Compiled::of(component, sandbox.compiling()).map_err(|error| error.to_string())?;
        described(Guest::load(sandbox, &code, memory_mib)?)
    }

    /// From machine code that was kept; what another version of this program has made can't be loaded, and is made again.
    fn compiled(&self, sandbox: &Sandbox, hash: &str, memory_mib: u32) -> Option<Guest> {
        // Where no folder was named nothing was kept; a file that lies around isn't ours.
        let bytes = if self.folder.as_os_str().is_empty() { None } else { fs::read(self.file(hash)).ok() };
        Guest::load(sandbox, &Compiled::unsealed(hash, &bytes?)?, memory_mib).ok()
    }

    fn file(&self, hash: &str) -> PathBuf {
        self.folder.join(format!("{hash}.code"))
    }

    /// Removes machine code of components that no plugin has any more.
    pub fn forget_all_but(&self, known: &BTreeSet<&str>) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if !path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| known.contains(stem)) {
                fs::remove_file(path).ok();
            }
        }
    }
}

fn described(guest: Guest) -> Result<Ready, String> {
    let description = guest.describe().answer.map_err(|failure| format!("asked what it is, {failure}"))?;
    Ok(Ready { guest, description: description.bounded()? })
}

/// Whole or not at all. Not synced: what is lost is made again.
fn write(folder: &Path, file: &Path, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let begun = file.with_extension("begun");
    fs::remove_file(&begun).ok();
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&begun)?.write_all(bytes)?;
    fs::rename(&begun, file)
}
