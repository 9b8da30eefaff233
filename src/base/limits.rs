//! Every bound of the program, each with its reason. A bound that an administrator may set is a default here and a key
//! in the configuration; the others are fixed because nothing good lies beyond them.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// A command line with its CRLF. RFC 5321 §4.5.3.1.4 asks for 512; parameters and UTF-8 addresses need more.
pub const COMMAND_LINE_BYTES_MAX: usize = 2048;
/// One message as announced by SIZE (RFC 1870): what large providers take, after base64.
pub const MESSAGE_BYTES_MAX: usize = 25 * MIB;
/// A header section: the largest real ones are under 100 KiB.
pub const HEADER_BYTES_MAX: usize = 256 * KIB;
/// Fields of a header section.
pub const HEADER_FIELDS_MAX: usize = 1000;
/// Nesting of multiparts and attached messages that is read; deeper ones are stored unread.
pub const MIME_DEPTH_MAX: usize = 32;
/// Parts of one message that are read.
pub const MIME_PARTS_MAX: usize = 1000;
/// Attached messages within attached messages whose files are listed; people forward a forward of a forward.
pub const ATTACHED_DEPTH_MAX: usize = 4;
/// Recipients of one mail transaction. RFC 5321 §4.5.3.1.8 asks for at least 100.
pub const RECIPIENTS_MAX: usize = 100;
/// Received fields that still aren't a loop (RFC 5321 §6.3 asks for at least 100 in relays; we are the last hop).
pub const RECEIVED_HOPS_MAX: usize = 50;
/// Refused commands of one session before it is closed.
pub const ERRORS_MAX: u32 = 10;
/// From this refusal on a session is answered later, by a second more each time: nobody honest gets so far.
pub const ERRORS_SLOW: u32 = 5;

/// Silence between commands (RFC 5321 §4.5.3.2.7).
pub const IDLE: Duration = Duration::from_secs(300);
/// One message from 354 to its final dot, however slowly it drips.
pub const DATA_TIME_MAX: Duration = Duration::from_secs(3600);
/// A message comes at this many bytes a second at least, averaged over the window: an analogue modem does better.
pub const DATA_RATE_MIN: u64 = 500;
/// Over so long; a peer on a bad line may be silent for some of it.
pub const DATA_RATE_WINDOW: Duration = Duration::from_secs(60);
/// The same for a message that holds much memory while memory is short, so that few slow peers can't keep all of it.
pub const DATA_RATE_LARGE_MIN: u64 = 64 * KIB as u64;
/// Over so long.
pub const DATA_RATE_LARGE_WINDOW: Duration = Duration::from_secs(10);
/// What much memory is: nearly all messages need less.
pub const DATA_LARGE_BYTES: usize = 256 * KIB;
/// Sessions at a time.
pub const CONNECTIONS_MAX: usize = 1000;
/// The server is under stress when fewer than one in so many connections are left.
pub const STRESS_SHARE: usize = 5;
/// Silence under stress: a line of text crosses the world in less.
pub const STRESS_IDLE: Duration = Duration::from_secs(10);
/// Silence under stress after which a session makes way for a new peer when no connection is left: more than a round trip.
pub const STRESS_SILENCE: Duration = Duration::from_secs(2);
/// Entries of silent sessions that are kept before those that are over are cleared away.
pub const SILENT_SESSIONS_KEPT: usize = 1000;
/// Peers that wait at a time for a connection to become free.
pub const WAITING_PEERS_MAX: usize = 100;
/// How long each of them waits: those who make way are gone at once, or not at all.
pub const SEAT_TIME_MAX: Duration = Duration::from_secs(2);
/// Refused commands of one session under stress.
pub const STRESS_ERRORS_MAX: u32 = 1;
/// Connections of one peer at a time.
pub const PEER_CONNECTIONS_MAX: usize = 50;
/// Connections of one peer in a window that bring no mail.
pub const PEER_BARREN_MAX: usize = 60;
/// See above.
pub const PEER_WINDOW: Duration = Duration::from_secs(60);
/// Peers that are counted: a few megabytes.
pub const PEERS_MAX: usize = 65_536;
/// From asking for a recipient to its refusal: a hundred times what it takes to see that an address is unknown, disabled or
/// foreign, so that the timer and not that work decides when the reply leaves.
pub const REFUSAL_PAUSE: Duration = Duration::from_millis(1);
/// It is longer by a random part of so many times itself: what a timer's tick leaves is hidden by the choice of the tick.
pub const REFUSAL_SPREAD: f64 = 4.0;
/// How long a suspect peer waits for the greeting, so that it may betray that it doesn't.
pub const GREETING_DELAY: Duration = Duration::from_secs(2);
/// A TLS handshake.
pub const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(30);
/// Handshakes that the kernel keeps for us: with the usual 1,024 a burst of clients is refused and comes back 1 s later.
pub const LISTEN_BACKLOG: u32 = 4096;
/// Message bytes held in memory by all sessions together, so that 1,000 connections can't exhaust the machine.
pub const BUFFERED_BYTES_MAX: usize = 64 * MIB;
/// Read at a time while a message comes in: most messages in one or two reads, and 1,000 sessions within 32 MiB.
pub const READ_BYTES: usize = 32 * KIB;
/// The first room for a message in memory, and the least it grows by: most messages grow once or never.
pub const MESSAGE_STEP_BYTES: usize = 16 * KIB;
/// Replies of a pipelined batch that wait to be written together.
pub const REPLIES_BYTES_MAX: usize = 4 * KIB;
/// After a last reply of ours the peer's bytes are read and dropped for so long: closing over them resets the connection
/// and can take the reply away from the peer.
pub const LINGER: Duration = Duration::from_secs(1);
/// After an exhausted machine refused us a socket, before accepting again.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long running mail transactions may take to finish when the server is asked to stop.
pub const STOP_GRACE: Duration = Duration::from_secs(30);

