//! The export: every message, case and event as a line of JSON, page by page, so that no page needs more than a few
//! megabytes.
//!
//! Messages come first, in order of their ids, then cases by number, each in front of its events, then items without a case,
//! each with its events in it. Each line has its
//! position; whoever stopped there goes on behind it. A case and its events are of one moment: events are only added, and
//! the case says how many it has. Lines of different pages may be of different moments. What waits for a decision comes
//! in a later export.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use super::{Answer, Desk, Outcome, Refusal, view};
use crate::base::{CaseNumber, MailId, Time, limits};
use crate::case::{Case, Mail};
use crate::store::documents::Key;
use crate::store::{Page, case_change, tables};

/// Rows of a table that are looked at for one page.
const ROWS: usize = 500;

/// A place in the export: everything up to this line is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    Message(MailId),
    /// 0 is in front of all cases.
    Case(CaseNumber),
    Event(CaseNumber, u32),
    /// None is in front of all items.
    Item(Option<MailId>),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(id) => write!(f, "message/{id}"),
            Self::Case(number) => write!(f, "case/{number}"),
            Self::Event(number, index) => write!(f, "event/{number}/{index}"),
            Self::Item(None) => f.write_str("item"),
            Self::Item(Some(mail)) => write!(f, "item/{mail}"),
        }
    }
}

impl FromStr for Position {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let words: Vec<&str> = text.split('/').collect();
        let position = match words[..] {
            ["message", id] => id.parse().ok().map(Self::Message),
            ["item"] => Some(Self::Item(None)),
            ["item", mail] => mail.parse().ok().map(|mail| Self::Item(Some(mail))),
            ["case", number] => number.parse().ok().map(Self::Case),
            ["event", number, index] => number.parse().ok().zip(index.parse().ok()).map(|(n, i)| Self::Event(n, i)),
            _ => None,
        };
        let why = || format!("{text} is no position: name that of the last line, such as message/691f6a2c-1-2a");
        position.ok_or_else(|| Refusal::refused(why()))
    }
}

/// Lines so far, and the position behind what was looked at.
struct Lines {
    since: Option<Time>,
    lines: Vec<Value>,
    bytes: usize,
    last: Option<Position>,
}

impl Lines {
    /// A line when it is from `at`, and the export wants that.
    fn add(&mut self, position: Position, at: Time, line: impl FnOnce() -> Value) {
        self.last = Some(position);
        if self.since.is_none_or(|since| at >= since) {
            let mut line = line();
            line["position"] = json!(position.to_string());
            self.bytes += line.to_string().len();
            self.lines.push(line);
        }
    }

    fn is_full(&self) -> bool {
        self.bytes >= limits::EXPORT_BYTES_MAX
    }
}

impl Desk {
    /// `{"lines":[…],"next":"…"}`; `next` is null at the end.
    pub(super) async fn export(&self, since: Option<Time>, after: Option<String>) -> Answer {
        let after = after.map(|text| text.parse()).transpose()?;
        let mut page = Lines { since, lines: Vec::new(), bytes: 0, last: after };
        let next = match after {
            None => self.export_messages(&mut page, None).await?,
            Some(Position::Message(id)) => self.export_messages(&mut page, Some(id)).await?,
            Some(Position::Case(number)) => self.export_cases(&mut page, number, 0).await?,
            Some(Position::Event(number, index)) => self.export_cases(&mut page, number, index + 1).await?,
            Some(Position::Item(after)) => self.export_items(&mut page, after).await?,
        };
        let next = next.map(|position| position.to_string());
        Ok(Outcome::Json(json!({"lines": page.lines, "next": next})))
    }

    async fn export_messages(&self, page: &mut Lines, after: Option<MailId>) -> Result<Option<Position>, Refusal> {
        let rows = Page { beyond: after.map(|id| id.to_bytes()), ..Page::first(&[], ROWS) };
        let mails = tables::MAILS.scan(&*self.site.engine, rows).await?;
        let is_last = mails.len() < ROWS;
        for (_, kept) in mails {
            if page.is_full() {
                return Ok(page.last);
            }
            let mail = kept.value;
            let text = match page.since.is_none_or(|since| mail.decided_at >= since) {
                true => self.exported(&mail).await?,
                false => Value::Null,
            };
            page.add(Position::Message(mail.id), mail.decided_at, || json!({"type": "message", "message": text}));
        }
        Ok(if is_last { Some(Position::Case(0)) } else { page.last })
    }

