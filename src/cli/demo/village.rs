//! The rest of the world of the demonstration: one mail host on loopback that is both the company's mail system, which
//! forwards support mail to postcase, and the mailbox of a customer. Everything comes and goes over SMTP.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use crate::base::{Chance, Clock, Envelope, Mailbox, Reply, ReversePath};
use crate::net::internet::Tcp;
use crate::net::{Dns, Stop, listen};
use crate::smtp::client::{Client, Fate, Outgoing, PrivateNetworks, Route};
use crate::smtp::server::host::Answer;
use crate::smtp::server::{Host, Protocol, Settings, Shared, serve};

/// The domain whose mail system forwards.
pub const COMPANY: &str = "company.example";

/// The mail host.
pub struct Village {
    pub address: SocketAddr,
    /// Mail that arrives for anybody but the company.
    pub mailbox: mpsc::UnboundedReceiver<Bytes>,
    alias: watch::Sender<Option<Alias>>,
    stop: Stop,
}

/// Where the company forwards to: an address, and the server that takes its mail.
#[derive(Clone, Debug)]
struct Alias {
    target: Mailbox,
    through: SocketAddr,
}

struct PostOffice {
    alias: watch::Receiver<Option<Alias>>,
    mailbox: mpsc::UnboundedSender<Bytes>,
}

impl Village {
    pub fn open() -> Result<Self, listen::BindError> {
        let listener = listen::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let address = listener.local_addr().expect("a bound listener has an address");
        let (alias, forwards) = watch::channel(None);
        let (delivered, mailbox) = mpsc::unbounded_channel();
        let stop = Stop::new();
        let host = Arc::new(PostOffice { alias: forwards, mailbox: delivered });
        let settings = Settings { hostname: format!("mail.{COMPANY}"), ..Settings::default() };
        let shared = Shared::new(host, settings, None, Clock::system(), stop.clone());
        tokio::spawn(serve(vec![(Protocol::Smtp, listener.into())], shared));
        Ok(Self { address, mailbox, alias, stop })
    }

    /// The administrator of the company forwards the support address.
    pub fn forward(&self, target: Mailbox, through: SocketAddr) {
        self.alias.send_replace(Some(Alias { target, through }));
    }

    /// Somebody sends a mail to the company, through this host.
    pub async fn send(&self, from: &str, to: &Mailbox, message: &str) -> Result<(), String> {
        let from = ReversePath::Mailbox(from.parse().map_err(|error| format!("{from}: {error}"))?);
        hand_over(self.address, &from, to, message.replace('\n', "\r\n").as_bytes()).await
    }
}

impl Drop for Village {
    fn drop(&mut self) {
        self.stop.request();
    }
}

impl Host for PostOffice {
    fn recipient<'a>(&'a self, _: &'a ReversePath, _: &'a Mailbox) -> Answer<'a, Result<(), Reply>> {
        Box::pin(async { Ok(()) })
    }

    fn take<'a>(&'a self, envelope: Envelope, message: Bytes) -> Answer<'a, Result<Reply, Reply>> {
        Box::pin(async move {
            for recipient in &envelope.to {
                if recipient.domain() != COMPANY {
                    // Nobody reads it when the story is over.
                    let _ = self.mailbox.send(message.clone());
                } else if let Err(why) = self.pass_on(&envelope.from, &message).await {
                    return Err(Reply::transient(51, 4, 4, why));
                }
            }
            Ok(Reply::success(50, 0, 0, "taken"))
        })
    }
}

impl PostOffice {
    /// Waits until forwarding is set up, then passes the message on with a trace field of its own.
    async fn pass_on(&self, from: &ReversePath, message: &[u8]) -> Result<(), String> {
        let mut alias = self.alias.clone();
        let set = alias.wait_for(Option::is_some).await.map_err(|_| "the demonstration is over".to_owned())?.clone();
        let Some(Alias { target, through }) = set else { return Err("no forwarding".into()) };
        let mut passed_on = format!("Received: by mail.{COMPANY}; Fri, 20 Nov 2026 10:00:00 +0000\r\n").into_bytes();
        passed_on.extend_from_slice(message);
        hand_over(through, from, &target, &passed_on).await
    }
}

/// One message over SMTP to a server at this address.
async fn hand_over(at: SocketAddr, from: &ReversePath, to: &Mailbox, message: &[u8]) -> Result<(), String> {
    let route = Route {
        smarthost: Some((at.ip().to_string(), at.port())),
        demands: None,
        port: at.port(),
        private_networks: PrivateNetworks::Allow,
    };
    let dns = Dns::new(&crate::net::dns::Settings { servers: vec![at] }, Chance::system());
    let dns = dns.map_err(|error| error.to_string())?;
    let client = Client::new(format!("mail.{COMPANY}"), route, Arc::new(Tcp), dns, Clock::system());
    let recipients = [to.clone()];
    let outcomes = client.deliver(&Outgoing { from, recipients: &recipients, message }).await;
    match outcomes.first() {
        Some(outcome) if outcome.outcome.fate == Fate::Delivered => Ok(()),
        Some(outcome) => Err(outcome.outcome.words.clone()),
        None => Err("no outcome".into()),
    }
}