/// Entries that share one `fdatasync` of the journal.
pub const SYNC_ENTRIES_MAX: usize = 256;
/// Bytes that share one `fdatasync` of the journal.
pub const SYNC_BYTES_MAX: usize = 16 * MIB;
/// A journal segment is closed at this size: small enough to rewrite for erasure, large enough to keep folders short.
pub const SEGMENT_BYTES_MAX: u64 = 64 * MIB as u64;
/// Envelope and message of one journal entry: twice what a session takes, so that a reader never trusts a length beyond.
pub const ENTRY_BYTES_MAX: usize = 64 * MIB;
/// Messages from here on are compressed by the journal, when that saves an eighth: smaller ones gain nothing.
pub const COMPRESS_BYTES_MIN: usize = KIB;
/// While more entries than this wait to be appended, or shared the last sync, messages are stored as they are: compressing
/// is a fifth of the cost of taking one.
pub const COMPRESS_WAITING_MAX: usize = 1;
/// Messages from here on are hashed and compressed beside the tasks: a session's neighbours would wait too long.
pub const BLOCKING_BYTES_MIN: usize = 256 * KIB;
/// Segments whose index is kept for readers: what the workers read lies in the newest few.
pub const SEGMENT_INDEXES_MAX: usize = 8;
/// Case numbers that a restored store leaves out: more than its original has given since the backup was taken.
pub const RESTORE_NUMBERS_SKIPPED: u64 = 10_000;
/// Incarnations of which a restored store takes one by chance, so that two stores made from one backup don't give the same
/// ids: seconds, half a year of them. Smaller would meet more often, larger would run away from the clock.
pub const RESTORE_INCARNATIONS: u32 = 1 << 24;
/// How long the command line waits for a command that reads everything: hours for a full disk over a slow link.
pub const LONG_COMMAND_TIME_MAX: Duration = Duration::from_secs(24 * 3600);
/// Free bytes below which no new mail is begun, unless set otherwise: time for somebody to come and look.
pub const FREE_BYTES_MIN: u64 = 1024 * MIB as u64;
/// Part of a disk's bytes, and of its files, that is kept free: file systems get slow before they are full.
pub const FREE_PART_MIN: f64 = 0.05;
/// Messages of the largest size that must still fit: one in the journal, what its decision writes, and one more.
pub const FREE_MESSAGES_MIN: u64 = 3;
/// Batches that share one commit of the database, unless more are committed together.
pub const COMMIT_BATCHES_MAX: usize = 256;
/// Memory that the database may use as a cache (its own default is 1 GiB).
pub const DATABASE_CACHE_BYTES: usize = 16 * MIB;
/// Documents of one table that are kept parsed: all routing addresses of nearly everybody, and the cases that new messages
/// are compared with.
pub const PARSED_MAX: usize = 1024;
/// Times a commit is planned again after a conflict before the work is put back.
pub const CONFLICTS_MAX: u32 = 16;
/// Messages that are read and decided in one round, and mostly in one commit; of a large one little is kept meanwhile. With
/// twice as many 17 MiB more are left in use ten seconds after a burst, for a tenth less processor time in it.
pub const ROUND_MESSAGES_MAX: usize = 1024;
/// Between two rounds of deciding while mail comes in: the disk is the sessions', and a round and its commit do more.
pub const ROUND_PAUSE: Duration = Duration::from_millis(250);
/// Messages a second that are a burst: more than two processors decide beside taking them.
pub const BURST_RATE: u32 = 6000;
/// Pauses between two rounds in a burst, of which as much as can be is taken first.
pub const BURST_PAUSES: u32 = 8;
/// With so many messages waiting for a decision there are no pauses between rounds, and each session waits one before its
/// 250: a burst is taken at once, but a flood no faster than it can be decided.
pub const UNDECIDED_SLOW: usize = 200_000;
/// With so many no message is begun (452): some 40 MB of ids in memory, and more than ten minutes of work.
pub const UNDECIDED_MAX: usize = 1_000_000;
/// Starts of one mail's reading that ended with the process: then a case is opened from its envelope alone.
pub const READ_STARTS_MAX: u32 = 3;

