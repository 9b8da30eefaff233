//! The checks themselves: who may send for the domain, who signed, whether one of them speaks for the author, and
//! whether the chain of forwarders is unbroken.

use std::net::IpAddr;
use std::sync::Arc;

use mail_auth::common::headers::Header;
use mail_auth::common::verify::VerifySignature;
use mail_auth::dkim::{DkimError, Signature};
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcResult, DnsError, Error, MessageAuthenticator, SpfOutput,
    SpfResult,
};
use tokio::sync::Semaphore;

use super::claims::{self, Claims, Excess, Signed};
use super::health::Health;
use crate::base::{AuthResult, AuthResults, Clock, Envelope, Mailbox, ReversePath, all, limits};
use crate::net::Dns;

/// See [`auth`](super).
pub struct Authenticator {
    resolver: MessageAuthenticator,
    health: Health,
    clock: Clock,
    /// In explanations that a domain may ask for.
    hostname: String,
    /// Messages that are looked up at a time.
    places: Semaphore,
    /// For claims that wait.
    room: Arc<Semaphore>,
}

/// What the session said about who sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// None for mail that came over no network.
    pub peer: Option<IpAddr>,
    /// What the peer called itself.
    pub helo: String,
    pub from: ReversePath,
}

impl Transaction {
    pub fn of(envelope: &Envelope) -> Self {
        Self { peer: envelope.peer, helo: envelope.helo.clone().unwrap_or_default(), from: envelope.from.clone() }
    }

    /// The peer, when there is somebody and something to ask about: what came over no network, or from this host, was sent by
    /// nobody whom a domain could name, and an address literal is no domain (RFC 7208 §4.3).
    fn network_peer(&self) -> Option<IpAddr> {
        let is_name = self.domain().contains('.') && !self.domain().starts_with('[');
        self.peer.map(|peer| peer.to_canonical()).filter(|peer| is_name && !peer.is_loopback())
    }

    /// The domain that is said to send; of a null reverse-path the peer's own (RFC 7208 §2.4).
    fn domain(&self) -> &str {
        self.from.mailbox().map_or(&self.helo, Mailbox::domain)
    }
}

impl Authenticator {
    pub fn new(dns: &Dns, hostname: &str, clock: Clock) -> Self {
        Self {
            resolver: MessageAuthenticator(dns.resolver().clone()),
            health: Health::new(dns.clone(), clock.clone()),
            clock,
            hostname: hostname.to_owned(),
            places: Semaphore::new(limits::AUTH_MESSAGES_MAX),
            room: claims::room(),
        }
    }

    #[cfg(test)]
    pub(super) fn resolver(&self) -> &MessageAuthenticator {
        &self.resolver
    }

    /// What a message claims. Reads and digests it, and asks nobody.
    pub fn claims(&self, message: &[u8], author: Option<Mailbox>) -> Claims {
        Claims::of(message, author, &self.room)
    }

