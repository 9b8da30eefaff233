//! Words in cases: all of them must be found in a case's subject, its contact, its notes and the texts of its messages, taken
//! together. Small and large letters are the same: all become large, of which some scripts have fewer.
//!
//! There is no index: texts are read from the journal, the newest cases first, and of
//! [`SEARCHED_MESSAGES_MAX`](limits::SEARCHED_MESSAGES_MAX) messages at most. Of older cases only the rest is looked at.

use super::{Desk, Refusal};
use crate::base::{MailId, limits};
use crate::case::{Case, Happening};
use crate::message;
use crate::store::case_change;

/// What is looked for, and how much more may be read for it.
pub struct Search {
    words: Vec<String>,
    messages_left: usize,
}

impl Search {
    /// Without words everything is found.
    pub fn of(text: &str) -> Self {
        let words = text.split_whitespace().map(str::to_uppercase).collect();
        Self { words, messages_left: limits::SEARCHED_MESSAGES_MAX }
    }

    /// The words that none of these texts has.
    fn missing<'a>(words: Vec<String>, texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        texts.into_iter().fold(words, |mut words, text| {
            if !words.is_empty() {
                let text = text.to_uppercase();
                words.retain(|word| !text.contains(word.as_str()));
            }
            words
        })
    }

    pub async fn finds(&mut self, desk: &Desk, case: &Case) -> Result<bool, Refusal> {
        let contact = case.contact.as_ref();
        let address = contact.map(|contact| contact.address.to_string());
        let name = contact.and_then(|contact| contact.name.as_deref());
        let head = [Some(case.subject.as_str()), address.as_deref(), name];
        let mut missing = Self::missing(self.words.clone(), head.into_iter().flatten());
        if missing.is_empty() {
            return Ok(true);
        }
        let events = case_change::events_of(&*desk.site.engine, case.number).await?;
        for event in events {
            let text = match &event.what {
                Happening::NoteAdded { text, .. } => Some(text.clone()),
                Happening::MessageAdded { mail, .. } | Happening::ReplySubmitted { mail, .. } => {
                    self.text(desk, *mail).await
                }
                _ => None,
            };
            missing = Self::missing(missing, text.as_deref());
            if missing.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The text of a message, as far as there is one and it may be read. A reader that breaks ends no search.
    async fn text(&mut self, desk: &Desk, id: MailId) -> Option<String> {
        self.messages_left = self.messages_left.checked_sub(1)?;
        let entry = desk.site.journal.read(id).ok()?;
        tokio::spawn(async move { message::read_without_language(&entry.message).text }).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_of_the_texts_and_in_any_letters() {
        let check = |text: &str, texts: &[&str], expected: &[&str]| {
            let missing = Search::missing(Search::of(text).words, texts.iter().copied());
            assert_eq!(missing, expected, "{text} in {texts:?}");
        };
        check("", &[], &[]);
        check("Printer FIRE", &["The printer", "is on fire"], &[]);
        check("printer smoke", &["The printer"], &["SMOKE"]);
        check("ГРУППА größe οδός", &["группа", "GRÖSSE", "ΟΔΌΣ"], &[]);
        check("fire", &["a fire\u{1b}"], &[]);
        check("打印机", &["我的打印机坏了"], &[]);
    }
}
