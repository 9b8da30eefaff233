//! One mail transaction (RFC 5321 §3.3) on an open session: MAIL, RCPT for each recipient, DATA, the message.
//!
//! Recipients have fates of their own: those that the peer accepts get the message, the others their refusal. What the
//! peer can't carry is refused here before MAIL. Says nothing after the verdict; taking leave is the caller's.
//!
//! RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8), RFC 2920 (PIPELINING).

use super::reply::PeerReply;
use super::session::{Lost, Offers, Session};
use super::wire::Wire;
use super::{Outcome, Outgoing};
use crate::net::socket::Duplex;

/// A message and its envelope, ready to be offered to any host.
pub(super) struct Mail<'a> {
    outgoing: &'a Outgoing<'a>,
    wire: Wire<'a>,
    smtp_utf8: bool,
}

impl<'a> Mail<'a> {
    pub fn new(outgoing: &'a Outgoing<'a>) -> Self {
        let wire = Wire::of(outgoing.message);
        let mut mailboxes = outgoing.recipients.iter().chain(outgoing.from.mailbox());
        let smtp_utf8 = wire.utf8_header || mailboxes.any(|mailbox| mailbox.needs_smtputf8());
        Self { outgoing, wire, smtp_utf8 }
    }

    /// One outcome per recipient, in their order.
    pub async fn transact<S: Duplex + 'static>(&self, session: &mut Session<S>) -> Vec<Outcome> {
        if let Some(refusal) = self.unfit(&session.offers) {
            return refusal.for_each(self.outgoing.recipients);
        }
        let (replies, lost) = exchange(session, &self.commands(&session.offers)).await;
        let refusals = match self.refusals(&replies, lost) {
            Ok(refusals) => refusals,
            Err(refusal) => return refusal.for_each(self.outgoing.recipients),
        };
        let accepted = refusals.iter().any(Option::is_none);
        let verdict = if accepted { Some(self.data(session).await) } else { None };
        refusals.into_iter().filter_map(|refusal| refusal.or_else(|| verdict.clone())).collect()
    }

    /// The message, for those who were accepted.
    async fn data<S: Duplex + 'static>(&self, session: &mut Session<S>) -> Outcome {
        match session.command("DATA\r\n").await {
            Ok(reply) if reply.code == 354 => session.transfer(&self.wire).await,
            Ok(reply) => Outcome::of_refusal(&reply),
            Err(lost) => lost.outcome("after DATA"),
        }
    }

    /// Why this peer can't carry the message at all.
    fn unfit(&self, offers: &Offers) -> Option<Outcome> {
        let size = self.wire.size();
        if let Some(max) = offers.size_max.filter(|max| size > *max) {
            return Some(Outcome::permanent("3.4", format!("the message has {size} bytes, the peer takes {max}")));
        }
        if self.smtp_utf8 && !offers.smtp_utf8 {
            return Some(Outcome::permanent("6.7", "the peer can't take addresses or header fields beyond ASCII"));
        }
        if self.wire.eight_bit && !offers.eight_bit_mime && !self.smtp_utf8 {
            return Some(Outcome::permanent("6.3", "the peer can't take 8-bit text"));
        }
        None
    }

    /// MAIL and the RCPTs.
    fn commands(&self, offers: &Offers) -> Vec<String> {
        let from = self.outgoing.from.mailbox().map(ToString::to_string).unwrap_or_default();
        let mut mail = format!("MAIL FROM:<{from}>");
        if offers.size {
            mail.push_str(&format!(" SIZE={}", self.wire.size()));
        }
        if self.wire.eight_bit && offers.eight_bit_mime {
            mail.push_str(" BODY=8BITMIME");
        }
        if self.smtp_utf8 {
            mail.push_str(" SMTPUTF8");
        }
        let recipients = self.outgoing.recipients.iter().map(|recipient| format!("RCPT TO:<{recipient}>\r\n"));
        std::iter::once(mail + "\r\n").chain(recipients).collect()
    }

    /// For each recipient why it won't get the message, `None` for those that will; or why nobody will.
    fn refusals(&self, replies: &[PeerReply], lost: Option<Lost>) -> Result<Vec<Option<Outcome>>, Outcome> {
        let Some((mail, replies)) = replies.split_first() else {
            return Err(lost.unwrap_or(Lost::Closed).outcome("after MAIL"));
        };
        if !mail.is_success() {
            return Err(Outcome::of_refusal(mail));
        }
        let lost = lost.map(|lost| lost.outcome("after RCPT"));
        let mut accepted = false;
        let refusals = (0..self.outgoing.recipients.len()).map(|n| match replies.get(n) {
            Some(reply) if reply.is_success() => {
                accepted = true;
                lost.clone()
            }
            // RFC 5321 §4.5.3.1.10: the code that older hosts give when it's only one recipient too many.
            Some(reply) if reply.code == 552 && accepted && matches!(reply.enhanced, None | Some((5, 3))) => {
                Some(Outcome::transient("5.3", reply.words.clone()))
            }
            Some(reply) => Some(Outcome::of_refusal(reply)),
            None => lost.clone().or_else(|| Some(Lost::Closed.outcome("after RCPT"))),
        });
        Ok(refusals.collect())
    }
}

/// The replies to MAIL and what follows it, as far as they came; in one go with peers that allow it, else stopping at a
/// refused MAIL.
async fn exchange<S: Duplex + 'static>(
    session: &mut Session<S>,
    commands: &[String],
) -> (Vec<PeerReply>, Option<Lost>) {
    let mut replies: Vec<PeerReply> = Vec::with_capacity(commands.len());
    let pipelining = session.offers.pipelining;
    if pipelining && let Err(lost) = session.say(&commands.concat()).await {
        return (replies, Some(lost));
    }
    for command in commands {
        let reply = if pipelining { session.reply().await } else { session.command(command).await };
        match reply {
            Ok(reply) => replies.push(reply),
            Err(lost) => return (replies, Some(lost)),
        }
        if !pipelining && !replies[0].is_success() {
            break;
        }
    }
    (replies, None)
}
