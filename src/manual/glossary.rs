//! The words, each with one meaning.
//!
//! | word | meaning |
//! |---|---|
//! | routing address | an address that customers write to, registered with postcase |
//! | service address | the generated address that a company's mail system forwards a routing address's mail to |
//! | default From | the address that a reply leaves from |
//! | envelope, reverse-path, forward-path, mail transaction | RFC 5321: what was said in MAIL and RCPT |
//! | message, header field, header section | RFC 5322 |
//! | mail id | postcase's own id of a stored message |
//! | Message-ID | the author's id of a message |
//! | journal | the files that hold every accepted and every sent message |
//! | inbox | accepted messages that wait for a decision |
//! | spool | messages that wait to be delivered |
//! | queue | where cases and items wait for agents |
//! | item | a message that is routed without a case: somebody does it, or makes a case of it ([`routing::Work`](crate::routing::Work)) |
//! | adviser | a rule, or whatever else suggests what becomes of a new case; none decides ([`case::weigh`](crate::case::weigh())) |
//! | brief | what advisers are told of a message ([`case::Brief`](crate::case::Brief)) |
//! | workstream | the branch of the company's work that a case belongs to, as intake rules choose it; later rules may be for one alone |
//! | overflow | where a case goes instead of a queue that is out of hours, full or too slow |
//! | offer | a case that an agent is asked to take, for a while |
//! | capacity, unit | how much work an agent can have at a time; what a case takes of it |
//! | capacity profile | what cases take of the agents who have it, by record type, and when it comes back |
//! | permission set | a name that an address asks for and agents have |
//! | verdict | the answer at RCPT or DATA |
//! | decision, disposition | what intake chose; the same as recorded |
//! | authentication results | what SPF, DKIM, DMARC and ARC said of a message's sender when it was decided |
//! | routed | accepted, and an item made of it instead of a case |
//! | held, ignored | accepted, and no case made of it: a person is asked, or nobody; both are kept and can be released |
//! | released, reprocessed | decided again without the address's policies; read again, with them |
//! | evidence | everything that a decision rests on |
//! | token | proof, made with our key, that a message belongs to a case |
//! | probe | the message that verifies an address by coming back |
//! | forwarding confirmation | a mail provider's question whether it may forward to a service address, with its code or link |
//! | attempt, outcome | one delivery try; its result per recipient |
//! | siblings | cases that one mail opened at several routing addresses |
//! | contact | somebody who writes to us, by their address and its aliases ([`case::Contact`](crate::case::Contact)) |
//! | account | the company that a contact belongs to, as a person said for the contact, else by domain ([`case::Account`](crate::case::Account)) |
//! | participant | somebody whose messages belong to a case: an author, or somebody addressed |
//! | version | a message with the author and Message-ID of an earlier one and another content |
//! | third party | somebody who answers with a valid token and had no part in the case so far |
