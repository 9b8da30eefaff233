//! What we sign is verified twice: by the library that also verifies others' mail, and by hand, from the text of the
//! standard alone.

use aws_lc_rs::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use super::*;
use crate::base::Time;

const REPLY: &str = "From: Support <support@company.example>\r\nTo: anna@customer.example\r\nSubject: Re:  Printer\r\n\t[#1]\r\n\
                     Message-ID: <r@mail.example.net>\r\nMIME-Version: 1.0\r\nX-Other: x\r\n\r\nHave you  tried \r\n\r\nit?\r\n\r\n\r\n";

fn key(algorithm: DkimAlgorithm) -> DkimKey {
    DkimKey::generate(algorithm, "s1".into(), Time::UNIX_EPOCH).unwrap()
}

#[tokio::test]
async fn our_signatures_are_verified() {
    for algorithm in [DkimAlgorithm::Rsa, DkimAlgorithm::Ed25519] {
        let key = key(algorithm);
        let record = key.record("company.example");
        assert_eq!(record.name, "s1._domainkey.company.example");
        let authenticator = authenticator(&format!(
            "{} TXT {}\n_dmarc.company.example TXT v=DMARC1; p=reject; adkim=s",
            record.name, record.value
        ))
        .await;
        let message = String::from_utf8(signed("company.example", std::slice::from_ref(&key), REPLY.into())).unwrap();
        assert!(message.ends_with(REPLY) && message.lines().all(|line| line.len() < 100), "{message}");
        let check = async |message: &str, expected: &str| {
            let found = results(&authenticator, &transaction("", ""), message).await;
            assert_eq!(found.to_string(), format!("spf=none {expected} arc=none"), "{message}");
        };
        check(&message, "dkim=pass dmarc=pass").await;
        // What a relay may do: fold otherwise, add trace fields.
        let relayed = message.replace("Subject: Re:  Printer\r\n\t[#1]", "Subject: Re: Printer [#1]");
        check(&format!("Received: by relay\r\n{relayed}"), "dkim=pass dmarc=pass").await;
        // What it may not: change, add or take away what people see.
        for (was, is) in [
            ("it?", "it!"),
            ("<support@", "<boss@"),
            ("Printer", "Scanner"),
            ("To: anna@", "To: eve@"),
            ("MIME-Version: 1.0\r\n", ""),
            ("X-Other: x", "Cc: eve@evil.example"),
            ("X-Other: x", "Reply-To: eve@evil.example"),
            ("X-Other: x", "Subject: Re: Money"),
            ("X-Other: x", "Content-Type: text/html"),
        ] {
            check(&message.replace(was, is), "dkim=fail dmarc=fail").await;
        }
        let other_name = message.replace("d=company.example", "d=evil.example");
        check(&other_name, "dkim=permerror dmarc=fail").await;
    }
}

/// By hand: RFC 6376 §3.4.2, §3.4.4, §3.7, RFC 8463 §3.
#[test]
fn our_signatures_are_right_by_the_letter() {
    for algorithm in [DkimAlgorithm::Rsa, DkimAlgorithm::Ed25519] {
        let key = key(algorithm);
        let field = key.signature("company.example", REPLY.as_bytes()).unwrap();
        let tag = |name: &str| {
            let unfolded = field.replace(['\r', '\n', '\t', ' '], "");
            let (_, tags) = unfolded.split_once(':').unwrap();
            let found = tags.split(';').find_map(|tag| tag.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
            found.unwrap_or_default()
        };
        assert_eq!((tag("v"), tag("c"), tag("d"), tag("s")), text("1 relaxed/relaxed company.example s1"));
        assert_eq!((tag("l"), tag("x")), (String::new(), String::new()));
        let body = "Have you tried\r\n\r\nit?\r\n";
        assert_eq!(tag("bh"), data_encoding::BASE64.encode(&Sha256::digest(body)));
        let mut hashed = String::new();
        let names = tag("h").to_lowercase();
        for name in ["from", "reply-to", "to", "cc", "subject", "date", "message-id", "content-type"] {
            let times = names.split(':').filter(|signed| *signed == name).count();
            assert_eq!(times, 2, "{name} in {names}");
        }
        let mut lines: Vec<(String, String)> = REPLY.split("\r\n\r\n").next().map(fields).unwrap();
        for name in names.split(':') {
            if let Some(at) = lines.iter().rposition(|(field, _)| field == name) {
                let (name, value) = lines.remove(at);
                hashed += &format!("{name}:{value}\r\n");
            }
        }
        let unsigned = field.trim_end().rsplit_once("b=").unwrap().0.to_owned() + "b=";
        let (name, value) = fields(&(unsigned + ";").replace("b=;", "b=")).remove(0);
        hashed += &format!("{name}:{value}");
        // Behind the signature there may be a last semicolon, which is signed.
        if field.trim_end().ends_with(';') {
            hashed += ";";
        }
        let (_, public) =
            key.record("company.example").value.rsplit_once("p=").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let public = data_encoding::BASE64.decode(public.as_bytes()).unwrap();
        let signature = data_encoding::BASE64.decode(tag("b").as_bytes()).unwrap();
        let verified = match algorithm {
            DkimAlgorithm::Rsa => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public).verify(hashed.as_bytes(), &signature)
            }
            DkimAlgorithm::Ed25519 => {
                UnparsedPublicKey::new(&ED25519, public).verify(&Sha256::digest(&hashed), &signature)
            }
        };
        assert!(verified.is_ok(), "{algorithm:?}\n{field}\n{hashed}");
    }
}

fn text(words: &str) -> (String, String, String, String) {
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    (words[0].clone(), words[1].clone(), words[2].clone(), words[3].clone())
}

/// Names in lower case, values unfolded, with single spaces.
fn fields(section: &str) -> Vec<(String, String)> {
    let unfolded = section.replace("\r\n\t", "\t").replace("\r\n ", " ");
    let field = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.trim().to_lowercase(), value.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
    };
    unfolded.split("\r\n").filter(|line| !line.is_empty()).map(field).collect()
}

#[test]
fn a_key_keeps_its_secret_and_its_form() {
    let key = key(DkimAlgorithm::Ed25519);
    let stored = serde_json::to_value(&key).unwrap();
    let private = stored["private"].as_str().unwrap();
    assert!(!format!("{key:?}").contains(private));
    assert!(!serde_json::to_string(&key.record("a.example")).unwrap().contains(private));
    assert_eq!(serde_json::from_value::<DkimKey>(stored.clone()).unwrap(), key);
    // A key that is damaged is left out: unsigned mail is better than none.
    let mut damaged = stored;
    damaged["private"] = "AAAA".into();
    let damaged: DkimKey = serde_json::from_value(damaged).unwrap();
    assert_eq!(signed("a.example", &[damaged], REPLY.into()), REPLY.as_bytes());
}
