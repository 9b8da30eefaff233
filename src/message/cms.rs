//! What an S/MIME part is, and the message inside one that is signed and not encrypted (RFC 8551 §3.2, RFC 5652).
//!
//! Reads just enough BER for that: definite and indefinite lengths, content in one piece or in several. No signature is
//! verified and nothing is decrypted. What is cut or broken has no content; nesting ends at [`DEPTH_MAX`].

use super::parts::Part;

/// What is in it, by its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Signed,
    Enveloped,
}

/// 1.2.840.113549.1.7
const PKCS7: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07";
/// 1.2.840.113549.1.9.16.1.23, authenticated encryption (RFC 5083).
const AUTH_ENVELOPED: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";
const DEPTH_MAX: usize = 8;
const SEQUENCE: u8 = 0x30;
const OBJECT_ID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const CONSTRUCTED: u8 = 0x20;
const EXPLICIT_0: u8 = 0xA0;

/// What the part is: by its bytes, else by what its sender says of it.
pub fn kind(part: &Part<'_>) -> Option<Kind> {
    if !is_smime(part) {
        return None;
    }
    let bytes = part.encoding.decode(part.body);
    // RFC 8551 §3.2.2; who leaves the parameter out has encrypted most of the time.
    let said = part.content.parameter("smime-type").unwrap_or("enveloped-data").to_ascii_lowercase();
    content_info(&bytes).map_or_else(
        || match &*said {
            "signed-data" => Some(Kind::Signed),
            "enveloped-data" | "authenveloped-data" => Some(Kind::Enveloped),
            _ => None,
        },
        |(kind, _)| kind,
    )
}

/// The message inside a signed part.
pub fn signed_content(part: &Part<'_>) -> Option<Vec<u8>> {
    if !is_smime(part) {
        return None;
    }
    let bytes = part.encoding.decode(part.body);
    let (Some(Kind::Signed), content) = content_info(&bytes)? else { return None };
    let mut signed = content.within(EXPLICIT_0)?.within(SEQUENCE)?;
    // Its version and its digest algorithms.
    signed.next()?;
    signed.next()?;
    let mut inner = signed.within(SEQUENCE)?;
    inner.next().filter(|(tag, _)| *tag == OBJECT_ID)?;
    let mut message = Vec::new();
    octets(inner.within(EXPLICIT_0)?, 0, &mut message)?;
    Some(message).filter(|message| !message.is_empty())
}

/// RFC 8551 §3.9: the type, or the ending of the name where it says nothing.
fn is_smime(part: &Part<'_>) -> bool {
    let ends_so = || part.name().is_some_and(|name| name.to_ascii_lowercase().ends_with(".p7m"));
    match part.content.kind.as_str() {
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => true,
        "application/octet-stream" => ends_so(),
        _ => false,
    }
}

/// The type of the outermost content, none where it is another one, and what stands behind that.
fn content_info(bytes: &[u8]) -> Option<(Option<Kind>, Ber<'_>)> {
    let mut info = Ber(bytes).within(SEQUENCE)?;
    let (_, id) = info.next().filter(|(tag, _)| *tag == OBJECT_ID)?;
    let kind = match id.strip_prefix(PKCS7) {
        Some([2]) => Some(Kind::Signed),
        Some([3]) => Some(Kind::Enveloped),
        _ => (id == AUTH_ENVELOPED).then_some(Kind::Enveloped),
    };
    Some((kind, info))
}

/// An octet string, which may be made of several.
fn octets(mut ber: Ber<'_>, depth: usize, found: &mut Vec<u8>) -> Option<()> {
    while let Some((tag, content)) = ber.next() {
        match tag {
            OCTETS => found.extend_from_slice(content),
            tag if tag == OCTETS | CONSTRUCTED && depth < DEPTH_MAX => octets(Ber(content), depth + 1, found)?,
            _ => return None,
        }
    }
    Some(())
}

/// Elements one behind the other.
#[derive(Clone, Copy)]
struct Ber<'a>(&'a [u8]);

impl<'a> Ber<'a> {
    /// The elements of the next one, when it has that tag.
    fn within(mut self, tag: u8) -> Option<Ber<'a>> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| Ber(content))
    }

    /// Tag and content of the next one.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        element(&mut self.0, 0)
    }
}

