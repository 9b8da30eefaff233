//! The standards, section by section, as far as they concern postcase.
//!
//! # What RFC 5321 and its extensions ask of a receiver
//!
//! Every MUST for a receiver has an id; a test or a story in `tests/scenarios` names it (and a test checks that).
//!
//! | id | rule | status | where |
//! |---|---|---|---|
//! | `5321-2.1-responsibility` | a message answered with 250 is delivered, or its failure reported | supported: durable first | [`store`](crate::store) |
//! | `5321-2.2.2-registered` | only registered keywords are offered | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-2.3.8-lf` | a bare LF is no line end | refused with 550 5.5.2, or completed when configured | [`end_of_data`](crate::smtp::server::end_of_data) |
//! | `5321-2.3.8-cr` | nor is a bare CR | the same | [`end_of_data`](crate::smtp::server::end_of_data) |
//! | `5321-2.4-case` | verbs, keywords and domains have no case | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-2.4-local-case-kept` | the case of a local part is kept | supported; ours are compared without it | [`base::Mailbox`](crate::base::Mailbox) |
//! | `5321-3.2-helo` | HELO is served | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-3.2-ehlo` | EHLO is served | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-3.3-order` | RCPT and DATA out of order get 503 | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-3.3-no-recipient` | DATA without recipients gets 503 or 554 | supported: 554 | [`smtp::server`](crate::smtp::server) |
//! | `5321-3.3-reverse-path` | a refused sender is told whether for good | supported: 5.1.7 | [`smtp::server`](crate::smtp::server) |
//! | `5321-3.3-source-route` | source routes are understood | supported: dropped (§4.1.1.3, appendix C) | [`smtp::server`](crate::smtp::server) |
//! | `5321-3.3-header-defects` | no refusal for Resent fields that don't match | supported: no field is judged but Received, counted | [`smtp::server`](crate::smtp::server) |
//! | `5321-3.5.3-vrfy` | no 250 to VRFY without having verified | supported: 252, the same for all | [`smtp::server`](crate::smtp::server) |
//! | `5321-3.6.2-no-relay` | what isn't relayed gets 550 | supported: nothing is relayed | [`intake::resolve`](crate::intake::resolve) |
//! | `5321-3.6.2-relay-forms` | the same in all its spellings | supported | [`intake::resolve`](crate::intake::resolve) |
//! | `5321-3.7.2-trace-format` | no refusal for the form of a trace field | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-3.8-421` | the server closes with 421 only when it stops or time is over | partial: also after ten refusals (§7.8) | [`smtp::server`](crate::smtp::server) |
//! | `5321-3.8-lost` | a lost connection ends its transaction, none before it | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.1-arguments` | DATA, RSET and QUIT have no argument | supported: 501 | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.1.1-list` | EHLO lists what is not in the minimum | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.1.1-no-list-for-helo` | HELO gets no list | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.1.4-end` | CR LF . CR LF ends a message, nothing else does | supported | [`end_of_data`](crate::smtp::server::end_of_data) |
//! | `5321-4.1.1.4-cleared` | a message ends its transaction | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.1.5-rset` | RSET gets 250 and closes nothing | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.1.5-forgets` | RSET forgets sender, recipients and data | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.1.6-no-effect` | VRFY, HELP and NOOP change nothing (also §4.1.1.8, §4.1.1.9) | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.1.9-noop` | NOOP gets 250, whatever follows it | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.1.10-quit` | QUIT gets 221, then the connection ends | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.1.11-parameters` | unknown parameters get 555 | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.2-quoted` | quoted local parts are understood | supported | [`base::Mailbox`](crate::base::Mailbox) |
//! | `5321-4.1.3-literals` | address literals are understood | supported; none is a mailbox of ours | [`base::Mailbox`](crate::base::Mailbox) |
//! | `5321-4.1.4-order` | no transaction before a greeting | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.4-any-time` | NOOP, HELP, VRFY and RSET need none | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.4-ehlo-resets` | a further EHLO is a reset | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.4-same-state` | what is refused with 501 or 503 changes nothing | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.1.4-name-not-verified` | no refusal because a name can't be verified | supported: it isn't looked at | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.2-one-reply` | each command has one reply, in order | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.2.4-500` | an unknown command gets 500 | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.2.4-502` | one that isn't implemented gets 502 and isn't offered | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.2.5-refused` | what was refused is not delivered | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.4-received` | a Received field in front | partial: composed when asked for; what is stored is what came | [`smtp::server::trace`](crate::smtp::server::trace()) |
//! | `5321-4.4-return-path` | a Return-Path field on final delivery | partial: the same | [`smtp::server::trace`](crate::smtp::server::trace()) |
//! | `5321-4.4-for` | one path in the FOR clause | supported | [`smtp::server::trace`](crate::smtp::server::trace()) |
//! | `5321-4.4-unchanged` | Received fields of others stay as they are | supported | [`store`](crate::store) |
//! | `5321-4.5.1-commands` | EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, QUIT, VRFY | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.5.1-postmaster` | postmaster in every domain of ours | supported | [`intake::resolve`](crate::intake::resolve) |
//! | `5321-4.5.1-postmaster-bare` | and without a domain | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.5.2-first-dot` | a dot as the first line ends the message | supported | [`end_of_data`](crate::smtp::server::end_of_data) |
//! | `5321-4.5.2-unstuffed` | the dot that begins a line is taken away | supported | [`end_of_data`](crate::smtp::server::end_of_data) |
//! | `5321-4.5.3.1.1-local` | 64 bytes before the @ | supported: 255 | [`base::Mailbox`](crate::base::Mailbox) |
//! | `5321-4.5.3.1.2-domain` | 255 bytes behind it | supported | [`base::Mailbox`](crate::base::Mailbox) |
//! | `5321-4.5.3.1.3-path` | 256 bytes of path | supported | [`base::limits`](crate::base::limits) |
//! | `5321-4.5.3.1.4-line` | 512 bytes of command line | supported: 2,048 | [`base::limits`](crate::base::limits) |
//! | `5321-4.5.3.1.6-text-line` | 1,000 bytes of text line | supported: any | [`end_of_data`](crate::smtp::server::end_of_data) |
//! | `5321-4.5.3.1.7-64k` | 64 KiB of message | supported: 25 MiB; less than 64 KiB can't be configured | [`base::limits`](crate::base::limits) |
//! | `5321-4.5.3.1.8-recipients` | 100 recipients | supported; fewer can be configured and are announced | [`base::limits`](crate::base::limits) |
//! | `5321-4.5.3.1.10-452` | one too many gets 452 | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.5.3.2.7-timeout` | five minutes for a command | supported; 10 s under stress | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.5.4.2-many` | more than one transaction at a time | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-4.5.5-null` | mail from the null reverse-path | supported | [`smtp::server`](crate::smtp::server) |
//! | `5321-6.1-not-lost` | no accepted message is lost by a crash | supported | [`store`](crate::store) |
//! | `5321-6.1-no-notification` | no notification to a null reverse-path | supported: none to anybody; each message has a disposition instead | [`intake`](crate::intake) |
//! | `5321-6.3-loops` | loops are noticed | supported: 50 Received fields (§6.3 suggests 100 for relays) | [`smtp::server`](crate::smtp::server) |
//! | `5321-7.2-blind` | blind copies stay blind | supported | [`smtp::server::trace`](crate::smtp::server::trace()) |
//! | `5321-7.3-252` | VRFY that is off says 252 | supported | [`smtp::server`](crate::smtp::server) |
//! | `1870-6.1-announced` | SIZE beyond the limit is refused at MAIL | supported: 552 | [`smtp::server`](crate::smtp::server) |
//! | `1870-6.3-received` | so is a message that turns out larger | supported: 552, read to its end | [`smtp::server`](crate::smtp::server) |
//! | `2033-4.1-lhlo` | LMTP: LHLO, and no EHLO or HELO | supported | [`smtp::server`](crate::smtp::server) |
//! | `2033-4.2-reply-each` | LMTP: a reply for each accepted RCPT | supported | [`smtp::server`](crate::smtp::server) |
//! | `2033-4.2-no-recipient` | LMTP: DATA without any gets 503 | supported | [`smtp::server`](crate::smtp::server) |
//! | `2142-4-abuse` | abuse@ in every domain of ours | supported | [`intake::resolve`](crate::intake::resolve) |
//! | `2920-3.2-order` | PIPELINING: replies in order, none lost | supported | [`smtp::server`](crate::smtp::server) |
//! | `3207-4-starttls` | STARTTLS with a certificate | supported | [`net::certificate`](crate::net::certificate) |
//! | `3207-4-not-required` | a public host doesn't demand TLS | supported | [`smtp::server`](crate::smtp::server) |
//! | `3207-4.2-forgotten` | what came before the handshake is forgotten | supported | [`smtp::server`](crate::smtp::server) |
//! | `3207-4.2-not-again` | STARTTLS is not offered inside TLS | supported | [`smtp::server`](crate::smtp::server) |
//! | `3207-6-injection` | bytes behind STARTTLS don't count | supported: 554 and close | [`smtp::server`](crate::smtp::server) |
//! | `5233-detail` | `support+anything@` reaches `support@` | supported | [`intake::resolve`](crate::intake::resolve) |
//! | `6152-8bit` | 8BITMIME | supported | [`smtp::server`](crate::smtp::server) |
//! | `6531-3.5-needed` | addresses in UTF-8 need SMTPUTF8 | supported: 553 5.6.7 | [`smtp::server`](crate::smtp::server) |
//! | `6531-4.3-with` | UTF8SMTP and its kin in the trace | supported | [`smtp::server`](crate::smtp::server) |
//! | `8689-4.1-only-over-tls` | REQUIRETLS over TLS only | supported | [`smtp::server`](crate::smtp::server) |
//! | `8689-4.1-tagged` | a message that came with REQUIRETLS is tagged | partial: in its envelope; no trace field says so (none is registered), and nothing is sent on because of it yet | [`base::Envelope`](crate::base::Envelope) |
//! | `9422-rcptmax` | LIMITS says how many recipients | supported; MAILMAX is not limited | [`smtp::server`](crate::smtp::server) |
//!
//! # Not done, on purpose
//!
//! | section | status | why |
//! |---|---|---|
//! | RFC 5321 §3.1 after a 554 greeting the server waits for QUIT | refused | only a peer that talks first gets 554 there, and what it says is not listened to (§7.8) |
//! | RFC 5321 §3.5.2 EXPN | refused with 502 | it tells strangers who is behind a list |
//! | RFC 5321 §4.1.1.4, §6.1 notifications of later failures | otherwise | nothing is bounced after 250: what can't be decided is held, and shown |
//! | RFC 3030 CHUNKING | not offered | BDAT would be a second way to end a message |
//!
//! # The other standards
//!
//! | section | status | where |
//! |---|---|---|
//! | RFC 5321 §4.5.4.1 retry | supported | [`outbound`](crate::outbound) |
//! | RFC 5321 §5.1 locating the target host | supported | [`smtp::client`](crate::smtp::client) |
//! | RFC 2920 §3.1 replies matched to commands | supported; a host that gives more replies than it got commands is out of step, and tried again | [`smtp::client`](crate::smtp::client) |
//! | RFC 1047 the lost reply to a final dot | sent again with the same Message-ID and the same bytes | [`outbound`](crate::outbound) |
//! | RFC 2034, RFC 3463 enhanced status codes | supported | [`base::status`](crate::base::status) |
//! | RFC 3207 STARTTLS as a client | when offered | [`smtp::client`](crate::smtp::client) |
//! | RFC 4954 AUTH as a client, §6 refusals | to a smarthost, inside TLS only; a refused login is a delay | [`smtp::client`](crate::smtp::client) |
//! | RFC 4616 PLAIN | and LOGIN, which no standard describes; no other mechanism | [`login`](crate::smtp::client::login) |
//! | RFC 8314 §3.3 implicit TLS | to a smarthost with `smarthost_tls = "tls"` | [`demands`](crate::smtp::client::demands) |
//! | RFC 6125 names in certificates | proven of a smarthost with a login or with TLS demanded | [`net::proof`](crate::net::proof) |
//! | RFC 3848 protocol words in Received | supported | [`smtp::server::trace`](crate::smtp::server::trace()) |
//! | RFC 5322 §3.6.4 identification fields | supported, tolerant of what real programs write | [`message`](crate::message) |
//! | RFC 5322 §2.1.1 lines of header fields | at most 998 bytes, folded at 78 wherever there is a space | [`compose`](crate::message::compose()) |
//! | RFC 2047, RFC 2231 words and parameters beyond ASCII | written in UTF-8 only, read tolerantly; text that only looks encoded gets a space | [`compose`](crate::message::compose()) |
//! | RFC 6532 UTF-8 in header fields | read; written only in addresses that have no other form | [`compose`](crate::message::compose()) |
//! | RFC 6531 SMTPUTF8 as a client | supported | [`smtp::client`](crate::smtp::client) |
//! | RFC 3464 delivery reports, and those in prose | read | [`message`](crate::message) |
//! | RFC 3676 format=flowed | read, and written | [`message`](crate::message) |
//! | RFC 2046 §5.1.4 multipart/alternative | read; answers leave as text and HTML | [`compose`](crate::message::compose()) |
//! | RFC 3834 automatic responses | recognised, also by wording | [`message`](crate::message) |
//! | RFC 3834 §3, §4 acknowledgements of ours | null reverse-path, Auto-Submitted, References; to the proven author instead of the reverse-path | [`outbound`](crate::outbound) |
//! | RFC 2919, RFC 2369 List-Id, List-Post and their kin | mark mail that came over a list; it opens cases and is never acknowledged | [`message`](crate::message) |
//! | RFC 5322 §4 obsolete syntax | read, in fields, addresses and dates; space in front of a colon belongs to the field | [`message`](crate::message) |
//! | RFC 2152, RFC 1557, RFC 1843 UTF-7, ISO-2022-KR, HZ | read | [`message`](crate::message) |
//! | RFC 8551, RFC 3156 S/MIME and OpenPGP | recognised and kept whole; what a signature wraps is read; nothing is verified or decrypted | [`message`](crate::message) |
//! | RFC 5545 calendars | the first event as text where there is no other | [`message`](crate::message) |
//! | RFC 5965 feedback reports | recognised | [`message`](crate::message) |
//! | RFC 8098 disposition notifications | recognised; none is sent, whoever asks for one | [`message`](crate::message) |
//! | RFC 7435 opportunistic security | supported, as a client | [`net::tls`](crate::net::tls) |
//! | RFC 7505 null MX | supported, as a client | [`smtp::client`](crate::smtp::client) |
//! | RFC 7208 SPF | verified after the 250, for MAIL FROM, or HELO when that is null; not for peers on this host | [`auth`](crate::auth) |
//! | RFC 7208 §4.6.4 limits of SPF | ten terms that look up; 2.5 s | [`auth`](crate::auth) |
//! | RFC 6376 DKIM | verified, ten signatures of a message at most; `l=` counts as unusable (§8.2) | [`auth`](crate::auth) |
//! | RFC 6376 §5 signing | relaxed/relaxed, 2,048 bits; From, Reply-To, To, Cc, Subject, Date, Message-ID and Content-Type also against additions (§5.4) | [`auth::DkimKey`](crate::auth::DkimKey) |
//! | RFC 8301 §3.1, §3.2 rsa-sha1, short keys | `permerror`, `fail` | [`auth`](crate::auth) |
//! | RFC 8463 Ed25519 in DKIM | verified, and signed beside RSA on demand | [`auth`](crate::auth) |
//! | RFC 9989 DMARC (before it RFC 7489) | evaluated as a fact, by tree walk; policies aren't enforced and no reports are sent | [`auth`](crate::auth) |
//! | RFC 8617 ARC | chains verified as a fact; no forwarder is trusted by it yet | [`auth`](crate::auth) |
//! | RFC 8601 words of authentication results | supported; Authentication-Results fields of others aren't believed | [`base::AuthResults`](crate::base::AuthResults) |