/// Signatures of one message that are verified (RFC 6376 §6.1 allows a limit); lists and forwarders add two or three.
pub const SIGNATURES_MAX: usize = 10;
/// One signature field: real ones are below 2 KiB.
pub const SIGNATURE_BYTES_MAX: usize = 4 * KIB;
/// Look-ups of one kind for one message: a name server that is there answers in a tenth of it.
pub const AUTH_STEP_TIME_MAX: Duration = Duration::from_millis(2500);
/// Messages whose senders are looked up at a time.
pub const AUTH_MESSAGES_MAX: usize = 256;
/// Header sections that wait for look-ups.
pub const AUTH_BYTES_MAX: usize = 32 * MIB;
/// How long a round waits for the look-ups of its messages; whoever isn't known by then joins a later round.
pub const AUTH_PATIENCE: Duration = Duration::from_millis(100);
/// Messages that wait for look-ups, or for messages that do, beyond their round. With more the next round waits.
pub const AUTH_LATE_MAX: usize = 8192;
/// A record that can't be had is not asked for again for so long.
pub const SLOW_NAME_REST: Duration = Duration::from_secs(30);
/// Records that are remembered as such.
pub const SLOW_NAMES_MAX: usize = 4096;
/// Look-ups in a row without an answer, after which our own name servers are doubted.
pub const DNS_FAILURES_MAX: u32 = 16;
/// Time for them to show that they are there.
pub const DNS_HEALTH_TIME_MAX: Duration = Duration::from_secs(1);
/// After they didn't, how long nobody is looked up.
pub const DNS_SILENCE: Duration = Duration::from_secs(10);
/// Questions under way at a time: all messages with a few each, and the mail that leaves.
pub const DNS_QUESTIONS_MAX: usize = 1024;

