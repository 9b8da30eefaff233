//! Tokens: how a message proves that it belongs to a case, without anybody being able to guess one.
//!
//! A token is `NUMBER.NONCE.MAC`: the case number, eight characters of chance, and a 128-bit MAC over purpose, number,
//! the case's own random key and the nonce. It stands in the Message-ID of everything we send, so that an answer's
//! In-Reply-To carries it back, and in bounce addresses, there over the recipients too. Everything is lower-case
//! base32 (RFC 4648 §6), compared without case and in constant time, since some mail systems change case.
//!
//! The key that made a token is named by the first character of its nonce, so that keys can be changed with overlap.

use data_encoding::{BASE32_NOPAD, Encoding, Specification};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

use crate::base::{CaseNumber, Chance, Mailbox};

static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut form = Specification::new();
    form.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    form.encoding().expect("thirty-two different symbols")
});

/// The length of a [`random_label`], and of the MAC of a token.
pub(super) const LABEL_CHARS: usize = 26;

/// 128 random bits as 26 characters.
pub fn random_label(chance: &Chance) -> String {
    BASE32.encode(&chance.bytes::<16>())
}

/// The secrets of this installation, oldest first; the last one makes new tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyring {
    keys: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    /// One base32 character.
    name: char,
    /// 32 bytes in upper-case base32.
    secret: String,
}

/// A token taken apart. Worth nothing until [`Keyring::proves`] it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageToken {
    pub case: CaseNumber,
    nonce: String,
    mac: [u8; 16],
}

/// What a token is for; a token of one purpose proves nothing for another.
#[derive(Clone, Copy)]
enum Purpose<'a> {
    MessageId,
    Bounce { recipients: &'a [Mailbox] },
}

impl Keyring {
    /// A keyring with one new secret.
    pub fn generate(chance: &Chance) -> Self {
        Self { keys: vec![Key { name: 'a', secret: BASE32_NOPAD.encode(&chance.bytes::<32>()) }] }
    }

    /// Tells this installation from others, and nothing else.
    pub fn installation(&self) -> String {
        let first = self.keys.first().expect("a keyring is never empty");
        BASE32.encode(&blake3::derive_key("postcase 2026 installation", first.secret.as_bytes())[..10])
    }

    /// A new Message-ID for a message of this case, with angle brackets.
    pub fn message_id(&self, case: CaseNumber, case_key: &str, domain: &str, chance: &Chance) -> String {
        let key = self.keys.last().expect("a keyring is never empty");
        let nonce = format!("{}{}", key.name, &BASE32.encode(&chance.bytes::<5>())[..7]);
        let mac = key.mac(case, case_key, &nonce, Purpose::MessageId);
        format!("<{case}.{nonce}.{}@{domain}>", BASE32.encode(&mac))
    }

    /// The reverse-path of the message with this token, bound to its recipients.
    pub fn bounce_address(
        &self,
        token: &MessageToken,
        case_key: &str,
        recipients: &[Mailbox],
        domain: &str,
    ) -> Option<Mailbox> {
        let mac = self.key_of(token)?.mac(token.case, case_key, &token.nonce, Purpose::Bounce { recipients });
        let local = format!("bounce.{}.{}.{}", token.case, token.nonce, BASE32.encode(&mac));
        Mailbox::new(&local, domain).ok()
    }

    /// True when a Message-ID's token was made by us for the case with this key.
    pub fn proves(&self, token: &MessageToken, case_key: &str) -> bool {
        self.verify(token, case_key, Purpose::MessageId)
    }

    /// True when a bounce address was made by us for a message to these recipients.
    pub fn proves_bounce(&self, token: &MessageToken, case_key: &str, recipients: &[Mailbox]) -> bool {
        self.verify(token, case_key, Purpose::Bounce { recipients })
    }

    /// The Message-ID that a proven bounce token speaks of.
    pub fn message_id_of(&self, bounce: &MessageToken, case_key: &str, domain: &str) -> Option<String> {
        let mac = self.key_of(bounce)?.mac(bounce.case, case_key, &bounce.nonce, Purpose::MessageId);
        Some(format!("<{}.{}.{}@{domain}>", bounce.case, bounce.nonce, BASE32.encode(&mac)))
    }

    fn verify(&self, token: &MessageToken, case_key: &str, purpose: Purpose<'_>) -> bool {
        let Some(key) = self.key_of(token) else { return false };
        let expected = key.mac(token.case, case_key, &token.nonce, purpose);
        // Constant time: blake3's Hash compares so.
        let padded = |mac: [u8; 16]| blake3::hash(&mac);
        padded(expected) == padded(token.mac)
    }

    fn key_of(&self, token: &MessageToken) -> Option<&Key> {
        let name = token.nonce.chars().next()?;
        self.keys.iter().rev().find(|key| key.name == name)
    }
}

