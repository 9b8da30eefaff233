//! The text that an address answers new cases with, as an administrator writes it. It takes the number of the case and the
//! address's own name and address, and nothing of the mail that it answers: whoever writes under another's address must
//! not be able to send that person words of their own.

use std::fmt;
use std::str::FromStr;

use super::RoutingAddress;
use crate::base::{CaseNumber, limits, stored_as_shown};

const PLACES: [&str; 3] = ["case", "address", "name"];

/// Off, or the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acknowledge(Option<String>);

/// What is no [`Acknowledge`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAcknowledge {
    #[error("{0:?} is no place in the text: there are {{case}}, {{address}} and {{name}}")]
    Place(String),
    #[error("the text has a {{ without }}")]
    Open,
    #[error("the text is longer than {} bytes", limits::ACKNOWLEDGEMENT_BYTES_MAX)]
    TooLong,
}

impl Acknowledge {
    const OFF: &'static str = "off";

    pub fn is_off(&self) -> bool {
        self.0.is_none()
    }

    /// What is sent for a case of this address; none when it is off.
    pub fn text(&self, case: CaseNumber, address: &RoutingAddress) -> Option<String> {
        let name = address.settings.name.clone().unwrap_or_else(|| address.address.to_string());
        let filled = self.0.as_ref()?.replace("{case}", &case.to_string());
        Some(filled.replace("{address}", &address.address.to_string()).replace("{name}", &name))
    }
}

stored_as_shown!(Acknowledge);

impl FromStr for Acknowledge {
    type Err = NoAcknowledge;

    fn from_str(text: &str) -> Result<Self, NoAcknowledge> {
        if matches!(text.trim(), "" | Self::OFF) {
            return Ok(Self(None));
        }
        if text.len() > limits::ACKNOWLEDGEMENT_BYTES_MAX {
            return Err(NoAcknowledge::TooLong);
        }
        for opened in text.split('{').skip(1) {
            let (place, _) = opened.split_once('}').ok_or(NoAcknowledge::Open)?;
            if !PLACES.contains(&place) {
                return Err(NoAcknowledge::Place(format!("{{{place}}}")));
            }
        }
        Ok(Self(Some(text.to_owned())))
    }
}

impl fmt::Display for Acknowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or(Self::OFF))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let check = |text: &str, expected: Result<bool, &str>| {
            let read = text.parse::<Acknowledge>().map(|read| read.is_off()).map_err(|error| error.to_string());
            assert_eq!(read, expected.map_err(str::to_owned), "{text}");
        };
        check("off", Ok(true));
        check("", Ok(true));
        check("Your case is {case}, says {name} of {address}.", Ok(false));
        check("{subject}", Err("\"{subject}\" is no place in the text: there are {case}, {address} and {name}"));
        check("{case", Err("the text has a { without }"));
        check(&"x".repeat(limits::ACKNOWLEDGEMENT_BYTES_MAX + 1), Err("the text is longer than 8192 bytes"));
    }
}
