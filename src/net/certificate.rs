//! The certificate that this server shows its peers, from two PEM files.
//!
//! The files are looked at when a handshake is about to begin, which costs two calls of the kernel; when either has
//! changed both are read again. Handshakes and sessions that run keep what they began with. New files that can't be used
//! (half written, the wrong key) are named in the log once, and the former certificate stays.
//!
//! Only TLS 1.2 and 1.3 with the provider's own suites; peers aren't asked for certificates. Whether a certificate is
//! still valid, or for the right name, is not looked at: a peer judges that.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
pub use tokio_rustls::TlsAcceptor;

/// Where a certificate lies. Both empty: there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// The certificate and those that lead from it to an authority, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

/// A certificate in use. Shared by all sessions.
pub struct Certificate {
    files: Files,
    current: Mutex<Current>,
}

struct Current {
    /// Of the files as they were read last, for good or ill.
    stamps: [Stamp; 2],
    acceptor: TlsAcceptor,
}

/// When a file was changed and how long it is; none when it can't be found.
type Stamp = Option<(SystemTime, u64)>;

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("`[smtp.tls]` names only one file; it takes a certificate and its key, or neither")]
    Half,
    #[error("{} can't be read as PEM: {why}; see `[smtp.tls]`", file.display())]
    Unreadable { file: PathBuf, why: String },
    #[error("{} holds no certificate; see `[smtp.tls]`", .0.display())]
    Empty(PathBuf),
    #[error("the certificate and the key of `[smtp.tls]` can't be used together: {0}")]
    Unusable(#[source] rustls::Error),
}

impl Certificate {
    /// Reads the files; none when none are named.
    pub fn open(files: &Files) -> Result<Option<Self>, CertificateError> {
        match (files.certificate.as_os_str().is_empty(), files.key.as_os_str().is_empty()) {
            (true, true) => return Ok(None),
            (false, false) => {}
            _ => return Err(CertificateError::Half),
        }
        let (stamps, acceptor) = (files.stamps(), files.load()?);
        Ok(Some(Self { files: files.clone(), current: Mutex::new(Current { stamps, acceptor }) }))
    }

    /// For one handshake, with the files as they are now.
    pub fn acceptor(&self) -> TlsAcceptor {
        let mut current = self.current.lock().expect("no holder panics");
        // Before they are read: what changes while we read is read again the next time.
        let stamps = self.files.stamps();
        if stamps != current.stamps {
            current.stamps = stamps;
            match self.files.load() {
                Ok(acceptor) => {
                    tracing::info!("the new certificate is in use");
                    current.acceptor = acceptor;
                }
                Err(error) => tracing::warn!(%error, "the new certificate can't be used; the former one stays"),
            }
        }
        current.acceptor.clone()
    }
}

impl Files {
    fn stamps(&self) -> [Stamp; 2] {
        let stamp = |file: &PathBuf| {
            let metadata = file.metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        [stamp(&self.certificate), stamp(&self.key)]
    }

    fn load(&self) -> Result<TlsAcceptor, CertificateError> {
        let unreadable = |file: &Path, why: String| CertificateError::Unreadable { file: file.to_owned(), why };
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unreadable(&self.certificate, error.to_string()))?;
        if chain.is_empty() {
            return Err(CertificateError::Empty(self.certificate.clone()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| unreadable(&self.key, error.to_string()))?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::Unusable)?
            .with_no_client_auth()
            // Refuses a key that isn't the certificate's.
            .with_single_cert(chain, key)
            .map_err(CertificateError::Unusable)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Stream, tls};

    const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");

    /// The names of PEM files that are copied into place; the subject of the certificate that a peer then sees.
    async fn check(certificate: &Certificate, pem: [&str; 2], expected: &str) {
        let Files { certificate: chain, key } = &certificate.files;
        for (from, to) in pem.iter().zip([chain, key]) {
            std::fs::copy(Path::new(SCENARIOS).join(from), to).unwrap();
        }
        let (here, there) = tokio::io::duplex(4096);
        let mut there = Stream::Clear(there);
        let acceptor = certificate.acceptor();
        let connector = tls::opportunistic();
        let connecting = connector.connect("mail.example.net".try_into().unwrap(), here);
        let (connected, agreed) = tokio::join!(connecting, there.secure(&acceptor));
        assert!(agreed.unwrap().starts_with("TLSv1.3 TLS_"));
        let connected = connected.unwrap();
        let shown = connected.get_ref().1.peer_certificates().unwrap()[0].to_vec();
        assert!(memchr::memmem::find(&shown, expected.as_bytes()).is_some(), "{pem:?}");
    }

    #[tokio::test]
    async fn files_are_read_again_when_they_change() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
        let error = |files: &Files| Certificate::open(files).unwrap_err().to_string();
        assert!(Certificate::open(&Files::default()).unwrap().is_none());
        assert!(error(&Files { key: PathBuf::new(), ..files.clone() }).contains("only one file"));
        assert!(error(&files).contains("c.pem can't be read"));
        std::fs::write(&files.certificate, "").unwrap();
        assert!(error(&files).contains("holds no certificate"));
        std::fs::copy(Path::new(SCENARIOS).join("certificate.pem"), &files.certificate).unwrap();
        std::fs::copy(Path::new(SCENARIOS).join("other-key.pem"), &files.key).unwrap();
        assert!(error(&files).contains("can't be used together"));

        std::fs::copy(Path::new(SCENARIOS).join("key.pem"), &files.key).unwrap();
        let certificate = Certificate::open(&files).unwrap().unwrap();
        check(&certificate, ["certificate.pem", "key.pem"], "mail.example.net").await;
        // One of the two, then both; then something else altogether.
        check(&certificate, ["other-certificate.pem", "key.pem"], "mail.example.net").await;
        check(&certificate, ["other-certificate.pem", "other-key.pem"], "other.example.net").await;
        check(&certificate, ["zone", "README.md"], "other.example.net").await;
        std::fs::remove_file(&files.key).unwrap();
        check(&certificate, ["certificate.pem", "key.pem"], "mail.example.net").await;
    }
}
