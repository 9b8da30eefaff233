//! What there is to do: a case, or a message that is done without one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::{CaseNumber, MailId};

/// See the module. Stored and shown as the bare number or id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Work {
    Case(CaseNumber),
    /// An item without a case: the message itself.
    Mail(MailId),
}

impl Work {
    /// 0 for an item without a case.
    pub fn case_number(self) -> CaseNumber {
        match self {
            Self::Case(number) => number,
            Self::Mail(_) => 0,
        }
    }

    /// The words, behind `postcase`, of a command that does this with it.
    pub fn command(self, verb: &str) -> String {
        match self {
            Self::Case(number) => format!("case {verb} {number}"),
            Self::Mail(mail) => format!("item {verb} {mail}"),
        }
    }
}

impl From<CaseNumber> for Work {
    fn from(number: CaseNumber) -> Self {
        Self::Case(number)
    }
}

impl From<MailId> for Work {
    fn from(mail: MailId) -> Self {
        Self::Mail(mail)
    }
}

/// As people name it.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Case(number) => write!(f, "case {number}"),
            Self::Mail(mail) => write!(f, "item {mail}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_stored_as_the_bare_number_or_id() {
        let mail = MailId { incarnation: 0x691f_6a2c, segment: 1, index: 0x2a };
        for (work, stored, command) in
            [(Work::Case(17), "17", "case show 17"), (Work::Mail(mail), "\"691f6a2c-1-2a\"", "item show 691f6a2c-1-2a")]
        {
            assert_eq!(serde_json::to_string(&work).unwrap(), stored);
            assert_eq!(serde_json::from_str::<Work>(stored).unwrap(), work);
            assert_eq!(work.command("show"), command);
        }
    }
}
