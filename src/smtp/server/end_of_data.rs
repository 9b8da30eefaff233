//! The end of a message, found in its bytes (RFC 5321 §4.1.1.4, §4.5.2).
//!
//! An automaton without I/O: it is fed the bytes behind 354 in any pieces, appends the message with its dots unstuffed,
//! and says where the message ended, so that what the peer sent behind it is left alone.
//!
//! - It starts as if it just came from a CRLF: a lone dot as the first line is the end of an empty message.
//! - Only the five bytes CR LF `.` CR LF end a message. A line begins behind CR LF and nowhere else: a dot behind a bare CR
//!   or bare LF is text, neither unstuffed nor an end. A dot that begins a line and isn't the end is taken away, whatever
//!   follows it, also a bare newline.
//! - A CR without LF behind it, or an LF without CR before it, is bare. In CR CR LF the first is bare and the rest is a
//!   line end. Where bare ones are normalised each becomes CR LF in what is stored; what the automaton takes for a line
//!   stays the same, so that a peer with another idea of lines can't smuggle a second message (it can only get a dot kept).
//! - NUL and all other bytes are stored as they come.
//!
//! A message that will be refused is still read to its true end, else its rest would be taken for commands; nothing more
//! of it is stored.

use memchr::memchr2;

use super::BareNewlines;

/// Reads one message.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone, PartialEq))]
pub struct EndOfData {
    behind: Behind,
    bare_newlines: BareNewlines,
    bytes_max: usize,
    /// Of the message as it is or would be stored (RFC 1870 §5: without stuffed dots and the final one).
    size: usize,
    has_bare_newline: bool,
    discards: bool,
}

/// What the bytes before this one were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// CR LF, or nothing.
    LineEnd,
    /// A dot at the start of a line; not stored.
    Dot,
    /// A dot at the start of a line, then a CR; not stored.
    DotCr,
    /// A CR elsewhere; stored.
    Cr,
    /// Anything else.
    Text,
}

/// Why a message can't be taken as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A bare CR or LF where they are refused.
    BareNewline,
    /// More than the limit.
    TooLarge,
}

impl EndOfData {
    pub fn new(bare_newlines: BareNewlines, bytes_max: usize) -> Self {
        let behind = Behind::LineEnd;
        Self { behind, bare_newlines, bytes_max, size: 0, has_bare_newline: false, discards: false }
    }

    /// Takes the next bytes. `Some(n)`: the message ended with the first `n` of them; the rest is not touched.
    /// `message` is emptied as soon as it is clear that it won't be taken.
    pub fn feed(&mut self, input: &[u8], message: &mut Vec<u8>) -> Option<usize> {
        use Behind::{Cr, Dot, DotCr, LineEnd, Text};
        // Bytes from `kept` to `at` are the message's and not yet stored.
        let (mut kept, mut at) = (0, 0);
        while at < input.len() {
            let byte = input[at];
            match (self.behind, byte) {
                (Text, _) => match memchr2(b'\r', b'\n', &input[at..]) {
                    None => at = input.len(),
                    Some(text) if input[at + text] == b'\r' => {
                        at += text + 1;
                        self.behind = Cr;
                    }
                    Some(text) => {
                        self.store(&input[kept..at + text], message);
                        self.bare(b"\r\n", message);
                        at += text + 1;
                        kept = at;
                    }
                },
                (Cr, b'\n') => {
                    at += 1;
                    self.behind = LineEnd;
                }
                (Cr, _) => {
                    self.store(&input[kept..at], message);
                    self.bare(b"\n", message);
                    kept = at;
                    self.behind = Text;
                }
                (LineEnd, b'.') => {
                    self.store(&input[kept..at], message);
                    at += 1;
                    kept = at;
                    self.behind = Dot;
                }
                (Dot, b'\r') => {
                    at += 1;
                    kept = at;
                    self.behind = DotCr;
                }
                (LineEnd | Dot, _) => self.behind = Text,
                (DotCr, b'\n') => return Some(at + 1),
                (DotCr, _) => {
                    self.bare(b"\r\n", message);
                    self.behind = Text;
                }
            }
        }
        self.store(&input[kept..], message);
        None
    }

    /// How much `message` can grow when so many bytes are fed.
    pub fn growth_max(&self, fed: usize) -> usize {
        match self.bare_newlines {
            BareNewlines::Refuse => fed,
            // Every byte may be a newline to complete, and a dot and a CR may be waiting from before.
            BareNewlines::Normalise => 2 * fed + 2,
        }
    }

    /// Stores nothing from here on, and forgets what is stored.
    pub fn discard(&mut self, message: &mut Vec<u8>) {
        self.discards = true;
        *message = Vec::new();
    }

    /// True when nothing is stored any more.
    pub fn discards(&self) -> bool {
        self.discards
    }

