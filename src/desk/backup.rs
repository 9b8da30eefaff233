//! Saving the store while it is in use, and looking whether all of it can be read.

use std::path::PathBuf;

use serde_json::json;

use super::{Answer, Desk, Outcome, Refusal};
use crate::store::backup;

impl Desk {
    /// Writes a backup beside everything else that goes on.
    pub(super) async fn backup(&self, file: PathBuf) -> Answer {
        if !file.is_absolute() {
            return Err(Refusal::refused("a backup's file is named with its whole path"));
        }
        let site = self.site.clone();
        let saving =
            tokio::task::spawn_blocking(move || backup::save(&*site.engine, &site.journal, site.now(), &file)).await;
        match saving {
            Ok(Ok(saved)) => Ok(Outcome::Json(json!(saved))),
            Ok(Err(error @ backup::SaveError::Exists(_))) => Err(Refusal::refused(error.to_string())),
            Ok(Err(error)) => Err(super::failed(&error)),
            Err(error) => Err(super::failed(&error)),
        }
    }

    /// Reads every byte of the journal and every row of the database.
    pub(super) async fn store_check(&self) -> Answer {
        let site = self.site.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let mut rows = 0_u64;
            let count = &mut |_: &str, _: &[u8], _: &[u8]| {
                rows += 1;
                Ok(())
            };
            site.engine.export(count).map_err(|error| error.to_string())?;
            let checked = site.journal.check().map_err(|error| format!("the journal can't be read: {error}"))?;
            Ok::<_, String>((rows, checked))
        });
        let (rows, checked) = reading.await.map_err(|error| super::failed(&error))?.map_err(Refusal::failed)?;
        let damage: Vec<String> = checked.damage.iter().map(ToString::to_string).collect();
        let mut shown = json!(checked);
        shown["rows"] = json!(rows);
        shown["damage"] = json!(damage);
        Ok(Outcome::Json(shown))
    }
}
