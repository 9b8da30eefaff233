//! What other rules would make of the mail that is stored: nothing is changed by it.

use std::path::Path;

use serde_json::{Value, json};

use super::{Answer, Desk, Outcome, Refusal};
use crate::base::Time;
use crate::intake::replayed;
use crate::store::{Page, tables};

/// Messages read at a time.
const PAGE: usize = 256;

impl Desk {
    /// The messages that began a case, or that a rule holds, oldest first: what the rules in force and the candidate say,
    /// where that differs. A contact counts as known if it was when the message came.
    pub(super) async fn replay(&self, file: &str, text: &str, since: Option<Time>) -> Answer {
        let site = &*self.site;
        let now = site.rules.rules(site.now());
        let candidate = site.rules.read(Path::new(file), text).map_err(Refusal::refused)?;
        let (mut messages, mut changed): (u64, Vec<Value>) = (0, Vec::new());
        let mut page = Page::first(&[], PAGE);
        loop {
            let mails = tables::MAILS.scan(&*site.engine, page.clone()).await?;
            let Some((last, _)) = mails.last() else { break };
            page.beyond = Some(last.clone());
            let mails = mails.iter().map(|(_, kept)| &kept.value);
            for mail in mails.filter(|mail| since.is_none_or(|since| mail.envelope.received_at >= since)) {
                let Some([before, after]) = replayed(site, mail, [&now, &candidate]).await? else { continue };
                messages += 1;
                if let Some(why) = before.difference(&after) {
                    let (id, message_id) = (mail.id, &mail.facts.message_id);
                    changed.push(
                        json!({"id": id, "message_id": message_id, "before": before, "after": after, "why": why}),
                    );
                }
            }
        }
        Ok(Outcome::Json(json!({"messages": messages, "changed": changed})))
    }
}
