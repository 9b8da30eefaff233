//! What conditions may name, and of what sort each thing is: the names and fields of a brief and a draft as a table, with the
//! words of those that have a closed set of them.

use Sort::{Headers, Hours, List, Lower, Map, Number, Record, Text, Truth, Word};

/// What is known of a value before there is a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// It may be anything.
    Any,
    Truth,
    Number,
    Text,
    /// A text without capital letters.
    Lower,
    /// One of these texts.
    Word(&'static [&'static str]),
    List(&'static Sort),
    /// By names that aren't known early.
    Map(&'static Sort),
    /// By names in lower case, lists of texts.
    Headers,
    /// Truths by the names of business hours.
    Hours,
    /// With these fields and no others.
    Record(&'static [(&'static str, Sort)]),
}

const RESULT: Sort = Word(&["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"]);
const PRIORITY: Sort = Word(&["low", "normal", "high", "urgent"]);
const AUTOMATIC: Sort = Word(&["", "out_of_office", "acknowledgement", "bulk", "challenge", "other"]);
const KIND: Sort = Word(&[
    "message",
    "auto_reply",
    "bounce",
    "feedback_report",
    "receipt",
    "list",
    "verification",
    "forwarding_confirmation",
    "probe",
]);

pub const NAMES: &[(&str, Sort)] = &[
    ("sender", Record(&[("address", Text), ("name", Text), ("domain", Lower)])),
    ("contact", Record(&[("known", Truth), ("name", Text)])),
    ("account", Text),
    ("address", Text),
    ("recipients", List(&Text)),
    ("subject", Text),
    ("text", Text),
    ("whole_text", Text),
    ("language", Text),
    ("headers", Headers),
    ("attachments", List(&Record(&[("name", Text), ("content_type", Text), ("size", Number)]))),
    ("kind", KIND),
    ("automatic", AUTOMATIC),
    ("hours", Hours),
    ("auth", Record(&[("spf", RESULT), ("dkim", RESULT), ("dmarc", RESULT), ("arc", RESULT)])),
    (
        "case",
        Record(&[
            ("workstream", Text),
            ("priority", PRIORITY),
            ("record_type", Text),
            ("tags", List(&Text)),
            ("fields", Map(&Text)),
            ("skills", Map(&Number)),
        ]),
    ),
];

/// The functions that a condition may call, and what they give.
pub const FUNCTIONS: &[(&str, Sort)] = &[
    ("contains", Truth),
    ("startsWith", Truth),
    ("endsWith", Truth),
    ("matches", Truth),
    ("size", Number),
    ("int", Number),
    ("uint", Number),
    ("double", Number),
    ("string", Text),
    ("bool", Truth),
    ("type", Sort::Any),
    ("dyn", Sort::Any),
    ("bytes", Sort::Any),
];

impl Sort {
    /// True unless a value of the one is never equal to one of the other.
    pub fn goes_with(self, other: Self) -> bool {
        self == Self::Any || other == Self::Any || self.words() == other.words()
    }

    /// Why a text is never equal to such a value.
    pub fn excludes(self, text: &str) -> Option<String> {
        match self {
            Word(words) if !words.contains(&text) => {
                let nearest = nearest(text, words.iter().copied());
                let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                let words = words.join(", ");
                Some(format!("found {text:?}, expected one of {words}; the nearest is {nearest:?}"))
            }
            Lower if text.chars().any(char::is_uppercase) => {
                Some(format!("found {text:?}, expected {:?}: it is in lower case always", text.to_lowercase()))
            }
            _ => None,
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Any => "anything",
            Truth => "true or false",
            Number => "a number",
            Text | Lower | Word(_) => "a text",
            List(_) => "a list",
            Map(_) | Headers | Hours | Record(_) => "a group of values",
        }
    }
}

/// Of the known names the one that was most likely meant.
pub fn nearest<'n>(typed: &str, known: impl Iterator<Item = &'n str>) -> &'n str {
    known.min_by_key(|known| strsim::damerau_levenshtein(typed, known)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::base::{AuthResult, Priority};
    use crate::case::{Brief, Draft};
    use crate::message::{
        self,
        facts::{AutomaticKind, Kind},
    };

    /// What is there beside the table would be refused, what isn't never held.
    #[test]
    fn the_table_is_what_advisers_are_told() {
        fn check(sort: Sort, told: &Value) {
            let Record(fields) = sort else { return };
            let known: BTreeSet<&str> = fields.iter().map(|(name, _)| *name).collect();
            assert_eq!(known, told.as_object().unwrap().keys().map(String::as_str).collect());
            fields.iter().for_each(|(name, sort)| check(*sort, &told[name]));
        }
        let raw = "Subject: a\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nb";
        let mut told = serde_json::to_value(Brief::of(message::read(raw.as_bytes()), Vec::new(), None, None)).unwrap();
        told["case"] = serde_json::to_value(Draft::default()).unwrap();
        check(Record(NAMES), &told);
        let Some((_, List(attached))) = NAMES.iter().find(|(name, _)| *name == "attachments") else { panic!() };
        check(**attached, &told["attachments"][0]);
    }

    #[test]
    fn the_words_are_those_that_advisers_are_told() {
        fn check<T: serde::de::DeserializeOwned>(sort: Sort) {
            let Word(words) = sort else { panic!("{sort:?}") };
            for word in words.iter().filter(|word| !word.is_empty()) {
                assert!(serde_json::from_value::<T>((*word).into()).is_ok(), "{word}");
            }
            let all = serde_json::from_value::<T>("?".into()).err().unwrap().to_string();
            assert_eq!(
                all.matches('`').count(),
                2 * (1 + words.iter().filter(|word| !word.is_empty()).count()),
                "{all}"
            );
        }
        check::<AuthResult>(RESULT);
        check::<Priority>(PRIORITY);
        check::<AutomaticKind>(AUTOMATIC);
        check::<Kind>(KIND);
    }
}
