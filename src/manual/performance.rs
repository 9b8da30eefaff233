//! How fast it is, as measured by `cargo bench --bench intake` (`-- --quick`: a first impression).
//!
//! One client drives all servers in turn, in short slices, round after round. The bare rate of `append + fdatasync` of
//! 4 KiB is measured before each slice, with another core kept busy. Only ratios of one round are compared, since the same
//! disk may be twenty times slower a minute later. `smtp-sink` stores nothing; Postfix takes mail into its queue and
//! discards it then. *Backlog* is what isn't a case yet when the last reply came, *drain* how long that takes; CPU is of the
//! threads that take mail, and of all until nothing was left to do. p50 and p99 are from the final dot to its reply.
//!
//! # A run
//! AMD EPYC (virtual), 2 cores, Linux 6.18.44, ext4; medians of 3 rounds of 0.7 s each. The sync rate lay between 4,000 and 7,300
//! a second. Rates at 1,000 connections were 0.70, 0.83 and 0.75 of those at 100 of the same round.
//!
//! | load | server | accepted × sync | × smtp-sink | × Postfix | p50 × sync | p99 × sync | backlog | drain s | CPU s per 1,000: taking | until drained |
//! |---|---|---|---|---|---|---|---|---|---|---|
//! | 4 KB × 1 | smtp-sink | 1.38 | 1.00 | 7.52 | 0.34 | 0.47 | – | 0.00 | – | 0.06 |
//! | 4 KB × 1 | Postfix | 0.20 | 0.13 | 1.00 | 3.01 | 7.40 | – | 0.01 | – | 1.17 |
//! | 4 KB × 1 | postcase | 0.65 | 0.54 | 4.14 | 1.12 | 4.70 | 1809 | 0.36 | 0.13 | 0.38 |
//! | 4 KB × 10 | smtp-sink | 6.73 | 1.00 | 20.51 | 0.64 | 1.40 | – | 0.00 | – | 0.03 |
//! | 4 KB × 10 | Postfix | 0.31 | 0.05 | 1.00 | 20.79 | 58.01 | – | 0.01 | – | 1.15 |
//! | 4 KB × 10 | postcase | 3.69 | 0.53 | 10.91 | 1.63 | 9.63 | 11962 | 2.22 | 0.04 | 0.28 |
//! | 4 KB × 100 | smtp-sink | 6.27 | 1.00 | 18.51 | 7.65 | 15.30 | – | 0.00 | – | 0.03 |
//! | 4 KB × 100 | Postfix | 0.34 | 0.05 | 1.00 | 42.64 | 138.69 | – | 0.08 | – | 0.77 |
//! | 4 KB × 100 | postcase | 5.81 | 0.79 | 16.16 | 10.46 | 33.71 | 18807 | 3.19 | 0.03 | 0.26 |
//! | 4 KB × 1000 | smtp-sink | 4.86 | 1.00 | – | 23.55 | 42.67 | – | 0.00 | – | 0.04 |
//! | 4 KB × 1000 | postcase | 3.72 | 0.73 | – | 195.71 | 455.24 | 14707 | 2.60 | 0.05 | 0.28 |
//! | 20 KB × 100 | smtp-sink | 3.88 | 1.00 | 9.42 | 12.55 | 19.22 | – | 0.00 | – | 0.08 |
//! | 20 KB × 100 | Postfix | 0.27 | 0.11 | 1.00 | 74.01 | 184.01 | – | 0.12 | – | 1.25 |
//! | 20 KB × 100 | postcase | 2.73 | 1.07 | 10.88 | 22.84 | 83.92 | 9993 | 3.59 | 0.07 | 0.68 |
//! | 1 MB × 10 | smtp-sink | 0.06 | 1.00 | 1.46 | 77.21 | 144.04 | – | 0.00 | – | 2.54 |
//! | 1 MB × 10 | Postfix | 0.05 | 0.69 | 1.00 | 177.69 | 343.07 | – | 0.01 | – | 6.72 |
//! | 1 MB × 10 | postcase | 0.11 | 1.15 | 1.68 | 97.05 | 134.20 | 313 | 1.86 | 1.96 | 13.63 |
//!
//! 1,500 a second over 12 s: the backlog stays flat (509, 375, 545 after each third), from the 250 to the recorded disposition
//! 344 ms (p50) and 368 ms (p95). At 3,000 a second it grows (3,045, 5,836, 8,624). From a journal with 20,000 undecided messages
//! 7,400 cases a second, 0.21 CPU s per 1,000, senders looked up at a name server that knows nobody. PSS at rest 15 MiB, 10 s
//! after 20,000 messages over 100 connections 89 MiB. Start of a new store 8 ms, after a kill with that journal to be
//! verified 75 ms.
//!
//! With 1,000,000 cases in the store, before contacts, work items and traces had rows of their own: 0.14 CPU s per 1,000 instead of 0.12 with none, 2.11
//! reads and 1.17 writes of files and sockets each instead of 2.02 and 1.17, PSS 10 s after the load 81 MiB instead of 67.
//! A build that counts pages, in rounds of 2,048: a conversion touches 1.30 different pages of the database, read or
//! written in one commit, instead of 1.16 with none. Of these names have 0.51 read and 0.29 written (0.40 and 0.27), records
//! of messages 0.63 and 0.63 (0.59 and 0.61), events 0.40 and 0.40 (0.38 and 0.40), cases 0.34 and 0.34 (0.32 and 0.33).
//! The file itself sees 0.22 reads and 1.09 writes (0.10 and 1.02). Before names were kept in runs, with 300,000 cases: 2.97
//! pages, names 1.28 and 1.15, the file 2.53 and 3.35. In rounds of 1,024, as they are now, with 300,000 cases: 1.94 pages instead
//! of 1.77 with none.
//!
//! On that machine one connection of 4 KB messages costs 0.11 CPU s per 1,000 for taking them and 0.25 until drained, medians of
//! 7 rounds of 1 s (smtp-sink 0.05, Postfix 0.92). Of what the threads that take mail use there, the sync is a quarter; the
//! rest is mostly waking threads and waiting for them, the peer's socket a tenth, compression a twelfth.
//!
//! `cargo bench --bench reading`, with 1,059 messages of 4 KiB that others have written, reports of delivery and automatic answers
//! among them, on one core: 23,900 messages a second are read (0.20 of what mail-parser parses), 6,500 are taken from the journal,
//! read, decided and planned, 4,900 recorded, too (medians of three runs). A message that is decided is compared with the cases
//! that are shown as hints, and the case that it may be like is parsed once, not for each message: before, 2,540.
//!
//! `cargo bench --bench assignment`, on that machine with nothing beside it, the best of three equal runs of each decision: with
//! 10,000 agents in one queue and 100,000 items waiting, a choice with what the board has to note of it takes 8 µs (p50), 10 µs (p99),
//! 62 µs at most by turn, by capacity and by number of cases; ten times the agents or the items cost 1.0 to 1.1 times as much. Where
//! each item asks for two of forty skills and a quarter of the agents has each, 59 µs, 139 µs and 426 µs; ten times the agents
//! cost 3.8 times as much, ten times the items 1.1. Before members with room stood in order: 9 ms, 22 ms and 38 ms by turn.
//!
//! The simulated desk of 1,000 agents, 100,000 cases and some 30 crashes lives in 22 to 26 s by turn, capacity and number of cases. More comes
//! than can be done for two hours, then less for two; minutes until somebody had a case, which depend on the seed (1) and
//! not on the machine:
//!
//! | method | p50 | p90 | p99 | max |
//! |---|---|---|---|---|
//! | by turn | 3 | 91 | 111 | 120 |
//! | most capacity | 2 | 119 | 163 | 191 |
//! | fewest cases | 3 | 112 | 126 | 147 |
//! | skills | 3 | 90 | 120 | 129 |
//!
//! `cargo bench --bench pressure`: every hostile input from 19 peers at once with 980 other connections open, peak memory
//! 165 MiB; beside 1,000 peers that send a byte in 20 s a normal mail takes 4 ms (p50), 25 ms (p99); fifty kills under
//! load at 100,000 cases: 70,187 messages had their 250 and each is there once, a new process listens after 0.4 s (p50) and
//! 2 s at most, on a machine that was busy otherwise; of 10,000 refusals each of an unknown, a disabled and a foreign recipient
//! one kind is slower than another in 0.498 to 0.502 of all pairs.
//!
//! `cargo bench --bench rules`, on that machine: 1,000 rules of the sorts that people write take 0.31 ms (p50) and 0.39 ms (p99)
//! for one message, reading it again and telling its language 0.11 ms and 0.13 ms. A replay of 10,000 stored messages with
//! 100 rules in force and as many in the candidate takes 2.3 s. `cargo bench --bench reading`: 21,300 messages a second as
//! they are filed, 9,600 with their language.
//!
//! `cargo bench --bench plugins`, a message with 30 header fields and 2 KiB of text, asked about 5,000 times with and without the
//! plugin by turns: `vip-domains` in Rust adds 0.08 ms (p50) and 0.12 ms (p99) to the 0.03 and 0.05 of an empty chain, in JavaScript
//! 0.36 and 0.44, in Python 1.5 and 1.7. They are compiled in 0.09, 1.7 and 10 s. On a running server with 50 messages a second,
//! mail waits 1 ms (p50) from its 250 to its case; of 758 messages during three installations and a rollback, that of Python
//! among them, the slowest waited 0.38 s, in the moments after a component of 18 MiB was written. Nothing waits while a plugin
//! is compiled. Of 1,024 messages during 132 installations, replacements, rollbacks and removals in 20 s the slowest waited
//! 0.30 s. Beside 4 messages a second on which a plugin does its worst, in 13 ways, others wait 83 ms (p50) and 273 ms (p99).
//! A plugin that counts each message in what it keeps takes 1.2 times as long for a backlog of 2,000 as one that says as much
//! and keeps nothing (1,670 and 2,030 a second); before they were recorded together, 3.9 times. At 50 a second a message waits
//! 3 ms (p50) with either.
//!
//! # What mattered
//! - The sync itself: small groups of the journal are written over zeros that were made ahead, which took half the time.
//! - Who goes first: before, deciding took four tenths of the rate at ten connections.
//! - One commit for a round of deciding instead of one for each message: 0.15 CPU s per 1,000 instead of 0.23.
//! - What isn't done in a burst: compressing, reading the same address from the database for each message, copying large
//!   messages into the buffer of a group (1 MB over ten connections: 1.3 times the sink instead of 0.8).