/// Tag and content of the element in front; `None` where it is cut, and at the end of an indefinite length.
fn element<'a>(rest: &mut &'a [u8], depth: usize) -> Option<(u8, &'a [u8])> {
    let (tag, length) = (*rest.split_off_first()?, *rest.split_off_first()?);
    if tag == 0 || tag & 0x1F == 0x1F {
        return None;
    }
    if length == 0x80 {
        let whole = *rest;
        while !rest.starts_with(&[0, 0]) {
            (depth < DEPTH_MAX).then(|| element(rest, depth + 1))??;
        }
        let content = &whole[..whole.len() - rest.len()];
        rest.split_off(..2)?;
        return Some((tag, content));
    }
    let length = match length {
        0x80.. => {
            let number = rest.split_off(..usize::from(length & 0x7F)).filter(|number| number.len() <= 4)?;
            number.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
        }
        _ => usize::from(length),
    };
    Some((tag, rest.split_off(..length)?))
}

#[cfg(test)]
pub(super) mod tests {
    use data_encoding::BASE64;

    use super::super::parts;
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len()).expect("short").to_be_bytes();
        [&[tag, 0x82], &length[..], content].concat()
    }

    fn endless(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    fn info(write: fn(u8, &[u8]) -> Vec<u8>, kind: u8, content: &[u8]) -> Vec<u8> {
        let id = tlv(OBJECT_ID, &[PKCS7, &[kind]].concat());
        write(SEQUENCE, &[id, write(EXPLICIT_0, content)].concat())
    }

    /// Signed data around a message, without signatures.
    pub fn signed(message: &[u8]) -> Vec<u8> {
        signed_by(tlv, &tlv(OCTETS, message))
    }

    fn signed_by(write: fn(u8, &[u8]) -> Vec<u8>, octets: &[u8]) -> Vec<u8> {
        let parts = [tlv(2, &[1]), write(0x31, b""), info(write, 1, octets), write(0x31, b"")];
        info(write, 2, &write(SEQUENCE, &parts.concat()))
    }

    fn part(fields: &str, bytes: &[u8]) -> String {
        format!("Content-Type: {fields}\nContent-Transfer-Encoding: base64\n\n{}\n", BASE64.encode(bytes))
    }

    const SMIME: &str = "application/pkcs7-mime";

    #[test]
    fn kinds_by_the_bytes_and_by_the_word() {
        let auth = tlv(SEQUENCE, &tlv(OBJECT_ID, AUTH_ENVELOPED));
        for (fields, bytes, expected) in [
            (SMIME, info(tlv, 3, b""), Some(Kind::Enveloped)),
            ("application/x-pkcs7-mime; smime-type=signed-data", info(endless, 3, b""), Some(Kind::Enveloped)),
            (SMIME, info(tlv, 2, b""), Some(Kind::Signed)),
            (SMIME, auth, Some(Kind::Enveloped)),
            (SMIME, info(tlv, 6, b""), None),
            (SMIME, b"x".to_vec(), Some(Kind::Enveloped)),
            ("application/pkcs7-mime; smime-type=Signed-Data", b"x".to_vec(), Some(Kind::Signed)),
            ("application/pkcs7-mime; smime-type=certs-only", b"x".to_vec(), None),
            ("application/octet-stream; name=smime.P7M", info(tlv, 3, b""), Some(Kind::Enveloped)),
            ("application/octet-stream; name=x", info(tlv, 3, b""), None),
        ] {
            let raw = part(fields, &bytes);
            assert_eq!(kind(&parts::split(raw.as_bytes()).list[0]), expected, "{raw}");
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: Option<&[u8]>) {
        let raw = part(SMIME, bytes);
        assert_eq!(signed_content(&parts::split(raw.as_bytes()).list[0]).as_deref(), expected, "{bytes:?}");
    }

    #[test]
    fn what_is_signed() {
        check(&signed(b"Subject: x\n\nhi"), Some(b"Subject: x\n\nhi"));
        let pieces = endless(OCTETS | CONSTRUCTED, &[tlv(OCTETS, b"one "), tlv(OCTETS, b"two")].concat());
        check(&signed_by(endless, &pieces), Some(b"one two"));
        check(&signed(b""), None);
        check(&info(tlv, 3, b""), None);
        check(b"", None);
        let deep = (0..20).fold(tlv(OCTETS, b"x"), |inner, _| endless(OCTETS | CONSTRUCTED, &inner));
        check(&signed_by(tlv, &deep), None);
    }

    #[test]
    fn cut_and_broken_content_ends_quietly() {
        for whole in [signed(b"hello"), signed_by(endless, &endless(OCTETS | CONSTRUCTED, &tlv(OCTETS, b"hello")))] {
            for end in 0..whole.len() {
                let raw = part(SMIME, &whole[..end]);
                let _ = signed_content(&parts::split(raw.as_bytes()).list[0]);
            }
            for at in 0..whole.len() {
                for byte in [0, 0x80, 0x84, 0xFF] {
                    let mut broken = whole.clone();
                    broken[at] = byte;
                    let raw = part(SMIME, &broken);
                    let _ = signed_content(&parts::split(raw.as_bytes()).list[0]);
                }
            }
        }
    }
}
