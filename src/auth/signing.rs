//! DKIM keys of our own domains, and the signatures of mail that leaves (RFC 6376, RFC 8301, RFC 8463).
//!
//! Every key of a domain signs, so that a new one can be published while the old one still vouches for the mail. A key is
//! made by the library that TLS uses; its private half never leaves the store. Body and header section are signed in the
//! relaxed form, without a length and without an end: what is changed on the way shall not verify.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use data_encoding::BASE64;
use mail_auth::common::crypto::{Ed25519Key, RsaKey, Sha256, SigningKey};
use mail_auth::common::headers::HeaderWriter;
use mail_auth::dkim::DkimSigner;
use serde::{Deserialize, Serialize};

use crate::base::Time;
use crate::net::private_key;

/// Fields that are signed (RFC 6376 §5.4.1), also when they are absent, so that none can be added. Those that people see
/// or answer to are named twice, so that no second one can be added, either.
#[rustfmt::skip]
const SIGNED: [&str; 21] = [
    "From", "From", "Reply-To", "Reply-To", "To", "To", "Cc", "Cc", "Subject", "Subject", "Date", "Date",
    "Message-ID", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Type",
    "Content-Transfer-Encoding", "Auto-Submitted",
];

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DkimAlgorithm {
    /// RSA with 2,048 bits: what everybody verifies.
    #[serde(rename = "rsa-sha256")]
    Rsa,
    /// RFC 8463: short, and beside an RSA key only, since many can't verify it.
    #[serde(rename = "ed25519-sha256")]
    Ed25519,
}

/// A key pair of a domain, as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DkimKey {
    pub selector: String,
    pub algorithm: DkimAlgorithm,
    pub created_at: Time,
    /// The public half, as in its record.
    public: String,
    /// PKCS #8 in base64.
    private: String,
}

/// A record of the DNS that has to be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub value: String,
}

/// A key can't be made or used.
#[derive(Debug, thiserror::Error)]
#[error("the DKIM key {0}")]
pub struct KeyError(String);

impl DkimKey {
    /// Takes some tenths of a second for RSA.
    pub fn generate(algorithm: DkimAlgorithm, selector: String, now: Time) -> Result<Self, KeyError> {
        let failed = |error: &dyn std::fmt::Display| KeyError(format!("can't be made: {error}"));
        let (public, private) = match algorithm {
            DkimAlgorithm::Rsa => {
                let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|error| failed(&error))?;
                let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|error| failed(&error))?;
                let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|error| failed(&error))?;
                (BASE64.encode(public.as_ref()), BASE64.encode(private.as_ref()))
            }
            DkimAlgorithm::Ed25519 => {
                let private = Ed25519Key::generate_pkcs8().map_err(|error| failed(&error))?;
                let key = Ed25519Key::from_pkcs8_der(&private).map_err(|error| failed(&error))?;
                (BASE64.encode(&key.public_key()), BASE64.encode(&private))
            }
        };
        Ok(Self { selector, algorithm, created_at: now, public, private })
    }

    /// What has to stand in the DNS for the signatures to be verified (RFC 6376 §3.6.1).
    pub fn record(&self, domain: &str) -> Record {
        let kind = match self.algorithm {
            DkimAlgorithm::Rsa => "rsa",
            DkimAlgorithm::Ed25519 => "ed25519",
        };
        Record {
            name: format!("{}._domainkey.{domain}", self.selector),
            kind: "TXT",
            value: format!("v=DKIM1; k={kind}; p={}", self.public),
        }
    }

    /// The field that signs this message in the domain's name, with its CRLF.
    pub fn signature(&self, domain: &str, message: &[u8]) -> Result<String, KeyError> {
        let unusable = |error: &dyn std::fmt::Display| KeyError(format!("{} can't be used: {error}", self.selector));
        let private = BASE64.decode(self.private.as_bytes()).map_err(|error| unusable(&error))?;
        match self.algorithm {
            DkimAlgorithm::Rsa => {
                let key = RsaKey::<Sha256>::from_key_der(private_key(private)).map_err(|error| unusable(&error))?;
                self.sign_with(key, domain, message)
            }
            DkimAlgorithm::Ed25519 => {
                let key = Ed25519Key::from_pkcs8_der(&private).map_err(|error| unusable(&error))?;
                self.sign_with(key, domain, message)
            }
        }
        .map_err(|error| unusable(&error))
    }

    fn sign_with(&self, key: impl SigningKey, domain: &str, message: &[u8]) -> mail_auth::Result<String> {
        let signer = DkimSigner::from_key(key).domain(domain).selector(&self.selector).headers(SIGNED);
        Ok(signer.sign(message)?.to_header())
    }
}

/// Nothing secret.
impl std::fmt::Debug for DkimKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DkimKey").field("selector", &self.selector).field("algorithm", &self.algorithm).finish()
    }
}

/// The message with the signatures of all keys of its author's domain in front. A key that can't be used is left out, and
/// the log says so: unsigned mail is better than none.
pub fn signed(domain: &str, keys: &[DkimKey], message: Vec<u8>) -> Vec<u8> {
    let mut fields = String::new();
    for key in keys {
        match key.signature(domain, &message) {
            Ok(field) => fields += &field,
            Err(error) => tracing::error!(%domain, %error, "a message leaves without this signature"),
        }
    }
    if fields.is_empty() { message } else { [fields.as_bytes(), &message].concat() }
}
