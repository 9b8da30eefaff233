//! From a peer's first byte to a recorded disposition.
//!
//! 1. **Connection.** [`net::listen`](crate::net::listen) accepts and takes a permit; without one the peer hears 421. Who
//!    talks before the greeting is turned away.
//! 2. **Commands.** [`smtp::server`](crate::smtp::server) checks each line before anything happens. At RCPT
//!    [`intake::resolve`](crate::intake::resolve) says what the address is to us: a routing address, a service address, a
//!    bounce address with a proven token, the sender of a probe, the postmaster; everything else is 550 5.1.1, whatever
//!    the reason.
//! 3. **Data.** Our own reader finds the end: CR LF . CR LF and nothing else. Dots are unstuffed, nothing is added.
//!    When an address bounces the mail of authors whom it doesn't accept, steps 7 to 9 are gone through once here, and only
//!    to know whether the answer is 550 5.7.1: nothing of it is kept.
//! 4. **Journal.** The message and its envelope are appended to the journal. One `fdatasync` covers everything that waits.
//!    *A crash before it: the peer got no 250 and sends again.*
//! 5. **250.** Built from the receipt, with the mail id. From here on the message is listed. *A crash from here on: the next
//!    start finds the entry without a record and goes on with step 6.*
//! 6. **Inbox.** Entries are started in order of receipt, many at a time. Before the first of a stretch is started, a claim
//!    is written, so that after a crash only those are suspects: they are read one by one, and the one that ends the
//!    process three times is decided from its envelope alone.
//! 7. **Facts.** [`message::read`](crate::message::read), once. Then [`auth`](crate::auth) looks up who sent it, which takes
//!    some seconds at most and holds up nobody else. Suspects of step 6 are not looked up.
//! 8. **Evidence.** Recipients, an earlier receipt of the same message, the awaited probe, the question of a mail provider,
//!    cases named by token, Message-ID or subject; the author's contact and account; where nothing proves a case, recent cases
//!    that it has something in common with.
//! 9. **Decision.** [`case::decide`](crate::case::decide): the probe, a report, a duplicate, a provider's question (kept
//!    with the address, never a case), mail that the address doesn't want (*held* or *ignored*), an answer to a case, or a
//!    new case. With a reason from [`case::Reason`](crate::case::Reason).
//!    A new case at a routing address is shown to the [rules](crate::rules), with the texts from the journal: they may hold the
//!    message, say what the case is about, and where it goes. [`case::weigh`](crate::case::weigh()) takes the first of
//!    them who places it and can be followed, else the address's settings count; what isn't taken is explained.
//!    Where the address or a rule opens items, what would open one case, and continues none, is *routed* instead: the message
//!    itself is what somebody has to do. It goes where the case would have gone, by the same advice, and nobody is answered.
//! 10. **Record.** One commit: the message's record (which is the mark that the entry is done), the case's events and head, the
//!     thread index, the contact. It expects that no record exists yet: a message is decided once. *A crash before it: as in
//!     step 5. A crash after it: done.* A copy that came to another of our addresses adds a delivery to the record of the
//!     first one here, and with `case-each` a case of its own. An acknowledgement, where the address sends one, is due and
//!     counted by the same commit. It expects the cases as step 8 saw them; if one has changed, back to step 8.
//!
//! 11. **Agent.** A case, or an item without one, in a queue that hands its cases out is a [work item](crate::routing::WorkItem), whose row follows
//!     its own in the same commit. [`dispatch`](crate::dispatch) hears of it from the store, chooses among all agents and
//!     items in memory ([`Switchboard`](crate::routing::Switchboard)) and writes the assignment or the offer, which expects case,
//!     queue and agent as they were. Outside of its business hours a queue hands nothing out, and passes on to its overflow what
//!     waits; an address's permission sets leave only agents who have one of them. What a case takes of an agent says their
//!     [profile](crate::routing::Profile); it comes back when they have nothing to do about it, or at the end of that day by a
//!     row that the assignment writes. *A crash at any point: it is made of the rows again.*
//!
//! A routed message has a row of its own with its events, under its mail id. A person ends it, or makes a case of it:
//! steps 7 to 10 are gone through once more, and the case takes the item's place in the commit that ends the item.
//!
//! What is held or ignored is as durable as everything else. [`decide_again`](crate::intake::decide_again) goes through steps
//! 7 to 10 once more when a person releases it or has it reprocessed, and replaces the record as it was read, so that this,
//! too, happens once; what it was before stays in the record.
//!
//! A message over the rate limit of an address that requeues is put off to the next day at step 8, by a row in the table of
//! due work; one whose decision failed, by a minute. Until then its disposition is null and its reason says why.
//!
//! A message that is imported from an archive begins at step 4, at the hand of [`Desk`](crate::desk::Desk) and with the protocol
//! word `import`. At step 7 nobody is looked up, at step 8 it is no probe, and it counts for no limit. Step 10 also writes
//! down what it is known by, so that it isn't imported twice.
