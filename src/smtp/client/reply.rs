//! What a peer says (RFC 5321 §4.2): from bytes to code, enhanced code (RFC 2034) and words.
//!
//! The peer may be hostile. A reply is bounded ([`limits::PEER_REPLY_BYTES_MAX`]); its words are cleaned of control
//! characters and cut before anybody keeps them. Where the enhanced code contradicts the reply code, the reply code
//! counts. Does not read from the network.

use std::borrow::Cow;

use crate::base::limits;

/// One whole reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PeerReply {
    /// 200 to 599; that of the last line where lines differ.
    pub code: u16,
    /// Subject and detail; the class is the first digit of the code.
    pub enhanced: Option<(u16, u16)>,
    /// In one line, with the reply code and the enhanced code in front, as `550 5.1.1 no such user`.
    pub words: String,
}

/// Not an SMTP reply, or one without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no SMTP reply came")]
pub(super) struct NotAReply;

impl PeerReply {
    /// Takes one reply from the front of what was heard; `None` when its end hasn't come yet.
    pub fn take(heard: &mut Vec<u8>) -> Result<Option<Self>, NotAReply> {
        let mut lines = Vec::new();
        let mut taken = 0;
        while let Some(length) = heard[taken..].iter().position(|byte| *byte == b'\n') {
            let line = Line::parse(&heard[taken..taken + length])?;
            taken += length + 1;
            if taken > limits::PEER_REPLY_BYTES_MAX {
                return Err(NotAReply);
            }
            let last = line.last;
            lines.push(line);
            if last {
                let reply = Self::of(&lines);
                heard.drain(..taken);
                return Ok(Some(reply));
            }
        }
        if heard.len() > limits::PEER_REPLY_BYTES_MAX { Err(NotAReply) } else { Ok(None) }
    }

    /// From a reply that was read elsewhere, whose enhanced code can't be trusted beyond 254.
    pub fn from_parts(code: u16, enhanced: [u8; 3], text: &str) -> Self {
        let [class, subject, detail] = enhanced;
        let enhanced = (u16::from(class) == code / 100 && subject < 255 && detail < 255)
            .then_some((u16::from(subject), u16::from(detail)));
        Self::spoken(code, enhanced, text)
    }

    pub fn is_success(&self) -> bool {
        self.code / 100 == 2
    }

    /// `x.y.z`; `x.0.0` when the peer gave none.
    pub fn status(&self) -> String {
        let (subject, detail) = self.enhanced.unwrap_or_default();
        format!("{}.{subject}.{detail}", self.code / 100)
    }

    fn of(lines: &[Line<'_>]) -> Self {
        let code = lines.last().map_or(0, |line| line.code);
        let enhanced = lines.iter().find_map(|line| enhanced_in(code, &line.text)).map(|(enhanced, _)| enhanced);
        let texts = lines.iter().map(|line| match enhanced_in(code, &line.text) {
            Some((_, rest)) => rest,
            None => &line.text,
        });
        Self::spoken(code, enhanced, &texts.collect::<Vec<_>>().join(" "))
    }

    fn spoken(code: u16, enhanced: Option<(u16, u16)>, text: &str) -> Self {
        let mut words = code.to_string();
        if let Some((subject, detail)) = enhanced {
            words.push_str(&format!(" {}.{subject}.{detail}", code / 100));
        }
        // Splitting at control characters too keeps "\r", escape sequences and NUL out of logs and terminals.
        for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
            words.push(' ');
            words.push_str(word);
        }
        Self { code, enhanced, words: words.chars().take(limits::PEER_WORDS_CHARS_MAX).collect() }
    }
}

struct Line<'a> {
    code: u16,
    last: bool,
    text: Cow<'a, str>,
}