/// Keys of one domain, all of which sign its mail: two kinds, and their successors.
pub const DKIM_KEYS_MAX: usize = 4;

/// Reaching a peer.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(30);
/// A peer's reply to a command (RFC 5321 §4.5.3.2).
pub const REPLY_TIME_MAX: Duration = Duration::from_secs(300);
/// A peer's reply to the final dot (RFC 5321 §4.5.3.2.6).
pub const DATA_REPLY_TIME_MAX: Duration = Duration::from_secs(600);
/// One attempt over all hosts of a domain up to the final dot: a peer that drips can't hold a place for hours.
pub const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(1800);
/// Manners after the last reply: nothing depends on the answer to QUIT.
pub const QUIT_TIME_MAX: Duration = Duration::from_secs(5);
/// One reply of a peer with all its lines: ten times the longest real ones.
pub const PEER_REPLY_BYTES_MAX: usize = 8 * KIB;
/// What is kept of a peer's words: enough for the wordiest providers, small enough for a row.
pub const PEER_WORDS_CHARS_MAX: usize = 1000;
/// The password for a smarthost: longer than any, short enough for a line of RFC 4954.
pub const PASSWORD_BYTES_MAX: usize = KIB;
/// Hosts of one domain that are looked up: nobody who means well has more.
pub const MX_HOSTS_MAX: usize = 10;
/// Addresses of one host that are tried, so that a host with many doesn't hide the next host.
pub const HOST_ADDRESSES_MAX: usize = 2;
/// Addresses of one domain that are tried in one attempt (RFC 5321 §5.1 asks for at least two).
pub const TARGETS_MAX: usize = 5;
/// The shortest wait between two attempts, so that a retry list that ends in `0s` is no busy loop.
pub const RETRY_WAIT_MIN: Duration = Duration::from_secs(1);
/// Part by which a waiting time is made longer or shorter, so that mail delayed together isn't retried together.
pub const RETRY_JITTER: f64 = 0.1;
/// After work failed for a reason of our own, before it is begun again: no busy loop, and no long wait once it is mended.
pub const FAILURE_PAUSE: Duration = Duration::from_secs(60);
/// Deliveries under way at a time, each with a connection and its message in memory.
pub const ATTEMPTS_MAX: usize = 64;
/// Of them those for one domain: a domain that lets us wait leaves places for seven others, and large receivers answer
/// more than some ten connections of one peer with 421.
pub const DOMAIN_ATTEMPTS_MAX: usize = 8;
/// The same for one address of a host, which may take the mail of many domains.
pub const HOST_ATTEMPTS_MAX: usize = 16;
/// When all places of a destination are taken its further mail comes again after this: most deliveries take a second.
pub const PLACE_PAUSE: Duration = Duration::from_secs(1);
/// Between two messages that come again, so that any backlog of one destination costs twenty looks a second.
pub const PLACE_STEP: Duration = Duration::from_millis(50);
/// Undelivered mail is given up after this (RFC 5321 §4.5.4.1 asks for 4 to 5 days).
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(5 * 24 * 3600);