    /// With its text; a reader that breaks leaves that out.
    async fn exported(&self, mail: &Mail) -> Result<Value, Refusal> {
        if mail.erased.is_some() {
            return Ok(view::message_row(mail));
        }
        let entry = self.site.journal.read(mail.id);
        let reading = entry.map(|entry| tokio::spawn(async move { crate::message::read(&entry.message) }));
        Ok(match reading {
            Ok(reading) => reading.await.map_or_else(|_| view::message_row(mail), |read| view::message(mail, &read)),
            Err(error) => {
                tracing::error!(id = %mail.id, %error, "a message is exported without its text");
                view::message_row(mail)
            }
        })
    }

    /// The events of a case from one on, then the cases behind it.
    async fn export_cases(&self, page: &mut Lines, after: CaseNumber, from: u32) -> Result<Option<Position>, Refusal> {
        let engine = &*self.site.engine;
        if let Some(kept) = tables::CASES.get(engine, &after).await?
            && !self.export_events(page, &kept.value, from).await?
        {
            return Ok(page.last);
        }
        let rows = Page { beyond: Some(after.to_bytes()), ..Page::first(&[], ROWS) };
        let cases = tables::CASES.scan(engine, rows).await?;
        let is_last = cases.len() < ROWS;
        for (_, kept) in cases {
            if page.is_full() {
                return Ok(page.last);
            }
            let case = kept.value;
            let line = || json!({"type": "case", "case": view::case_row(&case)});
            page.add(Position::Case(case.number), case.updated_at, line);
            // What was never changed since then has no event since then.
            let is_old = page.since.is_some_and(|since| case.updated_at < since);
            if !is_old && !self.export_events(page, &case, 0).await? {
                return Ok(page.last);
            }
        }
        Ok(if is_last { Some(Position::Item(None)) } else { page.last })
    }

    async fn export_items(&self, page: &mut Lines, after: Option<MailId>) -> Result<Option<Position>, Refusal> {
        let rows = Page { beyond: after.map(|id| id.to_bytes()), ..Page::first(&[], ROWS) };
        let items = tables::ITEMS.scan(&*self.site.engine, rows).await?;
        let is_last = items.len() < ROWS;
        for (key, kept) in items {
            if page.is_full() {
                return Ok(page.last);
            }
            let (Some(mail), item) = (MailId::from_key(&key), kept.value) else { continue };
            let mut shown = view::item_row(mail, &item);
            if page.since.is_none_or(|since| item.updated_at >= since) {
                let events = case_change::events_of(&*self.site.engine, mail).await?;
                shown["events"] = events.iter().map(view::event).collect();
            }
            page.add(Position::Item(Some(mail)), item.updated_at, || json!({"type": "item", "item": shown}));
        }
        Ok(if is_last { None } else { page.last })
    }

    /// False when the page is full before the case's last event.
    async fn export_events(&self, page: &mut Lines, case: &Case, from: u32) -> Result<bool, Refusal> {
        let (number, mut at) = (case.number, from);
        while at < case.events {
            let keys: Vec<(CaseNumber, u32)> = (at..case.events).take(ROWS).map(|index| (number, index)).collect();
            let events = tables::CASE_EVENTS.get_many(&*self.site.engine, &keys).await?;
            for (index, event) in (at..).zip(events) {
                if page.is_full() {
                    return Ok(false);
                }
                if let Some(event) = event {
                    let event = event.value;
                    let line = || json!({"type": "event", "case": number, "event": view::event(&event)});
                    page.add(Position::Event(number, index), event.at, line);
                }
            }
            at += u32::try_from(keys.len()).unwrap_or(u32::MAX);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        for text in ["message/691f6a2c-1-2a", "case/17", "case/0", "event/17/3", "item", "item/691f6a2c-1-2a"] {
            assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        }
        for wrong in ["", "message", "message/17", "case/x", "event/17", "event/17/-1", "note/1"] {
            assert!(wrong.parse::<Position>().unwrap_err().message.contains("is no position"), "{wrong}");
        }
    }
}
