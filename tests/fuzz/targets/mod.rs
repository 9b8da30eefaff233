//! What is fuzzed: one function for each target, which takes any bytes and panics when something isn't as it must be.
//!
//! `cargo fuzz` calls them with bytes that coverage chose (`fuzz_targets/`), `cargo test` with the seeds and with changes
//! of them that a number chose (`tests/it/fuzz.rs`). A target looks only at what postcase shows to everybody; what it
//! compares with imports nothing.

mod session;
mod stored;

use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use postcase::address::{Keyring, MessageToken};
use postcase::base::{Chance, MailId, Mailbox, limits};
use postcase::message::{self, fields};
use postcase::smtp::server::BareNewlines;
use postcase::smtp::server::end_of_data::{EndOfData, Flaw};
use postcase::store::{Journal, Medium, SimulatedMedium};

pub use session::session;
pub use stored::{configuration, records};

/// Takes any bytes; panics when it finds something.
pub type Target = fn(&[u8]);

/// All targets. Each has its seeds in `seeds/NAME` and its binary in `fuzz_targets/NAME.rs`.
pub const TARGETS: [(&str, Target); 8] = [
    ("session", session),
    ("end_of_data", end_of_data),
    ("addresses", addresses),
    ("journal", journal),
    ("records", records),
    ("message", message),
    ("tokens", tokens),
    ("configuration", configuration),
];

/// The first byte says how the rest is cut into pieces. Where the message ends, what is stored and whether newlines are
/// bare is what [`reference`] says, for both policies.
pub fn end_of_data(bytes: &[u8]) {
    let Some((&first, input)) = bytes.split_first() else { return };
    let (expected, bare, stored) = reference(input);
    for policy in [BareNewlines::Refuse, BareNewlines::Normalise] {
        let mut reader = EndOfData::new(policy, usize::MAX);
        let (mut message, mut end, mut at) = (Vec::new(), None, 0);
        for piece in input.chunks(usize::from(first % 16) + 1) {
            let room = message.len() + reader.growth_max(piece.len());
            end = reader.feed(piece, &mut message).map(|used| at + used);
            assert!(message.len() <= room, "more was stored than was announced");
            if end.is_some() {
                break;
            }
            at += piece.len();
        }
        assert_eq!(end, expected, "{policy:?}");
        if end.is_some() {
            let refused = bare && policy == BareNewlines::Refuse;
            assert_eq!(reader.flaw(), refused.then_some(Flaw::BareNewline), "{policy:?}");
            assert_eq!(message, if refused { Vec::new() } else { stored.clone() }, "{policy:?}");
        }
    }
}

/// RFC 5321 §4.1.1.4 and §4.5.2, written to be read: line by line, where only CR LF ends a line. Where the message ends,
/// whether it has a bare newline, and its bytes with every newline as CR LF.
fn reference(input: &[u8]) -> (Option<usize>, bool, Vec<u8>) {
    let (mut stored, mut bare, mut start) = (Vec::new(), false, 0);
    while let Some(length) = input[start..].windows(2).position(|pair| pair == b"\r\n") {
        let line = &input[start..start + length];
        start += length + 2;
        if line == b"." {
            return (Some(start), bare, stored);
        }
        for &byte in line.strip_prefix(b".").unwrap_or(line) {
            bare |= byte == b'\r' || byte == b'\n';
            match byte {
                b'\r' | b'\n' => stored.extend_from_slice(b"\r\n"),
                byte => stored.push(byte),
            }
        }
        stored.extend_from_slice(b"\r\n");
    }
    (None, bare, stored)
}