/// Entries of the list of authors whom an address accepts: beyond them it is a directory, and belongs into a rule.
pub const ACCEPTED_AUTHORS_MAX: usize = 1000;
/// Header fields that are kept in a message's record, names and values together: most messages have under 16 KiB.
pub const SAVED_FIELDS_BYTES_MAX: usize = 64 * KIB;
/// Each of the two texts of a message that advisers are told: a person decides on less, and every rule may search it.
pub const BRIEF_TEXT_BYTES_MAX: usize = 64 * KIB;
/// Entries of each list that advisers are told: a condition that goes through two of them takes 10,000 steps.
pub const BRIEF_ENTRIES_MAX: usize = 100;
/// Fields of a company's own on one case; as many tags, and as many skills: all of them are told to advisers.
pub const CASE_ENTRIES_MAX: usize = BRIEF_ENTRIES_MAX;
/// The name of one of them: it stands in one line of a table.
pub const CASE_NAME_BYTES_MAX: usize = 100;
/// The highest level of a skill, for agents, rules and plugins alike; the lowest is 1.
pub const SKILL_LEVEL_MAX: u8 = 10;
/// Bytes of the file of rules: 1,000 rules are some 150 KiB.
pub const RULES_BYTES_MAX: u64 = 4 * MIB as u64;
/// Bytes of one condition.
pub const CONDITION_BYTES_MAX: usize = 4 * KIB;
/// Bytes that one compiled pattern may take: a list of thousands of words fits.
pub const PATTERN_BYTES_MAX: usize = MIB;
/// Cases that are counted in a queue before one more is sent there: beyond them it is full by any measure.
pub const OVERFLOW_COUNTED_MAX: usize = 1000;
/// How often files that may change meanwhile, of rules and of the configuration, are looked at.
pub const FILES_LOOK_PAUSE: Duration = Duration::from_secs(1);
/// Conditions that failed, in the explanation of one message: all of a kind say the same.
pub const FAILURES_TOLD_MAX: usize = 20;
/// Steps of what became of a case, in the explanation of the message that opened it: all of them are with the case.
pub const LATER_STEPS_MAX: usize = 100;
/// Of what an adviser says why, beside what it sets on a case.
pub const ADVICE_TOLD_CHARS_MAX: usize = 200;
/// Rules that said nothing and are named in the explanation of one message, for each stage: it is kept for every message.
pub const PASSED_NAMED_MAX: usize = 20;
/// Service addresses of one routing address that are remembered after their time: enough to see who still uses them.
pub const RETIRED_KEPT: usize = 5;
/// Questions of mail providers that are remembered for one routing address.
pub const CONFIRMATIONS_KEPT: usize = 10;
/// Links of one such question that are looked at; real ones have a handful.
pub const LINKS_MAX: usize = 100;
/// How long a former service address goes on unless said otherwise: somebody has to change the forward.
pub const SERVICE_OVERLAP: Duration = Duration::from_secs(7 * 24 * 3600);

/// Cases that one mail opens where each address gets its own: a mail to more of our addresses is a circular, and the rest
/// share the first one's case.
pub const SIBLINGS_MAX: usize = 16;

