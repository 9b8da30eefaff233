//! What is demanded of a smarthost before it gets mail: TLS, a proven name, a login.
//!
//! Where anything is demanded there is no way back to less: without TLS, or with a certificate that proves nothing, the
//! host gets neither the password nor the mail, and the mail waits. Without demands a smarthost is a host like any other.
//!
//! RFC 3207, RFC 8314 §3.3 (implicit TLS), RFC 4954.

use super::Outcome;
use super::login::{self, Login, Password};
use super::session::{Deadline, Session, Upgrade};
use super::target::Target;
use crate::net::internet::Internet;
use crate::net::socket::{Duplex, Socket};
use crate::net::tls::TlsConnector;

/// Everything here is demanded at once.
#[derive(Clone)]
pub struct Demands {
    /// TLS from the first byte, as on port 465; else STARTTLS.
    pub implicit_tls: bool,
    /// Proves names; see [`proof`](crate::net::proof).
    pub connector: TlsConnector,
    pub login: Option<Login>,
}

impl Demands {
    /// The password as it is now. The error is the outcome for every recipient.
    pub(super) fn password(&self) -> Result<Option<Password>, Outcome> {
        let password = self.login.as_ref().map(Login::password).transpose();
        password.map_err(|error| {
            tracing::error!(%error, "the password for the smarthost can't be used");
            Outcome::transient("3.5", "the password for the smarthost can't be used; `postcase check` says why")
        })
    }

    /// A session ready for MAIL, with all demands met. A demand that isn't met is never final.
    pub(super) async fn open(
        &self,
        target: &Target,
        (internet, hostname): (&dyn Internet, &str),
        time: &Deadline,
        password: Option<&Password>,
    ) -> Result<Session<Box<dyn Duplex>>, Outcome> {
        let mut session = if self.implicit_tls {
            Session::open_encrypted(target, internet, &self.connector, time).await?
        } else {
            let mut plain = Session::open(target, internet, time).await?;
            plain.hello(hostname).await?;
            self.upgraded(plain, target).await?
        };
        session.hello(hostname).await?;
        if let (Some(login), Some(password)) = (&self.login, password)
            && let Err(outcome) = login::log_in(&mut session, login, password).await
        {
            session.quit().await;
            return Err(outcome);
        }
        Ok(session)
    }

    async fn upgraded(&self, mut plain: Session<Socket>, target: &Target) -> Result<Session<Box<dyn Duplex>>, Outcome> {
        let without = "and without it gets neither the login nor mail (`[outbound] smarthost_tls`)";
        if !plain.offers.start_tls {
            plain.quit().await;
            return Err(Outcome::transient("7.10", format!("the smarthost offers no TLS, {without}")));
        }
        match plain.start_tls(&self.connector, &target.host).await {
            Upgrade::Encrypted(session) => Ok(session),
            Upgrade::Refused(mut plain) => {
                plain.quit().await;
                Err(Outcome::transient("7.10", format!("the smarthost refuses TLS, {without}")))
            }
            Upgrade::Failed(why) => Err(Outcome::transient("7.5", format!("no TLS with the smarthost: {why}"))),
        }
    }
}
