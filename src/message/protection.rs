//! How a message is signed or encrypted: S/MIME (RFC 8551), OpenPGP in MIME (RFC 3156) and in the text (RFC 9580 §7).
//!
//! It is recognised and named. Nothing is verified and nothing is decrypted: the raw message has it whole, for whoever has
//! the key.

use super::cms;
use super::facts::Protection;
use super::parts::{Part, Parts};

/// What protects the message; of several, encryption.
pub fn of(parts: &Parts<'_>, text: &str) -> Option<Protection> {
    let found = parts.list.iter().filter_map(of_part).chain(of_text(text));
    found.max_by_key(|found| found.is_encrypted())
}

fn of_part(part: &Part<'_>) -> Option<Protection> {
    let protocol = || part.content.parameter("protocol").unwrap_or_default().to_ascii_lowercase();
    match part.content.kind.as_str() {
        "multipart/signed" if protocol() == "application/pgp-signature" => Some(Protection::PgpSigned),
        "multipart/signed" => protocol().ends_with("pkcs7-signature").then_some(Protection::SmimeSigned),
        "application/pgp-signature" => Some(Protection::PgpSigned),
        // Also where a gateway has made multipart/mixed of multipart/encrypted.
        "application/pgp-encrypted" => Some(Protection::PgpEncrypted),
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => Some(Protection::SmimeSigned),
        _ => cms::kind(part).map(|kind| match kind {
            cms::Kind::Signed => Protection::SmimeSigned,
            cms::Kind::Enveloped => Protection::SmimeEncrypted,
        }),
    }
}

fn of_text(text: &str) -> Option<Protection> {
    let line = text.lines().map(str::trim_end).find(|line| line.starts_with("-----BEGIN PGP "))?;
    match line {
        "-----BEGIN PGP MESSAGE-----" => Some(Protection::PgpEncrypted),
        "-----BEGIN PGP SIGNED MESSAGE-----" => Some(Protection::PgpSigned),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;

    use super::super::cms;
    use super::*;
    use crate::message::{Facts, attachment, read};

    #[track_caller]
    fn check(raw: &str, expected: Option<Protection>) -> Facts {
        let facts = read(raw.replace('\n', "\r\n").as_bytes());
        assert_eq!(facts.protection, expected, "{raw}");
        assert_eq!(facts.unread.is_some(), expected.is_some_and(Protection::is_encrypted), "{raw}");
        facts
    }

    fn parted(kind: &str, parts: [&str; 2]) -> String {
        format!(
            "From: a@b.example\nContent-Type: multipart/{kind}; boundary=b\n\n--b\n{}\n--b\n{}\n--b--\n",
            parts[0], parts[1]
        )
    }

    #[test]
    fn parts_that_protect() {
        let text = "Content-Type: text/plain\n\nhello\n";
        let pgp = "Content-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN PGP SIGNATURE-----";
        let smime =
            "Content-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIAG";
        let signed = parted("signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha512", [text, pgp]);
        let facts = check(&signed, Some(Protection::PgpSigned));
        assert_eq!((facts.text.as_str(), facts.attachments.len()), ("hello", 1));
        check(&parted("mixed", [text, pgp]), Some(Protection::PgpSigned));
        check(
            &parted("signed; protocol=\"application/x-pkcs7-signature\"", [text, smime]),
            Some(Protection::SmimeSigned),
        );
        check(&parted("signed", [text, smime]), Some(Protection::SmimeSigned));
        let version = "Content-Type: application/pgp-encrypted\n\nVersion: 1\n";
        let message = "Content-Type: application/octet-stream; name=encrypted.asc\n\n-----BEGIN PGP MESSAGE-----";
        for kind in ["encrypted; protocol=\"application/pgp-encrypted\"", "mixed"] {
            let facts = check(&parted(kind, [version, message]), Some(Protection::PgpEncrypted));
            assert_eq!((facts.text.as_str(), facts.attachments.len()), ("", 2));
        }
        let both = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx";
        check(&parted("mixed", [both, pgp]), Some(Protection::SmimeEncrypted));
        check(&parted("mixed", [text, text]), None);
        check(&parted("signed", [text, text]), None);
    }

    #[test]
    fn texts_that_are_protected() {
        let text = |words: &str| format!("From: a@b.example\n\n{words}\n");
        check(&text("-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----"), Some(Protection::PgpEncrypted));
        check(&text("Hi\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: x\n\nhello"), Some(Protection::PgpSigned));
        check(&text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), None);
        check(&text("> -----BEGIN PGP MESSAGE-----"), None);
    }

    #[test]
    fn a_message_inside_its_signature_is_read() {
        let inner = parted(
            "mixed",
            ["Content-Type: text/plain; charset=utf-8\n\nhellö\n", "Content-Type: text/csv; name=a.csv\n\n1"],
        );
        let wrapped = |message: &str| {
            let bytes = BASE64.encode(&cms::tests::signed(message.as_bytes()));
            format!(
                "From: a@b.example\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\
                 Content-Transfer-Encoding: base64\n\n{bytes}\n"
            )
        };
        let raw = wrapped(&inner);
        let facts = check(&raw, Some(Protection::SmimeSigned));
        let names: Vec<_> = facts.attachments.iter().map(|file| file.name.as_deref().unwrap_or("-")).collect();
        assert_eq!((facts.text.as_str(), &names[..]), ("hellö", &["smime.p7m", "a.csv"][..]));
        assert_eq!(attachment(raw.as_bytes(), 1).expect("the file").1, b"1");
        assert_eq!(check(&wrapped(&wrapped(&inner)), Some(Protection::SmimeSigned)).text, "hellö");
        let many = (0..6).fold(inner, |message, _| wrapped(&message));
        assert_eq!(check(&many, Some(Protection::SmimeSigned)).text, "");
    }
}
