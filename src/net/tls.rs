//! TLS for mail that leaves: opportunistic (RFC 3207, RFC 7435).
//!
//! A sending host that finds no valid certificate may only choose between encrypting to somebody unproven and not
//! encrypting at all, because mail has to go out in both cases. Encrypting keeps out everybody who merely listens, so
//! every certificate is accepted, also a self-signed or expired one. Nothing here proves who the peer is: a policy that
//! asks for more (DANE, MTA-STS) needs a connector of its own; [`proof`](super::proof) makes one for a smarthost.
//!
//! The crypto provider is given explicitly, so that no process-wide default has to be installed first.

use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio_rustls::client::TlsStream;

pub use tokio_rustls::TlsConnector;

use super::socket::Duplex;

/// A connector that takes any certificate.
///
/// # Panics
/// Never: the provider has the suites of the protocol versions that are asked for.
pub fn opportunistic() -> TlsConnector {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has suites for TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate))
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// A private key (PKCS #8) in the form in which libraries take it.
pub fn private_key(pkcs8: Vec<u8>) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(pkcs8.into())
}

/// Shakes hands as the client of the host with this name, or this address.
pub async fn secure<S: Duplex>(connector: &TlsConnector, host: &str, stream: S) -> io::Result<TlsStream<S>> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| io::ErrorKind::InvalidInput)?;
    connector.connect(name, stream).await
}

/// Accepts everything. Signatures are not checked either: they would prove a key that nothing vouches for, and the
/// odd certificates that fail the check would turn into mail in the clear.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes();
        // What very old hosts still sign with.
        schemes.extend([SignatureScheme::RSA_PKCS1_SHA1, SignatureScheme::ECDSA_SHA1_Legacy]);
        schemes
    }
}

/// A host for tests with a certificate that no authority knows and whose time is over.
#[cfg(test)]
pub(crate) fn self_signed() -> tokio_rustls::TlsAcceptor {
    const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfOvqzHYDwSxlpUxE1vyhXAAF2Z6cykDVQeRGfe1VJsuhRANC\
        AAQ8xZ1Ct4qfSnIxFWA01n3OKuucbTjDz4RA02nDCqbGPQxxuiMfG5uDCNDF6yz6QRg1LyR5oppElzGO/3pESTYi";
    const CERTIFICATE: &str = "MIIBhzCCAS2gAwIBAgIUQ2CcSknXv/4wHrUGZYZbgMotaxwwCgYIKoZIzj0EAwIwGTEXMBUGA1UEAwwObXguZX\
        hhbXBsZS5jb20wHhcNMjYxMTIwMTk0NzEwWhcNMjYxMTIxMTk0NzEwWjAZMRcwFQYDVQQDDA5teC5leGFtcGxlLmNvbTBZMBMGByqGSM49AgEG\
        CCqGSM49AwEHA0IABDzFnUK3ip9KcjEVYDTWfc4q65xtOMPPhEDTacMKpsY9DHG6Ix8bm4MI0MXrLPpBGDUvJHmimkSXMY7/ekRJNiKjUzBRMB\
        0GA1UdDgQWBBQPMm0RZ0g1kwMNbanWGcm7ZO7+ozAfBgNVHSMEGDAWgBQPMm0RZ0g1kwMNbanWGcm7ZO7+ozAPBgNVHRMBAf8EBTADAQH/MAoG\
        CCqGSM49BAMCA0gAMEUCIQCu0vF9uLNHB9b/9YnDpDlw0i/uaCC4DabmWSUGKlukKAIgW1CHZy05njOXYYrhjypzh/CD+JNobSjsvlg/tHbWQHc\
        =";
    let der = |text: &str| data_encoding::BASE64.decode(text.as_bytes()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der(CERTIFICATE).into()], rustls::pki_types::PrivatePkcs8KeyDer::from(der(KEY)).into())
        .unwrap();
    Arc::new(config).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn any_certificate_is_better_than_none() {
        let (here, there) = tokio::io::duplex(4096);
        let accepting = tokio::spawn(async move { self_signed().accept(there).await.map(|_| ()) });
        let stream = opportunistic().connect("other.example.com".try_into().unwrap(), here).await.unwrap();
        assert!(stream.get_ref().1.protocol_version().is_some());
        accepting.await.unwrap().unwrap();
    }
}
