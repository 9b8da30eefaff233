//! From an agent's text to the customer's mailbox, and back.
//!
//! 1. **Plan.** [`case::plan_reply`](crate::case::plan_reply): to the author of the last message that belongs to the case by
//!    proof (to their Reply-To as far as the [address](crate::address::ReplyTo)
//!    heeds it), never to an address of ours. The sender is the address's `reply_from`, else the address itself, and only
//!    when it is verified. `--preview` shows this and sends nothing; on a terminal it is shown and asked about. An answer that says
//!    what its agent has read (`--seen`) is refused when something newer is on the case.
//! 2. **Compose.** The answered message stands quoted below the agent's text ([`quotation_of`](crate::message::compose::quotation_of)),
//!    and both go as text and as a page made from it. Service addresses and other secret addresses of ours are replaced by the routing address
//!    that they belong to, wherever they stand ([`Redaction`](crate::address::Redaction)). The Message-ID carries a keyed token of the case ([`address::Keyring`](crate::address::Keyring)); References
//!    continue the thread; the reverse-path is a bounce address bound to message and recipients.
//! 3. **Journal.** The message is signed with the DKIM keys of its author's domain, if it has any, appended and synced. *A crash here: it was never sent, and nobody was told it was.*
//! 4. **Spool.** One commit: the event on the case, the spool row, its due time, the thread index. Now the command answers.
//! 5. **Attempt.** The scheduler sees that it is due. The time of the next attempt is written *before* dialling, so that a
//!    crash in between costs a second attempt under the same Message-ID and never the message. When as many deliveries as may
//!    be are under way to its domains, it is put off, which is no attempt.
//! 6. **Delivery.** To the smarthost, or to the MX hosts of each domain in their order; TLS whenever it is offered.
//! 7. **Outcome.** Per recipient, as soon as the host has answered and before we take leave of it, in one commit with the event
//!    on the case: `reply_delivered`, `reply_delayed` (told once) or `reply_failed`. Retried by the schedule until it is final
//!    or its time is over. Domains of one reply don't wait for each other.
//! 8. **The answer** names our Message-ID in In-Reply-To or References. The token proves the case, and the message joins it.
//!
//! An acknowledgement goes the same way from the second step on, without an agent and a quotation: it is due in the commit
//! that opens its case, which also counts it, and its text is the address's own.
//!
//! A notice to an agent goes that way, too, from `notices@` this host: it is due in the commit that offers the case, gives it to them or
//! adds their customer's answer, and is written ([`outbound`](crate::outbound)) if that still holds then. What became of it is
//! seen in the spool only.