    /// Asks about a message's claims. Takes some seconds at most.
    pub async fn check(&self, transaction: &Transaction, claims: &Claims) -> AuthResults {
        let unknown = unknown(transaction, claims);
        if unknown == AuthResults::default() || !self.health.answers().await {
            return unknown;
        }
        let Some(Ok(_place)) = self.in_time(self.places.acquire()).await else { return unknown };
        let mut signed = claims.signed();
        let signatures = std::mem::take(&mut signed.signatures);
        let single = signatures.into_iter().map(|signature| with_one_signature(&signed.message, signature));
        let single: Vec<AuthenticatedMessage<'_>> = single.collect();
        let (spf, dkim, arc) =
            tokio::join!(self.spf(transaction), self.dkim(&single), self.arc(&signed, claims.excess));
        // A signature of one of several From fields says nothing about the one that is shown.
        let of_author: &[DkimOutput<'_>] = if claims.several_authors { &[] } else { &dkim };
        let dmarc = self.dmarc(transaction, claims, &signed.message, of_author, &spf).await;
        AuthResults { spf: spf_word(spf.result()), dkim: best(&dkim, signed.useless, claims.excess), dmarc, arc }
    }

    /// Of the reverse-path; of the peer's own name when that is null.
    async fn spf(&self, transaction: &Transaction) -> SpfOutput {
        let Some(peer) = transaction.network_peer() else { return SpfOutput::default() };
        let sender = transaction.from.mailbox().map(Mailbox::to_string).unwrap_or_default();
        let parameters = SpfParameters::verify_mail_from(peer, &transaction.helo, &self.hostname, &sender);
        let output = self.in_time(self.resolver.verify_spf(parameters)).await;
        let output =
            output.unwrap_or_else(|| SpfOutput::new(transaction.domain().into()).with_result(SpfResult::TempError));
        self.health.note(output.result() != SpfResult::TempError);
        output
    }

    /// Each signature by itself, so that one whose key can't be had doesn't hold up the others.
    async fn dkim<'m>(&self, single: &'m [AuthenticatedMessage<'m>]) -> Vec<DkimOutput<'m>> {
        let mut outputs = Vec::with_capacity(single.len());
        for checked in all(single.iter().map(|message| self.signature(message))).await {
            outputs.extend(checked);
        }
        outputs
    }

    async fn signature<'m>(&self, message: &'m AuthenticatedMessage<'m>) -> Vec<DkimOutput<'m>> {
        let Some(signature) = message.dkim_headers.first().map(|field| &field.header) else { return Vec::new() };
        let unknown = || vec![DkimOutput::temp_err(silence()).with_signature(signature)];
        let key = signature.domain_key();
        if self.health.is_left_in_peace(&key) {
            return unknown();
        }
        let outputs = self.in_time(self.resolver.verify_dkim(message)).await.unwrap_or_else(unknown);
        let failed = outputs.iter().any(|output| matches!(output.result(), DkimResult::TempError(_)));
        self.answered(&key, !failed);
        outputs
    }

    async fn arc(&self, signed: &Signed<'_>, excess: Option<Excess>) -> AuthResult {
        match excess {
            Some(excess) => return excess.word(),
            None if signed.useless_chain => return AuthResult::Permerror,
            None => {}
        }
        let output = self.in_time(self.resolver.verify_arc(&signed.message)).await;
        output.map_or(AuthResult::Temperror, |output| match output.result() {
            DkimResult::Pass => AuthResult::Pass,
            DkimResult::None => AuthResult::None,
            DkimResult::Neutral(_) | DkimResult::Fail(_) => AuthResult::Fail,
            DkimResult::TempError(_) => AuthResult::Temperror,
            DkimResult::PermError(_) => AuthResult::Permerror,
        })
    }

    async fn dmarc(
        &self,
        transaction: &Transaction,
        claims: &Claims,
        message: &AuthenticatedMessage<'_>,
        dkim: &[DkimOutput<'_>],
        spf: &SpfOutput,
    ) -> AuthResult {
        let Some(author) = claims.author_domain() else { return AuthResult::None };
        let policy = format!("_dmarc.{author}");
        if self.health.is_left_in_peace(&policy) {
            return AuthResult::Temperror;
        }
        let parameters = DmarcParameters {
            message,
            dkim_output: dkim,
            dkim2_output: None,
            rfc5321_mail_from_domain: transaction.domain(),
            spf_output: spf,
        };
        let output = self.in_time(self.resolver.verify_dmarc(parameters)).await;
        let result = output.map_or(AuthResult::Temperror, |output| match output.result() {
            DmarcResult::Pass => AuthResult::Pass,
            // Signatures that weren't looked at may be good.
            DmarcResult::Fail(_) => claims.excess.map_or(AuthResult::Fail, Excess::word),
            DmarcResult::TempError(_) => AuthResult::Temperror,
            DmarcResult::PermError(_) => AuthResult::Permerror,
            DmarcResult::None => AuthResult::None,
        });
        self.answered(&policy, result != AuthResult::Temperror);
        result
    }

    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.clock.within(limits::AUTH_STEP_TIME_MAX, work).await.ok()
    }

    /// What came of asking for a record.
    fn answered(&self, name: &str, answered: bool) {
        self.health.note(answered);
        if !answered {
            self.health.leave_in_peace(name);
        }
    }
}

/// What can be said without asking anybody.
fn unknown(transaction: &Transaction, claims: &Claims) -> AuthResults {
    let open = |is_open: bool| if is_open { AuthResult::Temperror } else { AuthResult::None };
    let signed = |is_open: bool| claims.excess.map_or(open(is_open), Excess::word);
    AuthResults {
        spf: open(transaction.network_peer().is_some()),
        dkim: signed(claims.is_signed),
        dmarc: open(claims.author_domain().is_some()),
        arc: signed(claims.is_chained),
    }
}

/// The message with this DKIM signature and no other.
fn with_one_signature<'m>(
    message: &AuthenticatedMessage<'m>,
    signature: Header<'m, Signature>,
) -> AuthenticatedMessage<'m> {
    AuthenticatedMessage {
        headers: message.headers.clone(),
        raw_message: message.raw_message,
        body_offset: message.body_offset,
        body_hashes: message.body_hashes.clone(),
        dkim_headers: vec![signature],
        ..AuthenticatedMessage::default()
    }
}

fn spf_word(result: SpfResult) -> AuthResult {
    match result {
        SpfResult::Pass => AuthResult::Pass,
        SpfResult::Fail => AuthResult::Fail,
        SpfResult::SoftFail => AuthResult::Softfail,
        SpfResult::Neutral => AuthResult::Neutral,
        SpfResult::None => AuthResult::None,
        SpfResult::TempError => AuthResult::Temperror,
        SpfResult::PermError => AuthResult::Permerror,
    }
}

/// One word for all signatures: one that is good is enough (RFC 6376 §6.1); one that may turn out to be good leaves it
/// open; of the others the one that says most.
fn best(outputs: &[DkimOutput<'_>], useless: bool, excess: Option<Excess>) -> AuthResult {
    const ORDER: [AuthResult; 5] =
        [AuthResult::Pass, AuthResult::Temperror, AuthResult::Fail, AuthResult::Neutral, AuthResult::Permerror];
    let words: Vec<AuthResult> = outputs.iter().map(|output| dkim_word(output.result())).collect();
    let useless = useless.then_some(AuthResult::Permerror).or(excess.map(Excess::word)).unwrap_or_default();
    ORDER.into_iter().find(|word| words.contains(word)).unwrap_or(useless)
}

/// A body that was changed is a failure (RFC 8601 §2.7.1), though the library calls it neutral.
fn dkim_word(result: &DkimResult) -> AuthResult {
    match result {
        DkimResult::Pass => AuthResult::Pass,
        DkimResult::Fail(_) | DkimResult::Neutral(Error::Dkim(DkimError::FailedBodyHashMatch)) => AuthResult::Fail,
        DkimResult::Neutral(_) => AuthResult::Neutral,
        DkimResult::TempError(_) => AuthResult::Temperror,
        DkimResult::PermError(_) => AuthResult::Permerror,
        DkimResult::None => AuthResult::None,
    }
}

fn silence() -> Error {
    Error::Dns(DnsError::Resolver("not asked".into()))
}