/// Messages of one author that are alike, after which the next are kept on one case: nobody writes that often by hand.
pub const STORM_MESSAGES: usize = 10;
/// Within so long.
pub const STORM_WINDOW: Duration = Duration::from_secs(3600);
/// The text of an acknowledgement: some pages.
pub const ACKNOWLEDGEMENT_BYTES_MAX: usize = 8 * KIB;
/// An author gets one acknowledgement in so long, and an address sends its share of them: two machines that answer each
/// other say one thing a day.
pub const ACKNOWLEDGED_AGAIN_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Acknowledgements to one domain in its window: a company whose machines write under many names.
pub const ACKNOWLEDGED_DOMAIN_MAX: u32 = 20;
/// See above.
pub const ACKNOWLEDGED_DOMAIN_WINDOW: Duration = Duration::from_secs(3600);
/// Acknowledgements of one address in the time above: beyond them it would be a source of bulk mail.
pub const ACKNOWLEDGED_ADDRESS_MAX: u32 = 500;
/// A probe that takes longer lay somewhere: among the spam, as often as not.
pub const VERIFICATION_LATE_AFTER: Duration = Duration::from_secs(600);
/// A probe that hasn't come back by then won't.
pub const VERIFICATION_EXPIRES_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long a command waits for a store that another process has open.
pub const STORE_WAIT_MAX: Duration = Duration::from_secs(5);
/// References of a reply: the first and the newest are kept, so that the field stays within a line of sane length.
pub const REFERENCES_MAX: usize = 20;
/// Text of the answered message that is quoted below an answer: some pages. Whoever answers has the rest.
pub const QUOTED_BYTES_MAX: usize = 16 * KIB;
/// Text of an answer, quotation and all, that leaves in HTML, too: a book is fine as plain text, and would leave thrice.
pub const PAGE_TEXT_BYTES_MAX: usize = 256 * KIB;
/// Rows that a list prints unless asked for more.
pub const LIST_ROWS: usize = 100;
/// Messages whose texts are read for one search: some seconds of work.
pub const SEARCHED_MESSAGES_MAX: usize = 5000;
/// Cases that a contact is shown with; `case list --contact` has all of them.
pub const CONTACT_CASES_SHOWN: usize = 20;
/// Aliases of one contact: a person has a few, and each is looked for among the participants of a case.
pub const ALIASES_MAX: usize = 20;
/// Domains of one account: large groups have some dozens.
pub const ACCOUNT_DOMAINS_MAX: usize = 200;
/// An account's name: it stands in one line of a table.
pub const ACCOUNT_NAME_CHARS_MAX: usize = 100;
/// One attachment of a reply, and all of them together with its text.
pub const REPLY_BYTES_MAX: usize = 18 * MIB;

/// Text of one message that is read: a long novel. The rest stays in the raw message.
pub const TEXT_BYTES_MAX: usize = MIB;
/// Words of a text by which its language is told: more of them change nothing.
pub const LANGUAGE_BYTES_MAX: usize = KIB;
/// Text that is searched for them.
pub const LANGUAGE_SEARCHED_BYTES_MAX: usize = 4 * KIB;
/// Letters without which nothing is said of the language: a dozen of Greek, eight of Chinese, four words of English.
pub const LANGUAGE_LETTER_BYTES_MIN: usize = 24;
/// Lines of a text in which quotations and forwarded messages are looked for: what is new stands above them.
pub const SEARCHED_LINES_MAX: usize = 5000;
/// The notice of a delivery report in prose: the longest name some hundred recipients.
pub const NOTICE_BYTES_MAX: usize = 16 * KIB;
/// People of one address field: list servers write hundreds, nothing good writes thousands.
pub const ADDRESSES_MAX: usize = 1000;
/// One Message-ID: it has to fit on a line (RFC 5322 §2.1.1).
pub const MESSAGE_ID_BYTES_MAX: usize = 900;
/// Ids of one References field that are looked up, the newest ones.
pub const MESSAGE_IDS_MAX: usize = 100;
/// A subject that we send: longer ones are cut by many clients anyway.
pub const SUBJECT_CHARS_MAX: usize = 250;
/// Words of a text in which phrases are looked for: what an answer quotes stands near its beginning.
pub const TEXT_WORDS_MAX: usize = 2000;
/// Phrases that stand for a message: a quotation of half of it has most likely one of them.
pub const PHRASES_KEPT: usize = 4;
/// Phrases of a quotation that are looked up: all of most; of a long one those that stand for the texts in it.
pub const QUOTED_PHRASES_MAX: usize = 256;
/// Messages that one without proof is compared with: some weeks of most desks, and 4 MiB of memory.
pub const TRACES_MAX: usize = 16_000;
/// Cases in which the same phrase or subject says nothing any more: it belongs to a form.
pub const LIKE_CASES_MAX: usize = 3;
/// Days after which a case is no longer what its author writes about under the same subject.
pub const LIKE_DAYS_MAX: u64 = 14;
/// Cases that one message is shown to belong to, the likeliest: a person looks at few.
pub const MESSAGE_HINTS_MAX: usize = 3;
/// Recipients of one delivery report that are read.
pub const REPORTED_RECIPIENTS_MAX: usize = 100;
/// A command as JSON: a message of an archive in base64, which makes it a third larger, and some room. The files of a reply
/// need less.
pub const COMMAND_BYTES_MAX: usize = MESSAGE_BYTES_MAX / 3 * 4 + MIB;
/// Messages of an archive in one command: each has its own sync, and an answer comes within seconds on any disk.
pub const IMPORT_MESSAGES_MAX: usize = 200;
/// Bytes of the messages of one command, unless a single one is larger.
pub const IMPORT_BYTES_MAX: usize = 4 * MIB;
/// Piece of an archive's line that is read at a time: lines may have no end.
pub const IMPORT_LINE_BYTES: u64 = 64 * KIB as u64;
/// Messages of an archive that couldn't be imported and are named; the others are counted.
pub const IMPORT_FAULTS_NAMED: usize = 100;
/// Bytes of the decisions that a replay shows to change, in the memory of a server that takes mail: some ten thousand.
pub const REPLAY_BYTES_MAX: usize = 16 * MIB;
/// Bytes of one page of an export, and a message more.
pub const EXPORT_BYTES_MAX: usize = 4 * MIB;
/// How often progress is shown where there is no terminal: ten lines a minute.
pub const PROGRESS_LINE_EVERY: Duration = Duration::from_secs(6);
/// And on a terminal.
pub const PROGRESS_EVERY: Duration = Duration::from_millis(200);
/// Connections to the local socket, and as many to the API on TCP: each may bring a large command.
pub const API_CONNECTIONS_MAX: usize = 64;
/// A request's header section, and then its body, must be here by then, or a slow peer holds a connection for nothing.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);
/// How long the command line waits for the running server's answer: some commands wait for DNS.
pub const COMMAND_TIME_MAX: Duration = Duration::from_secs(60);
/// Longest path of a Unix socket: the kernel's field has 108 bytes on Linux and 104 elsewhere.
pub const SOCKET_PATH_BYTES_MAX: usize = 100;

