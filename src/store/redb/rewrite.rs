//! Making gone what was deleted or replaced: every row that is left goes into a new file, which takes the former one's place.
//!
//! redb keeps the bytes of freed pages until it uses them again, and its compaction moves pages without clearing where they
//! were. So nothing less than a new file is sure. Runs in the writer's thread, so that no commit comes in between; whoever
//! reads meanwhile reads the former file. Costs as much time as reading and writing all rows, and their room on the disk. A
//! crash leaves the former file or the new one, each whole.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redb::{Database, ReadableDatabase};

use super::backend;
use super::copy::{self, Import};
use super::runs::Runs;
use super::{Latest, Shared};
use crate::store::Medium;
use crate::store::latch;

/// Where the database lies.
pub(super) struct Place {
    pub medium: Arc<dyn Medium>,
    pub file_name: String,
}

impl Place {
    fn part(&self) -> String {
        format!("{}.part", self.file_name)
    }

    /// Removes what a crash has left.
    pub fn remove_part(&self) -> io::Result<()> {
        let part = self.part();
        match self.medium.list()?.contains(&part) {
            true => self.medium.remove(&part).and_then(|()| self.medium.sync_folder()),
            false => Ok(()),
        }
    }

    /// A reason means that the former file is still in use; unless the latch is set.
    pub fn rewrite(&self, shared: &Shared) -> Result<(), String> {
        if let Some(reason) = shared.latch.reason() {
            return Err(reason);
        }
        let made = self.make(shared).map_err(|error| {
            // It is removed at the next start, too.
            let _ = self.remove_part();
            error.to_string()
        })?;
        self.medium.rename(&self.part(), &self.file_name).map_err(|error| error.to_string())?;
        // From here on the former file may be gone with the next power cut.
        self.medium.sync_folder().map_err(|error| {
            let reason = latch::reason(&error);
            shared.latch.set(reason.clone());
            reason
        })?;
        shared.replace(made);
        Ok(())
    }

    fn make(&self, shared: &Shared) -> Result<(Database, Runs), Box<dyn Error>> {
        self.remove_part()?;
        let database = shared.database().ok_or("it is closed")?;
        let mut import = Import::begin(self.medium.as_ref(), &self.part())?;
        copy::export(&database.begin_read()?, &mut |table, key, value| import.row(table, key, value))?;
        import.finish()?;
        let new = backend::database(self.medium.open(&self.part())?)?;
        let runs = Runs::load(&new)?;
        Ok((new, runs))
    }
}

impl Shared {
    /// From here on everybody reads and writes another file.
    fn replace(&self, (database, runs): (Database, Runs)) {
        let mut latest = self.latest.write().expect("no holder panics");
        *latest = Latest { runs: Arc::new(runs), snapshot: None };
        *self.database.write().expect("no holder panics") = Some(Arc::new(database));
    }
}