impl<'a> Line<'a> {
    /// `code`, then nothing, or a space, or a hyphen where more lines follow.
    fn parse(line: &'a [u8]) -> Result<Self, NotAReply> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (code, rest) = line.split_at_checked(3).ok_or(NotAReply)?;
        if !code.iter().all(u8::is_ascii_digit) || !(b'2'..=b'5').contains(&code[0]) {
            return Err(NotAReply);
        }
        let code = code.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        let (last, text) = match rest.split_first() {
            None => (true, rest),
            Some((b' ', text)) => (true, text),
            Some((b'-', text)) => (false, text),
            Some(_) => return Err(NotAReply),
        };
        Ok(Self { code, last, text: String::from_utf8_lossy(text) })
    }
}

/// The enhanced code in front of a line's text, and the text behind it.
fn enhanced_in(code: u16, text: &str) -> Option<((u16, u16), &str)> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut numbers = word.split('.').map(|number| {
        let plain = (1..=3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
        if plain { number.parse::<u16>().ok() } else { None }
    });
    let mut next = || numbers.next().flatten();
    let (class, subject, detail) = (next()?, next()?, next()?);
    (class == code / 100 && numbers.next().is_none()).then_some(((subject, detail), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(heard: &str, expected: &str) {
        let mut heard = heard.as_bytes().to_vec();
        let shown = match PeerReply::take(&mut heard) {
            Ok(Some(reply)) => format!("{} | {} | {}", reply.status(), reply.words, heard.len()),
            Ok(None) => "more".into(),
            Err(error) => format!("{error:?}"),
        };
        assert_eq!(shown, expected);
    }

    #[test]
    fn takes_one_reply() {
        check("250 ok\r\n", "2.0.0 | 250 ok | 0");
        check("250\r\n", "2.0.0 | 250 | 0");
        check("250 ok\n354 go\r\n", "2.0.0 | 250 ok | 8");
        check(
            "550-5.7.509 Access denied,\r\n550 5.7.509 go away\r\n",
            "5.7.509 | 550 5.7.509 Access denied, go away | 0",
        );
        check("550 4.1.1 no such user\r\n", "5.0.0 | 550 4.1.1 no such user | 0");
        check("550 5.1.1\r\n", "5.1.1 | 550 5.1.1 | 0");
        check("452 4.2.2000 full\r\n", "4.0.0 | 452 4.2.2000 full | 0");
        check("250-a\r\n550 b\r\n", "5.0.0 | 550 a b | 0");
        check("550 a\u{1b}[31mb\0\tc\rd\u{9b}e\r\n", "5.0.0 | 550 a [31mb c d e | 0");
        check("250-a\r\n250", "more");
        check("", "more");
        check("hello\r\n", "NotAReply");
        check("25\r\n", "NotAReply");
        check("250_ok\r\n", "NotAReply");
        check("150 ok\r\n", "NotAReply");
        check("950 ok\r\n", "NotAReply");
        check(&"2".repeat(limits::PEER_REPLY_BYTES_MAX + 1), "NotAReply");
        check(&"250-on and on\r\n".repeat(limits::PEER_REPLY_BYTES_MAX / 10), "NotAReply");
    }

    #[test]
    fn words_are_cut_and_bytes_that_are_no_text_are_replaced() {
        let mut heard = b"550 caf\xe9 ".to_vec();
        heard.extend("é".repeat(2000).bytes());
        heard.extend(b"\r\n");
        let reply = PeerReply::take(&mut heard).unwrap().unwrap();
        assert!(reply.words.starts_with("550 caf\u{fffd} éé"), "{}", reply.words);
        assert_eq!(reply.words.chars().count(), limits::PEER_WORDS_CHARS_MAX);
    }

    #[test]
    fn an_enhanced_code_that_ran_over_is_left_out() {
        assert_eq!(PeerReply::from_parts(421, [4, 7, 255], "slow\ndown").words, "421 slow down");
        assert_eq!(PeerReply::from_parts(421, [4, 7, 28], "slow down").status(), "4.7.28");
        assert_eq!(PeerReply::from_parts(421, [0, 0, 0], "slow down").status(), "4.0.0");
    }
}