/// How long an agent may think about an offer: longer, and the customer waits for somebody who isn't there.
pub const OFFER_TIME: Duration = Duration::from_secs(5 * 60);
/// How often one agent may decline a case before it is offered to others only.
pub const DECLINES_MAX: u32 = 3;
/// How long a case isn't offered again to an agent who often didn't answer: longer than lunch. Each further time takes twice
/// as long.
pub const SILENCE_PAUSE: Duration = Duration::from_secs(3600);
/// And at most so long: everybody is there once a day.
pub const SILENCE_PAUSE_MAX: Duration = Duration::from_secs(86_400);
/// How long a case counts against its agent's capacity without anybody doing anything: what was forgotten blocks nobody.
pub const CAPACITY_LEASE: Duration = Duration::from_secs(3 * 86_400);
/// How long a case waits in a queue before it overflows, unless the queue says otherwise.
pub const OVERFLOW_AFTER: Duration = Duration::from_secs(15 * 60);
/// And at least so long: nobody sees what waits for less.
pub const OVERFLOW_AFTER_MIN: Duration = Duration::from_secs(60);
/// Units that one case may take of an agent: who weighs cases so finely weighs nothing. Their sum has room for 400,000 cases.
pub const UNITS_MAX: u32 = 10_000;
/// Notices to one agent in an hour: whoever gets more reads none.
pub const NOTICES_HOUR_MAX: u32 = 60;
/// Agents of whom a choice tells why they were or weren't chosen: a person reads a few.
pub const CONSIDERED_MAX: usize = 20;

