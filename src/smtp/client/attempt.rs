//! One delivery attempt: the hosts of a domain in their order, until one of them decides about the message.
//!
//! A host that can't be reached, refuses in its greeting or doesn't get as far as MAIL decides nothing, and the next one
//! is tried (RFC 5321 §5.1), up to [`limits::TARGETS_MAX`] addresses and [`limits::ATTEMPT_TIME_MAX`]. From MAIL on the
//! host's word counts. TLS is taken where it is offered; when the handshake fails the same host is tried once more in
//! plain (RFC 7435: mail has to go out). A smarthost of which more is demanded gets all of it or no mail.
//!
//! At most [`limits::HOST_ATTEMPTS_MAX`] sessions lead to one address. When they do, nothing is begun: going on to the next
//! host would make a backup of it that its owner didn't mean.
//!
//! A panic or a crash in here leaves a message that may have been sent: write down that an attempt begins before calling.

use std::net::IpAddr;
use std::sync::Arc;

use super::login::Password;
use super::session::{Deadline, Session, Upgrade};
use super::target::Target;
use super::transaction::Mail;
use super::{Fate, Outcome, RecipientOutcome, Route};
use crate::base::{Clock, Mailbox, ReversePath, limits};
use crate::net::internet::Internet;
use crate::net::socket::{Duplex, Socket};
use crate::net::{Dns, Place, Places, tls};

/// Sends mail. Cheap to clone; calls share the DNS cache and the places at hosts.
#[derive(Clone)]
pub struct Client {
    hostname: String,
    route: Route,
    internet: Arc<dyn Internet>,
    dns: Dns,
    tls: tls::TlsConnector,
    clock: Clock,
    hosts: Places<IpAddr>,
}

/// The session in which a transaction was, and its place at the host.
type Used = (Session<Box<dyn Duplex>>, Place<IpAddr>);

/// What became of a transaction, and the session that is left.
#[must_use = "the session wants to be left"]
pub struct Delivery {
    /// For all recipients, in their order.
    pub outcomes: Vec<RecipientOutcome>,
    session: Option<Used>,
}

/// A message and its envelope.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    pub from: &'a ReversePath,
    pub recipients: &'a [Mailbox],
    /// Any line ends; they leave as CRLF.
    pub message: &'a [u8],
}

impl Client {
    /// `hostname` is what we call ourselves in EHLO.
    pub fn new(hostname: impl Into<String>, route: Route, internet: Arc<dyn Internet>, dns: Dns, clock: Clock) -> Self {
        let hosts = Places::new(limits::HOST_ATTEMPTS_MAX);
        Self { hostname: hostname.into(), route, internet, dns, tls: tls::opportunistic(), clock, hosts }
    }

    /// Splits recipients into those that one mail transaction can reach: by domain unless there is a smarthost, and at
    /// most [`limits::RECIPIENTS_MAX`] together. Delivering and writing down one group at a time keeps what a crash
    /// leaves open small.
    pub fn transactions(&self, recipients: &[Mailbox]) -> Vec<Vec<Mailbox>> {
        let mut groups: Vec<Vec<Mailbox>> = Vec::new();
        for recipient in recipients {
            let fits = |group: &&mut Vec<Mailbox>| {
                self.destination(&group[0]) == self.destination(recipient) && group.len() < limits::RECIPIENTS_MAX
            };
            match groups.iter_mut().find(fits) {
                Some(group) => group.push(recipient.clone()),
                None => groups.push(vec![recipient.clone()]),
            }
        }
        groups
    }

    /// Where mail for a recipient goes: the smarthost, or their domain.
    pub fn destination<'a>(&'a self, recipient: &'a Mailbox) -> &'a str {
        self.route.smarthost.as_ref().map_or(recipient.domain(), |(host, _)| host)
    }

    /// Tries to deliver to each recipient once, one transaction after the other. Always answers for all of them.
    pub async fn deliver(&self, outgoing: &Outgoing<'_>) -> Vec<RecipientOutcome> {
        let mut outcomes = Vec::with_capacity(outgoing.recipients.len());
        for recipients in self.transactions(outgoing.recipients) {
            let mut delivery = self.transact(&Outgoing { recipients: &recipients, ..*outgoing }).await;
            outcomes.append(&mut delivery.outcomes);
            delivery.take_leave().await;
        }
        outcomes
    }

    /// One transaction: the recipients are one group of [`transactions`](Self::transactions).
    pub async fn transact(&self, outgoing: &Outgoing<'_>) -> Delivery {
        let mut session = None;
        let outcomes = self.attempt(outgoing, &mut session).await;
        let to_smarthost = self.route.smarthost.is_some();
        let of_one = |(recipient, outcome): (&Mailbox, Outcome)| {
            let outcome = if to_smarthost { outcome.sparing_mail() } else { outcome };
            RecipientOutcome { recipient: recipient.clone(), outcome }
        };
        Delivery { outcomes: outgoing.recipients.iter().zip(outcomes).map(of_one).collect(), session }
    }

