//! What a message claims about its sender, cut out of it: the header section and the digests of its body. The body itself
//! is not needed for longer, so that many messages can wait for DNS at a time.

use std::sync::Arc;

use mail_auth::AuthenticatedMessage;
use mail_auth::common::crypto::{Algorithm, HashAlgorithm};
use mail_auth::dkim::{Canonicalization, Signature};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::base::{AuthResult, Mailbox, limits};

/// Bytes that one permit of the room stands for.
const ROOM_UNIT: usize = 1024;

/// See the module.
#[derive(Debug)]
pub struct Claims {
    /// The author that the reader found.
    author: Option<Mailbox>,
    /// It has DKIM signatures.
    pub(super) is_signed: bool,
    /// It has fields of an ARC chain.
    pub(super) is_chained: bool,
    /// Empty when nothing in it is signed.
    section: Vec<u8>,
    body_hashes: Vec<BodyHash>,
    /// Too large a header section, or no room for it now.
    pub(super) excess: Option<Excess>,
    /// More than one From field: who signs one of them doesn't sign what is shown.
    pub(super) several_authors: bool,
    /// Given back with this.
    _room: Option<OwnedSemaphorePermit>,
}

/// Why signatures are not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// More header than any honest message has.
    TooLarge,
    /// Too many others wait.
    NoRoom,
}

/// Algorithms, length (0 for all) and digest.
type BodyHash = (Canonicalization, HashAlgorithm, u64, Vec<u8>);

/// What is taken from a message's signature fields.
pub(super) struct Signed<'c> {
    /// Without its DKIM signatures.
    pub message: AuthenticatedMessage<'c>,
    /// Those that are looked at: few, of algorithms that may be used, the author's own domain first.
    pub signatures: Vec<mail_auth::common::headers::Header<'c, Signature>>,
    /// Signatures that can't be read, or may not be used (RFC 8301 §3.1).
    pub useless: bool,
    /// A chain with signatures that may not be used.
    pub useless_chain: bool,
}

/// The room in which the claims of messages wait.
pub(super) fn room() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(limits::AUTH_BYTES_MAX / ROOM_UNIT))
}

impl Excess {
    /// The result of what was not looked at.
    pub fn word(self) -> AuthResult {
        match self {
            Self::TooLarge => AuthResult::Permerror,
            Self::NoRoom => AuthResult::Temperror,
        }
    }
}

impl Claims {
    pub(super) fn of(message: &[u8], author: Option<Mailbox>, room: &Arc<Semaphore>) -> Self {
        let mut claims = Self {
            author,
            is_signed: false,
            is_chained: false,
            section: Vec::new(),
            body_hashes: Vec::new(),
            excess: None,
            several_authors: false,
            _room: None,
        };
        if is_too_large(message) {
            claims.excess = Some(Excess::TooLarge);
            return claims;
        }
        let Some(parsed) = AuthenticatedMessage::parse(message) else { return claims };
        if parsed.headers.len() > limits::HEADER_FIELDS_MAX {
            claims.excess = Some(Excess::TooLarge);
            return claims;
        }
        let authors = parsed.headers.iter().filter(|(name, _)| name.trim_ascii().eq_ignore_ascii_case(b"from"));
        claims.several_authors = authors.count() > 1;
        claims.is_signed = !parsed.dkim_headers.is_empty() || parsed.has_dkim_errors;
        claims.is_chained = is_chained(&parsed);
        if !claims.is_signed && !claims.is_chained {
            return claims;
        }
        let section = parsed.raw_headers();
        let units = u32::try_from(section.len().div_ceil(ROOM_UNIT)).unwrap_or(u32::MAX);
        match room.clone().try_acquire_many_owned(units) {
            Ok(permit) => claims._room = Some(permit),
            Err(_) => {
                claims.excess = Some(Excess::NoRoom);
                return claims;
            }
        }
        claims.section = section.to_vec();
        claims.body_hashes = parsed.body_hashes;
        claims
    }

    /// The author's domain, when it is a name.
    pub(super) fn author_domain(&self) -> Option<&str> {
        self.author.as_ref().map(Mailbox::domain).filter(|domain| !domain.starts_with('['))
    }

    pub(super) fn signed(&self) -> Signed<'_> {
        let mut message = AuthenticatedMessage::parse(&self.section).unwrap_or_default();
        message.body_hashes.clone_from(&self.body_hashes);
        message.from = self.author.iter().map(Mailbox::key).collect();
        let usable =
            |algorithm, field: &[u8]| algorithm != Algorithm::RsaSha1 && field.len() <= limits::SIGNATURE_BYTES_MAX;
        let all = std::mem::take(&mut message.dkim_headers);
        let count = all.len();
        let mut signatures: Vec<_> = all.into_iter().filter(|field| usable(field.header.a, field.value)).collect();
        let author = self.author.as_ref().map_or("", Mailbox::domain);
        signatures.sort_by_key(|field| !(is_within(author, &field.header.d) || is_within(&field.header.d, author)));
        let useless = signatures.len() < count || message.has_dkim_errors;
        signatures.truncate(limits::SIGNATURES_MAX);
        for field in &mut signatures {
            // What these ask for are reports and third parties' leave: more look-ups, and none that we need.
            (field.header.r, field.header.atps) = (false, None);
        }
        let useless_chain = !message.ams_headers.iter().all(|field| usable(field.header.a, field.value))
            || !message.as_headers.iter().all(|field| usable(field.header.a, field.value));
        Signed { message, signatures, useless, useless_chain }
    }
}

/// True when `name` is `domain` or below it.
fn is_within(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_chained(message: &AuthenticatedMessage<'_>) -> bool {
    let fields = message.ams_headers.len() + message.as_headers.len() + message.aar_headers.len();
    fields > 0 || message.has_arc_errors
}

/// True when the header section doesn't end where that of every honest message has ended.
fn is_too_large(message: &[u8]) -> bool {
    let looked_at = limits::HEADER_BYTES_MAX + 4;
    message.len() > looked_at && memchr::memmem::find(&message[..looked_at], b"\r\n\r\n").is_none()
}
