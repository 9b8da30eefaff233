//! TLS with a host that must prove who it is, because it gets a password.
//!
//! The host shows a certificate for its name that leads to an authority of this system (RFC 5280, RFC 6125), or to one of
//! a file. A certificate that stands in that file itself is taken as it is, so that a host with a self-signed one can be
//! named, too; its name and its time aren't looked at then, and nobody without its key can show it. There is no way to
//! take any certificate: whoever is in the middle would get the password.
//!
//! Authorities are read once, when the connector is made.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_platform_verifier::Verifier;

use super::tls::TlsConnector;

/// Why no certificate could ever be proven.
#[derive(Debug, thiserror::Error)]
pub enum NoAuthorities {
    #[error("{} can't be read as PEM: {why}", file.display())]
    Unreadable { file: PathBuf, why: String },
    #[error("{} holds no certificate", .0.display())]
    Empty(PathBuf),
    #[error("{} holds a certificate that can't be used: {why}", file.display())]
    Unusable { file: PathBuf, why: Error },
    #[error("this system has no certificate authorities ({0}): install them, or name a file with some")]
    System(Error),
}

/// A connector that trusts the authorities of the file and nobody else; those of the system without one.
pub fn connector(file: Option<&Path>) -> Result<TlsConnector, NoAuthorities> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match file {
        None => Arc::new(Verifier::new(provider.clone()).map_err(NoAuthorities::System)?),
        Some(file) => {
            let named = read(file)?;
            let unusable = |why| NoAuthorities::Unusable { file: file.to_owned(), why };
            let mut roots = RootCertStore::empty();
            for certificate in &named {
                roots.add(certificate.clone()).map_err(unusable)?;
            }
            let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .map_err(|error| unusable(Error::General(error.to_string())))?;
            Arc::new(Named { named, inner })
        }
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(NoAuthorities::System)?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, NoAuthorities> {
    let named = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| NoAuthorities::Unreadable { file: file.to_owned(), why: error.to_string() })?;
    if named.is_empty() { Err(NoAuthorities::Empty(file.to_owned())) } else { Ok(named) }
}

/// The authorities of a file, and the hosts that it names by their own certificates.
#[derive(Debug)]
struct Named {
    named: Vec<CertificateDer<'static>>,
    inner: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.named.iter().any(|named| named.as_ref() == certificate.as_ref()) {
            return Ok(ServerCertVerified::assertion());
        }
        self.inner.verify_server_cert(certificate, chain, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::certificate::{Certificate, Files};
    use crate::net::tls;

    fn scenario(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name)
    }

    /// Does a host with this certificate prove that it has this name, to who trusts the file?
    async fn check(trusted: Option<&str>, host: &str, shown: &str, key: &str, expected: &str) {
        let connector = connector(trusted.map(scenario).as_deref()).unwrap();
        let files = Files { certificate: scenario(shown), key: scenario(key) };
        let acceptor = Certificate::open(&files).unwrap().unwrap().acceptor();
        let (here, there) = tokio::io::duplex(4096);
        let accepting = tokio::spawn(async move { acceptor.accept(there).await.map(drop) });
        let said = match tls::secure(&connector, host, here).await {
            Ok(_) => "proven".to_owned(),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(expected), "{trusted:?} {host} {shown}: {said}");
        let _ = accepting.await.unwrap();
    }

    #[tokio::test]
    async fn a_host_proves_its_name() {
        let (leaf, key) = ("relay-certificate.pem", "relay-key.pem");
        check(Some("authority.pem"), "mail.relay.example", leaf, key, "proven").await;
        check(Some("authority.pem"), "mail.other.example", leaf, key, "not valid for name").await;
        check(Some("other-certificate.pem"), "mail.relay.example", leaf, key, "UnknownIssuer").await;
        // A certificate that is named itself, whatever it says.
        let (own, key) = ("certificate.pem", "key.pem");
        check(Some(own), "mail.relay.example", own, key, "proven").await;
        check(Some("other-certificate.pem"), "mail.example.net", own, key, "invalid peer certificate").await;
    }

    #[test]
    fn what_is_no_authority() {
        let error = |name: &str| connector(Some(&scenario(name))).map(drop).unwrap_err().to_string();
        assert!(error("none.pem").contains("none.pem can't be read as PEM"));
        assert!(error("zone").contains("zone holds no certificate"));
    }
}