/// What is taken for an address means the same when it is written and read again.
pub fn addresses(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(mailbox) = Mailbox::from_str(&text) {
        let shown = mailbox.to_string();
        let again = Mailbox::from_str(&shown).unwrap_or_else(|error| panic!("{shown:?} isn't taken again: {error}"));
        assert_eq!((again.local(), again.domain()), (mailbox.local(), mailbox.domain()));
        assert_eq!((again.to_string(), again.key()), (shown.clone(), mailbox.key()));
        assert!(!shown.contains(['\r', '\n', '\0']), "{shown:?} would break a line");
        let stored = serde_json::to_vec(&mailbox).expect("an address can be stored");
        assert_eq!(serde_json::from_slice::<Mailbox>(&stored).expect("and read"), mailbox);
    }
    if let Ok(id) = MailId::from_str(&text) {
        assert_eq!(id.to_string(), text);
        assert_eq!(MailId::from_key(&id.to_key()), Some(id));
    }
}

/// Of the seeds.
const INCARNATION: u32 = 0x6b00_1a20;

/// Any bytes as a segment: the journal opens or says why not, whatever it found can be read or is reported, and it takes
/// new entries.
pub fn journal(bytes: &[u8]) {
    let medium = SimulatedMedium::new();
    let file = medium.open("journal-6b001a20-00000001.seg").expect("a new file");
    file.write_at(0, bytes).expect("there is room");
    let Ok(opened) = Journal::open(Arc::new(medium), INCARNATION, 1, &|_, _| false) else { return };
    for (id, _) in &opened.recovered {
        let entry = opened.journal.read(*id).expect("what was recovered is whole");
        assert!(entry.message.len() <= limits::ENTRY_BYTES_MAX);
    }
    let distinct: std::collections::BTreeSet<_> = opened.recovered.iter().map(|(id, _)| id).collect();
    assert_eq!(distinct.len(), opened.recovered.len(), "no entry counts twice");
    assert!(opened.damage.iter().all(|damage| damage.offset + damage.bytes <= bytes.len() as u64));
}

/// Reading never fails and never says more than it may.
pub fn message(bytes: &[u8]) {
    let facts = message::read(bytes);
    assert!(facts.text.len() <= limits::TEXT_BYTES_MAX && facts.new_text.len() <= limits::TEXT_BYTES_MAX);
    assert!(facts.to.len() <= limits::ADDRESSES_MAX && facts.cc.len() <= limits::ADDRESSES_MAX);
    assert!(facts.references.len() <= limits::MESSAGE_IDS_MAX);
    assert!(facts.message_id.iter().all(|id| id.len() <= limits::MESSAGE_ID_BYTES_MAX));
    assert_eq!(facts, message::read(bytes), "the same bytes always mean the same");
    let stored = serde_json::to_vec(&facts).expect("facts can be stored");
    assert_eq!(serde_json::from_slice::<message::Facts>(&stored).expect("and read"), facts);
    // What a message is looked at for before it is read.
    let _ = (fields::field(bytes, "Postcase-Verification"), fields::Section::of(bytes).count("Received"));
}

/// No text proves a case but the one token that was made for it, whatever its case.
pub fn tokens(bytes: &[u8]) {
    const DOMAIN: &str = "mail.example.net";
    static MADE: OnceLock<(Keyring, String)> = OnceLock::new();
    let (keys, made) = MADE.get_or_init(|| {
        let chance = Chance::seeded(1);
        let keys = Keyring::generate(&chance);
        let made = keys.message_id(17, "key", DOMAIN, &chance);
        (keys, made)
    });
    let text = String::from_utf8_lossy(bytes);
    // So that changes of the token itself are tried, too.
    let text = text.replacen("{token}", made, 1);
    let bare = |id: &str| id.trim().trim_matches(['<', '>']).to_ascii_lowercase();
    if let Some(token) = MessageToken::of_message_id(&text, DOMAIN)
        && keys.proves(&token, "key")
    {
        assert_eq!(bare(&text), bare(made));
        assert_eq!(token.case, 17);
    }
    if let Ok(mailbox) = text.parse::<Mailbox>()
        && let Some(token) = MessageToken::of_bounce(&mailbox, DOMAIN)
    {
        let recipient = "anna@customer.example".parse().expect("an address");
        assert!(!keys.proves_bounce(&token, "key", &[recipient]), "no bounce address was made");
    }
}