/// Instructions of one call to a plugin, roughly: what a slow machine does in 100 ms. The same for the same mail everywhere.
pub const PLUGIN_FUEL: u64 = 50_000_000;
/// One call of a plugin, for what fuel doesn't see. Time of a processor, here and below: that a burst of mail leaves it none isn't
/// a plugin's fault.
pub const PLUGIN_TIME_MAX: Duration = Duration::from_millis(100);
/// How often a guest that computes is looked at for that.
pub const PLUGIN_TICK: Duration = Duration::from_millis(10);
/// Calls of the host in one call, which cost no fuel: a language's start takes ten, and more lines than this are no log.
pub const PLUGIN_HOST_CALLS_MAX: u32 = 1000;
/// Memory of one call in MiB unless an administrator gives it more: a plugin reads one message.
pub const PLUGIN_MEMORY_MIB: u32 = 32;
/// The most that can be given: an interpreter alone takes up to 16, its modules and data come on top.
pub const PLUGIN_MEMORY_MIB_MAX: u32 = 96;
/// Entries of a plugin's tables, which hold functions: large interpreters have some thousands.
pub const PLUGIN_TABLE_ENTRIES_MAX: usize = 40_000;
/// Core modules, tables and memories of one plugin: componentised interpreters have up to 40.
pub const PLUGIN_PARTS_MAX: usize = 50;
/// Its stack.
pub const PLUGIN_STACK_BYTES_MAX: usize = 512 * KIB;
/// What one answer or one call of the host may hand over before it is looked at.
pub const PLUGIN_TRANSFER_BYTES_MAX: usize = 4 * MIB;
/// Advice of one call, all texts together.
pub const PLUGIN_OUTPUT_BYTES_MAX: usize = 64 * KIB;
/// The value of one field of it: a paragraph, since all fields are in each row of the case.
pub const PLUGIN_FIELD_BYTES_MAX: usize = 4 * KIB;
/// Pieces of advice of one call.
pub const PLUGIN_ADVICE_MAX: usize = 100;
/// Lines that one call may log, and the length of each.
pub const PLUGIN_LOG_LINES_MAX: usize = 16;
pub const PLUGIN_LOG_BYTES_MAX: usize = KIB;
/// A component as a file, which travels like a message: the largest are Python with its standard library, 18 MiB.
pub const PLUGIN_FILE_BYTES_MAX: usize = MESSAGE_BYTES_MAX;
/// The same as machine code.
pub const PLUGIN_CODE_BYTES_MAX: usize = 128 * MIB;
/// Compiling one: what Python takes, thrice.
pub const PLUGIN_COMPILE_MEMORY_BYTES_MAX: u64 = 2048 * MIB as u64;
pub const PLUGIN_COMPILE_CPU_SECONDS_MAX: u64 = 60;
/// Messages that a plugin brings to be tried on: each may take as long as a call.
pub const PLUGIN_VECTORS_MAX: usize = 100;
/// What a plugin may keep from one message to the next.
pub const PLUGIN_STATE_BYTES_MAX: usize = 64 * KIB;
/// So many failures within this, and a plugin is suspended.
pub const PLUGIN_FAILURES_MAX: usize = 5;
pub const PLUGIN_FAILURES_WITHIN: Duration = Duration::from_secs(60);
/// Messages that are remembered to have been counted: as many as are planned at a time and may be planned again. A plugin is
/// suspended long before it fails on so many.
pub const PLUGIN_FAILED_ON_KEPT: usize = 64;
/// After this a plugin that can't be loaded, or was suspended, has another try, and then after twice as long each time.
pub const PLUGIN_PAUSE_MIN: Duration = Duration::from_secs(60);
pub const PLUGIN_PAUSE_MAX: Duration = Duration::from_secs(3600);
/// Former versions that can be had back.
pub const PLUGIN_VERSIONS_KEPT: usize = 3;
/// Messages about which plugins are asked at a time, for each processor: as many as there are processors compute, and one that
/// takes all its time leaves room for others.
pub const PLUGIN_PLACES_PER_PROCESSOR: usize = 2;
/// All plugins on one message: mail waits for none of them longer than until they have had that.
pub const PLUGIN_CHAIN_TIME_MAX: Duration = Duration::from_millis(500);