impl Key {
    fn mac(&self, case: CaseNumber, case_key: &str, nonce: &str, purpose: Purpose<'_>) -> [u8; 16] {
        let secret = blake3::derive_key("postcase 2026 thread token", self.secret.as_bytes());
        let mut mac = blake3::Hasher::new_keyed(&secret);
        let mut field = |bytes: &[u8]| {
            mac.update(&(bytes.len() as u64).to_le_bytes());
            mac.update(bytes);
        };
        field(&case.to_le_bytes());
        field(case_key.as_bytes());
        field(nonce.as_bytes());
        match purpose {
            Purpose::MessageId => field(b"message-id"),
            Purpose::Bounce { recipients } => {
                field(b"bounce");
                recipients.iter().for_each(|recipient| field(recipient.key().as_bytes()));
            }
        }
        let mut short = [0; 16];
        short.copy_from_slice(&mac.finalize().as_bytes()[..16]);
        short
    }
}

impl MessageToken {
    /// From a Message-ID, with or without angle brackets; `None` when it has not our form or another domain.
    pub fn of_message_id(id: &str, domain: &str) -> Option<Self> {
        let id = id.trim().trim_start_matches('<').trim_end_matches('>');
        let (left, right) = id.rsplit_once('@')?;
        right.eq_ignore_ascii_case(domain).then_some(())?;
        Self::parse(left)
    }

    /// From a bounce address of ours.
    pub fn of_bounce(address: &Mailbox, domain: &str) -> Option<Self> {
        address.domain().eq_ignore_ascii_case(domain).then_some(())?;
        let local = address.local().to_lowercase();
        Self::parse(local.strip_prefix("bounce.")?)
    }

    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let mut words = text.split('.');
        let (case, nonce, mac) = (words.next()?, words.next()?, words.next()?);
        (words.next().is_none() && nonce.len() == 8 && !case.starts_with('0')).then_some(())?;
        let mac = BASE32.decode(mac.as_bytes()).ok()?.try_into().ok()?;
        Some(Self { case: case.parse().ok()?, nonce: nonce.to_owned(), mac })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOMAIN: &str = "in.example.net";

    #[test]
    fn a_token_proves_its_case_and_nothing_else() {
        let chance = Chance::seeded(1);
        let keys = Keyring::generate(&chance);
        let id = keys.message_id(17, "key of 17", DOMAIN, &chance);
        let token = MessageToken::of_message_id(&id, DOMAIN).unwrap();
        assert_eq!(token.case, 17);
        assert!(keys.proves(&token, "key of 17"));
        assert!(!keys.proves(&token, "key of 18"));
        assert!(!Keyring::generate(&chance).proves(&token, "key of 17"));

        let upper = MessageToken::of_message_id(&id.to_uppercase(), DOMAIN).unwrap();
        assert!(keys.proves(&upper, "key of 17"), "mail systems may change case");
        let other = MessageToken::of_message_id(&id.replace("<17.", "<18."), DOMAIN).unwrap();
        assert!(!keys.proves(&other, "key of 17"), "the number is part of what is proved");
    }

    #[test]
    fn a_bounce_address_is_bound_to_purpose_and_recipients() {
        let chance = Chance::seeded(2);
        let keys = Keyring::generate(&chance);
        let recipients = ["anna@customer.example".parse().unwrap()];
        let id = keys.message_id(17, "key", DOMAIN, &chance);
        let sent = MessageToken::of_message_id(&id, DOMAIN).unwrap();
        let address = keys.bounce_address(&sent, "key", &recipients, DOMAIN).unwrap();
        assert!(address.local().len() <= 64);
        let bounce = MessageToken::of_bounce(&address, DOMAIN).unwrap();
        assert!(keys.proves_bounce(&bounce, "key", &recipients));
        assert!(!keys.proves_bounce(&bounce, "key", &["eve@customer.example".parse().unwrap()]));
        assert!(!keys.proves(&bounce, "key"));
        assert!(!keys.proves_bounce(&sent, "key", &recipients));
        assert_eq!(keys.message_id_of(&bounce, "key", DOMAIN), Some(id));
    }

    #[test]
    fn other_forms_are_no_tokens() {
        for id in [
            "<17.abcdefgh.short@in.example.net>",
            "<a@b>",
            "",
            "<017.abcdefgh.aaaaaaaaaaaaaaaaaaaaaaaaaa@in.example.net>",
        ] {
            assert_eq!(MessageToken::of_message_id(id, DOMAIN), None, "{id}");
        }
        let id = Keyring::generate(&Chance::seeded(3)).message_id(1, "k", "elsewhere.example", &Chance::seeded(4));
        assert_eq!(MessageToken::of_message_id(&id, DOMAIN), None);
    }
}