    /// Puts the session in which the transaction was, if it came to one.
    async fn attempt(&self, outgoing: &Outgoing<'_>, used: &mut Option<Used>) -> Vec<Outcome> {
        let time = Deadline::new(self.clock.clone());
        let looking_up = self.route.targets(outgoing.recipients[0].domain(), &self.dns);
        let targets = match time.within(limits::CONNECT_TIME_MAX, looking_up).await {
            Ok(Ok(targets)) => targets,
            Ok(Err(outcome)) => return outcome.for_each(outgoing.recipients),
            Err(elapsed) => {
                return Outcome::transient("4.3", format!("the DNS look-up {elapsed}")).for_each(outgoing.recipients);
            }
        };
        let password = match self.route.demands.as_ref().map_or(Ok(None), |demands| demands.password()) {
            Ok(password) => password,
            Err(outcome) => return outcome.for_each(outgoing.recipients),
        };
        let mail = Mail::new(outgoing);
        let mut undecided: Option<Outcome> = None;
        for target in targets {
            let Some(place) = self.hosts.take(target.address.ip().to_canonical()) else {
                if undecided.as_ref().is_none_or(|outcome| outcome.fate != Fate::Transient) {
                    undecided = Some(Outcome::not_begun());
                }
                break;
            };
            match Box::pin(self.open(&target, &time, password.as_ref())).await {
                Ok(mut session) => {
                    let outcomes = mail.transact(&mut session).await;
                    *used = Some((session, place));
                    return outcomes.into_iter().map(|outcome| outcome.at(target.peer())).collect();
                }
                // As long as one host may change its mind, the attempt isn't final.
                Err(outcome) if outcome.fate == Fate::Transient || undecided.is_none() => {
                    undecided = Some(outcome.at(target.peer()));
                }
                Err(_) => {}
            }
        }
        undecided.expect("a domain has at least one target").for_each(outgoing.recipients)
    }

    /// A session ready for MAIL, encrypted where the peer can. The error is what this host said or didn't.
    async fn open(
        &self,
        target: &Target,
        time: &Deadline,
        password: Option<&Password>,
    ) -> Result<Session<Box<dyn Duplex>>, Outcome> {
        if let Some(demands) = &self.route.demands {
            return demands.open(target, (&*self.internet, &self.hostname), time, password).await;
        }
        let plain = self.greet(target, time).await?;
        if !plain.offers.start_tls {
            return Ok(plain.boxed());
        }
        let encrypted = match plain.start_tls(&self.tls, &target.host).await {
            Upgrade::Encrypted(session) => Some(session),
            Upgrade::Refused(plain) => return Ok(plain.boxed()),
            Upgrade::Failed(_) => None,
        };
        if let Some(mut session) = encrypted
            && session.hello(&self.hostname).await.is_ok()
        {
            return Ok(session);
        }
        Ok(self.greet(target, time).await?.boxed())
    }

    async fn greet(&self, target: &Target, time: &Deadline) -> Result<Session<Socket>, Outcome> {
        let mut session = Session::open(target, &*self.internet, time).await?;
        session.hello(&self.hostname).await?;
        Ok(session)
    }
}

impl Delivery {
    /// Takes leave of the peer. Nothing depends on it.
    pub async fn take_leave(self) {
        if let Some((mut session, _place)) = self.session {
            session.quit().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Chance;
    use crate::net::dns;
    use crate::net::internet::Tcp;
    use crate::smtp::client::PrivateNetworks;

    #[tokio::test]
    async fn a_full_host_is_no_attempt() {
        // Nobody listens there any more.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let route = Route {
            smarthost: Some(("127.0.0.1".into(), port)),
            demands: None,
            port: 25,
            private_networks: PrivateNetworks::Refuse,
        };
        let nobody = dns::Settings { servers: vec![([127, 0, 0, 1], port).into()] };
        let dns = Dns::new(&nobody, Chance::seeded(1)).unwrap();
        let client = Client::new("mail.example.net", route, Arc::new(Tcp), dns, Clock::system());
        let from = ReversePath::from(None);
        let recipients = ["anna@example.org".parse().unwrap()];
        let outgoing = Outgoing { from: &from, recipients: &recipients, message: b"A: b\r\n" };
        let fate = async || client.transact(&outgoing).await.outcomes[0].outcome.fate;
        let mut places: Vec<_> = std::iter::from_fn(|| client.hosts.take(IpAddr::from([127, 0, 0, 1]))).collect();
        assert_eq!((places.len(), fate().await), (limits::HOST_ATTEMPTS_MAX, Fate::NotBegun));
        places.pop();
        assert_eq!(fate().await, Fate::Transient);
    }
}
