//! SMTP replies (RFC 5321 §4.2) with their enhanced status code (RFC 3463, RFC 2034).
//!
//! A reply is built from a class and the rest in one step, so that reply code and enhanced code can't disagree: `550`
//! with `4.7.1` can't be said. The texts of all refusals are here or beside the check that makes them; none names a
//! path, an inner error or whether an address exists in any other way than by its verdict.

use std::fmt;

/// First digit of both codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    Success = 2,
    Transient = 4,
    Permanent = 5,
}

/// One reply of ours. Lines of a text are separated by `\n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// `x.y.z`; none where RFC 2034 §4 wants none (greeting, EHLO and HELO, 3xx).
    pub enhanced: Option<(u8, u16, u16)>,
    pub text: String,
}

impl Reply {
    /// 2yz. `tail` is the last two digits of the code, `subject` and `detail` the last two of the enhanced code.
    pub fn success(tail: u16, subject: u16, detail: u16, text: impl Into<String>) -> Self {
        Self::of(Class::Success, tail, subject, detail, text)
    }

    /// 4yz: worth another try.
    pub fn transient(tail: u16, subject: u16, detail: u16, text: impl Into<String>) -> Self {
        Self::of(Class::Transient, tail, subject, detail, text)
    }

    /// 5yz: the same command will fail again.
    pub fn permanent(tail: u16, subject: u16, detail: u16, text: impl Into<String>) -> Self {
        Self::of(Class::Permanent, tail, subject, detail, text)
    }

    /// A reply without enhanced code: greeting, EHLO, HELO and 354.
    pub fn plain(code: u16, text: impl Into<String>) -> Self {
        Self { code, enhanced: None, text: text.into() }
    }

    fn of(class: Class, tail: u16, subject: u16, detail: u16, text: impl Into<String>) -> Self {
        debug_assert!(tail < 100);
        let class = class as u8;
        Self { code: u16::from(class) * 100 + tail, enhanced: Some((class, subject, detail)), text: text.into() }
    }

    /// True for 4yz and 5yz.
    pub fn is_refusal(&self) -> bool {
        self.code >= 400
    }

    /// The bytes on the wire, each line ended by CRLF.
    pub fn to_wire(&self) -> Vec<u8> {
        let lines: Vec<&str> = self.text.split('\n').collect();
        let mut wire = String::with_capacity(self.text.len() + 12 * lines.len());
        for (n, line) in lines.iter().enumerate() {
            let separator = if n + 1 == lines.len() { ' ' } else { '-' };
            wire.push_str(&format!("{}{separator}", self.code));
            if let Some((class, subject, detail)) = self.enhanced {
                wire.push_str(&format!("{class}.{subject}.{detail} "));
            }
            wire.push_str(line);
            wire.push_str("\r\n");
        }
        wire.into_bytes()
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some((class, subject, detail)) = self.enhanced {
            write!(f, " {class}.{subject}.{detail}")?;
        }
        write!(f, " {}", self.text.replace('\n', " / "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_agree_and_lines_are_framed() {
        let reply = Reply::permanent(50, 1, 1, "no such user\nask elsewhere");
        assert_eq!(reply.to_wire(), b"550-5.1.1 no such user\r\n550 5.1.1 ask elsewhere\r\n");
        assert_eq!(Reply::plain(354, "go ahead").to_wire(), b"354 go ahead\r\n");
        assert_eq!(Reply::transient(51, 3, 0, "later").to_string(), "451 4.3.0 later");
        assert!(!Reply::success(50, 0, 0, "fine").is_refusal());
    }
}
