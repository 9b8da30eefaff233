//! What an agent asked for, what the cases say of it, and what the hosts have got: the three have to agree.

use std::collections::BTreeMap;

use serde_json::Value;

use super::kinds::End;
use crate::internet::{Mail, bare};

/// A copy at a host, and in which life of the server it came.
pub type Copy = (usize, Mail);

/// Message-ID and recipient of everything that has to become final.
#[derive(Debug, Default)]
pub struct Books {
    pub promises: BTreeMap<(String, String), End>,
    copies: BTreeMap<(String, String), Vec<Copy>>,
}

impl Books {
    /// The agent was told of a reply.
    pub fn submitted(&mut self, message_id: &str, recipients: &[(String, End)]) {
        let promises = recipients.iter().map(|(to, end)| ((message_id.to_owned(), to.clone()), *end));
        self.promises.extend(promises);
    }

    /// A host has got this.
    pub fn arrived(&mut self, life: usize, mail: Mail) -> Result<(), String> {
        let id = message_id(&mail.raw)?;
        for to in &mail.to {
            self.copies.entry((id.clone(), bare(to).to_owned())).or_default().push((life, mail.clone()));
        }
        Ok(())
    }

    /// Compares with the cases: each promise has one end there, and the right one. `lives` of the server were ended by
    /// force; only what such an end, or a host's silence, has hidden is there twice.
    pub fn close(&self, cases: &[Value], lives: usize) -> Result<(), String> {
        let ends = ends(cases)?;
        if let Some((key, _)) = ends.iter().find(|(key, _)| !self.promises.contains_key(*key)) {
            return Err(format!("nobody asked for {key:?}"));
        }
        for (key, end) in &self.promises {
            let found = ends.get(key).map(Vec::as_slice).unwrap_or_default();
            let [(kind, status, words)] = found else { return Err(format!("{key:?} has the ends {found:?}")) };
            let is_right = match end {
                End::Delivered => kind == "reply_delivered" && status.starts_with("2."),
                End::Failed(code, part) => kind == "reply_failed" && status == code && words.contains(part),
            };
            if !is_right || words.contains(char::is_control) {
                return Err(format!("{key:?} ends as {found:?}, not as {end:?}"));
            }
            let copies = self.copies.get(key).map(Vec::as_slice).unwrap_or_default();
            agree(copies, *end, lives).map_err(|what| format!("{key:?}: {what}"))?;
        }
        match self.copies.keys().find(|key| !self.promises.contains_key(*key)) {
            Some(key) => Err(format!("nobody asked for the mail {key:?}")),
            None => Ok(()),
        }
    }
}

fn agree(copies: &[Copy], end: End, lives: usize) -> Result<(), String> {
    if (end == End::Delivered) == copies.is_empty() {
        return Err(format!("{} copies, which is not {end:?}", copies.len()));
    }
    for (n, (life, mail)) in copies.iter().enumerate() {
        if mail.raw != copies[0].1.raw || mail.from != copies[0].1.from {
            return Err("two copies are not the same".into());
        }
        let next = copies.get(n + 1).map(|(life, _)| *life);
        let lost_by_a_kill = *life < lives && next.is_some_and(|next| next > *life);
        if next.is_some() && !mail.untold && !lost_by_a_kill {
            return Err(format!("came in the life {life} with an answer, and again in {next:?}"));
        }
    }
    Ok(())
}

/// The ends that the cases tell of: kind, status, words.
type Ends = BTreeMap<(String, String), Vec<(String, String, String)>>;

fn ends(cases: &[Value]) -> Result<Ends, String> {
    let mut ends = Ends::new();
    for case in cases {
        let events = case["events"].as_array().ok_or("a case has events")?;
        let word = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let of_kind = |kind: &'static str| events.iter().filter(move |event| event["kind"] == kind);
        let ids: BTreeMap<String, String> =
            of_kind("reply_submitted").map(|event| (word(event, "mail"), word(event, "message_id"))).collect();
        for event in of_kind("reply_delivered").chain(of_kind("reply_failed")) {
            let id = ids.get(&word(event, "mail")).ok_or_else(|| format!("an end without a beginning: {event}"))?;
            let end = (word(event, "kind"), word(event, "status"), word(event, "words"));
            ends.entry((id.clone(), word(event, "recipient"))).or_default().push(end);
        }
    }
    Ok(ends)
}

fn message_id(raw: &[u8]) -> Result<String, String> {
    let text = String::from_utf8_lossy(raw);
    let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: "));
    id.map(|id| id.trim().to_owned()).ok_or_else(|| format!("no Message-ID in {text}"))
}