    /// What is wrong with the bytes so far.
    pub fn flaw(&self) -> Option<Flaw> {
        if self.has_bare_newline && self.bare_newlines == BareNewlines::Refuse {
            Some(Flaw::BareNewline)
        } else if self.size > self.bytes_max {
            Some(Flaw::TooLarge)
        } else {
            None
        }
    }

    /// A bare newline was met; `completion` makes it CR LF.
    fn bare(&mut self, completion: &[u8], message: &mut Vec<u8>) {
        self.has_bare_newline = true;
        self.store(completion, message);
    }

    fn store(&mut self, bytes: &[u8], message: &mut Vec<u8>) {
        self.size = self.size.saturating_add(bytes.len());
        if self.discards {
        } else if self.flaw().is_some() {
            self.discard(message);
        } else {
            message.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader says of some input: where the message ended, what is wrong with it, and its bytes if nothing is.
    type Said = (Option<usize>, Option<Flaw>, Vec<u8>);

    fn read(policy: BareNewlines, bytes_max: usize, pieces: &[&[u8]]) -> Said {
        let mut reader = EndOfData::new(policy, bytes_max);
        let mut message = Vec::new();
        let mut before = 0;
        for piece in pieces {
            let room = message.len() + reader.growth_max(piece.len());
            let end = reader.feed(piece, &mut message);
            assert!(message.len() <= room);
            if let Some(end) = end {
                return (Some(before + end), reader.flaw(), message);
            }
            before += piece.len();
        }
        (None, reader.flaw(), Vec::new())
    }

    /// The standard as a table: state, byte, next state, what is stored when newlines are completed, and `!` for a bare
    /// one. States: `^` start of a line, `t` text, `r` CR in text, `.` a dot that began a line, `x` that dot and a CR,
    /// `$` the end. Bytes other than CR (`R`), LF (`N`) and dot are `a`.
    const TABLE: &[(char, char, char, &str)] = &[
        ('^', 'R', 'r', ""),
        ('^', 'N', 't', "\r\n!"),
        ('^', '.', '.', ""),
        ('^', 'a', 't', "_"),
        ('t', 'R', 'r', ""),
        ('t', 'N', 't', "\r\n!"),
        ('t', '.', 't', "_"),
        ('t', 'a', 't', "_"),
        ('r', 'R', 'r', "\r\n!"),
        ('r', 'N', '^', "\r\n"),
        ('r', '.', 't', "\r\n!_"),
        ('r', 'a', 't', "\r\n!_"),
        ('.', 'R', 'x', ""),
        ('.', 'N', 't', "\r\n!"),
        ('.', '.', 't', "_"),
        ('.', 'a', 't', "_"),
        ('x', 'R', 'r', "\r\n!"),
        ('x', 'N', '$', ""),
        ('x', '.', 't', "\r\n!_"),
        ('x', 'a', 't', "\r\n!_"),
    ];

    /// The table at work, one byte at a time.
    fn reference(input: &[u8]) -> (Option<usize>, bool, Vec<u8>) {
        let (mut state, mut bare, mut stored) = ('^', false, Vec::new());
        for (n, &byte) in input.iter().enumerate() {
            let class = match byte {
                b'\r' => 'R',
                b'\n' => 'N',
                b'.' => '.',
                _ => 'a',
            };
            let &(_, _, next, output) = TABLE.iter().find(|row| (row.0, row.1) == (state, class)).unwrap();
            for c in output.bytes() {
                match c {
                    b'!' => bare = true,
                    b'_' => stored.push(byte),
                    c => stored.push(c),
                }
            }
            state = next;
            if state == '$' {
                return (Some(n + 1), bare, stored);
            }
        }
        (None, bare, stored)
    }

    #[track_caller]
    fn agrees(input: &[u8]) {
        let (end, bare, stored) = reference(input);
        let flawed = end.is_some() && bare;
        let refused = (end, flawed.then_some(Flaw::BareNewline), if flawed { Vec::new() } else { stored.clone() });
        let normalised = (end, None, stored);
        let whole = |policy| read(policy, usize::MAX, &[input]);
        let bytewise = |policy| read(policy, usize::MAX, &input.chunks(1).collect::<Vec<_>>());
        let split = |policy, at| read(policy, usize::MAX, &[&input[..at], &input[at..]]);
        for (policy, expected) in [(BareNewlines::Refuse, refused), (BareNewlines::Normalise, normalised)] {
            let same = |(end, flaw, message): Said| match end {
                // What is stored of a message without end doesn't matter.
                None => expected.0.is_none(),
                Some(_) => (end, flaw, &message) == (expected.0, expected.1, &expected.2),
            };
            assert!(same(whole(policy)) && same(bytewise(policy)), "{policy:?} {:?}", input.escape_ascii().to_string());
            for at in 1..input.len() {
                assert!(same(split(policy, at)), "{policy:?} {:?} at {at}", input.escape_ascii().to_string());
            }
        }
    }

    /// A reader and what it has stored, after some bytes.
    type At = (EndOfData, Vec<u8>);

    /// Explores all strings that go on from `input` with up to `more` letters, in every split. `behind[i]` is the reader
    /// behind the first `i` bytes; all splits so far led to that one state. So it is enough that from each of them the
    /// rest in one piece leads to the same state again: the last piece of any split is one of these rests.
    fn explore(policy: BareNewlines, more: usize, input: &mut Vec<u8>, behind: &mut Vec<At>) {
        let mut reached: Option<(Option<usize>, At)> = None;
        for (from, (reader, message)) in behind.iter().enumerate() {
            let (mut reader, mut message) = (reader.clone(), message.clone());
            let end = reader.feed(&input[from..], &mut message).map(|end| from + end);
            let now = (end, (reader, message));
            let first = reached.get_or_insert_with(|| now.clone());
            assert!(now == *first, "{} split at {from}", input.escape_ascii());
        }
        let (end, at) = reached.unwrap_or_else(|| (None, (EndOfData::new(policy, usize::MAX), Vec::new())));
        meets_the_table(input, end, &at);
        if end.is_some() || more == 0 {
            return;
        }
        behind.push(at);
        for letter in [b'\r', b'\n', b'.', 0, b'a'] {
            input.push(letter);
            explore(policy, more - 1, input, behind);
            input.pop();
        }
        behind.pop();
    }

    /// Most short strings don't end by themselves; with a true end behind them their bytes can be compared.
    fn meets_the_table(input: &[u8], end: Option<usize>, (reader, message): &At) {
        const END: &[u8] = b"\r\n.\r\n";
        let (mut reader, mut message) = (reader.clone(), message.clone());
        let end = end.or_else(|| reader.feed(END, &mut message).map(|end| input.len() + end));
        let (expected, bare, stored) = reference(&[input, END].concat());
        let flaw = (bare && reader.bare_newlines == BareNewlines::Refuse).then_some(Flaw::BareNewline);
        let stored = if flaw.is_some() { Vec::new() } else { stored };
        assert!((end, reader.flaw(), message) == (expected, flaw, stored), "{}", input.escape_ascii());
    }

    #[test]
    fn every_short_input_in_every_split_agrees_with_the_table() {
        for policy in [BareNewlines::Refuse, BareNewlines::Normalise] {
            explore(policy, 8, &mut Vec::new(), &mut Vec::new());
        }
    }

    #[track_caller]
    fn check(input: &str, expected: &str) {
        let show = |(end, flaw, message): Said| match (end, flaw) {
            (None, _) => "goes on".to_owned(),
            (Some(end), Some(flaw)) => format!("{end} {flaw:?}"),
            (Some(end), None) => format!("{end} {}", message.escape_ascii()),
        };
        assert_eq!(show(read(BareNewlines::Refuse, 10, &[input.as_bytes()])), expected);
    }

    #[test]
    fn ends_flaws_and_sizes() {
        check(".\r\n", "3 ");
        check(".\r\nMAIL", "3 ");
        check("a\r\n.\r\nMAIL", r"6 a\r\n");
        check("..\r\n...\r\n.\r\n", r"12 .\r\n..\r\n");
        check(".a\r\n.\r\n", r"7 a\r\n");
        check("\0\r\n.\r\n", r"6 \x00\r\n");
        check("a\r\n.\r", "goes on");
        check("a\r\r\n.\r\n", "7 BareNewline");
        check("a\n.\r\n\r\n.\r\n", "10 BareNewline");
        check("12345678\r\n.\r\n", r"13 12345678\r\n");
        check("123456789\r\n.\r\n", "14 TooLarge");
        check("..2345678\r\n.\r\n", r"14 .2345678\r\n");
        check("123456789\r\n\n.\r\n\r\n.\r\n", "20 BareNewline");
    }

    #[test]
    fn no_known_smuggling_sequence_ends_a_message() {
        let own = ["0a2e0a", "0a2e0d", "0d2e0a", "0d2e0d", "0a2e0d0a", "0d2e0d0a", "0d0a002e0d0a", "0d0a2e0a"]
            .map(str::to_owned)
            .into_iter();
        let corpus = std::env::var("POSTCASE_CORPUS")
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus").to_owned());
        let known: Vec<serde_json::Value> = std::fs::read(format!("{corpus}/hostile/smuggling.json"))
            .map(|file| serde_json::from_slice(&file).unwrap())
            .unwrap_or_default();
        let known = known.iter().map(|case| case["sequence_hex"].as_str().unwrap().to_owned());
        for hex in own.chain(known) {
            let sequence = data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap();
            let input = [b"first\r\nline", &sequence[..], b"MAIL FROM:<smuggled@example.com>\r\n"].concat();
            for policy in [BareNewlines::Refuse, BareNewlines::Normalise] {
                assert_eq!(read(policy, usize::MAX, &[&input]).0, None, "{hex}");
            }
            agrees(&[&input[..], b".\r\n"].concat());
        }
    }
}
