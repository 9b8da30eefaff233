//! How fast it is, as measured by `cargo bench --bench intake` (`-- --quick`: a first impression).
//!
//! One client drives all servers in turn, in short slices, round after round. The bare rate of `append + fdatasync` of
//! 4 KiB is measured before each slice, with another core kept busy. Only ratios of one round are compared, since the same
//! disk may be twenty times slower a minute later. `smtp-sink` stores nothing; Postfix takes mail into its queue and
//! discards it then. *Backlog* is what isn't a case yet when the last reply came, *drain* how long that takes; CPU is of the
//! threads that take mail, and of all until nothing was left to do. p50 and p99 are from the final dot to its reply.
//!
//! # A run
//! AMD EPYC (virtual), 2 cores, Linux 6.18.44, ext4; medians of 5 rounds of 0.7 s each. The sync rate lay between 1,000 and 3,500
//! a second, and everything took half as much processor time again as on the Intel machine of an earlier run, Postfix and
//! the sink included; that run had 0.32 of the sink at ten connections and 10.2 times Postfix at 20 KB over a hundred.
//!
//! | load | server | accepted × sync | × smtp-sink | × Postfix | p50 × sync | p99 × sync | backlog | drain s | CPU s per 1,000: taking | until drained |
//! |---|---|---|---|---|---|---|---|---|---|---|
//! | 4 KB × 1 | smtp-sink | 1.21 | 1.00 | 6.62 | 0.36 | 0.97 | – | 0.00 | – | 0.15 |
//! | 4 KB × 1 | Postfix | 0.20 | 0.15 | 1.00 | 3.16 | 7.96 | – | 0.01 | – | 2.21 |
//! | 4 KB × 1 | postcase | 0.51 | 0.49 | 3.13 | 1.27 | 8.44 | 695 | 0.38 | 0.30 | 0.74 |
//! | 4 KB × 10 | smtp-sink | 6.00 | 1.00 | 16.22 | 0.78 | 1.96 | – | 0.00 | – | 0.06 |
//! | 4 KB × 10 | Postfix | 0.35 | 0.06 | 1.00 | 22.62 | 41.31 | – | 0.01 | – | 1.85 |
//! | 4 KB × 10 | postcase | 2.16 | 0.45 | 7.55 | 2.51 | 20.24 | 4918 | 1.30 | 0.12 | 0.50 |
//! | 4 KB × 10, one each | smtp-sink | 2.07 | 1.00 | 9.15 | 0.77 | 2.28 | – | 0.00 | – | 0.15 |
//! | 4 KB × 10, one each | Postfix | 0.20 | 0.11 | 1.00 | 27.14 | 62.56 | – | 0.01 | – | 2.38 |
//! | 4 KB × 10, one each | postcase | 0.89 | 0.54 | 4.91 | 4.08 | 17.76 | 1104 | 0.40 | 0.27 | 0.63 |
//! | 4 KB × 100 | smtp-sink | 4.97 | 1.00 | 17.61 | 7.97 | 18.28 | – | 0.00 | – | 0.06 |
//! | 4 KB × 100 | Postfix | 0.26 | 0.06 | 1.00 | 39.98 | 107.32 | – | 0.11 | – | 2.22 |
//! | 4 KB × 100 | postcase | 4.30 | 0.73 | 14.10 | 12.84 | 39.27 | 8919 | 2.14 | 0.07 | 0.43 |
//! | 4 KB × 1000 | smtp-sink | 3.85 | 1.00 | – | 24.84 | 45.81 | – | 0.00 | – | 0.09 |
//! | 4 KB × 1000 | postcase | 3.59 | 0.76 | – | 199.83 | 497.87 | 7123 | 1.87 | 0.10 | 0.48 |
//! | 20 KB × 10 | smtp-sink | 1.57 | 1.00 | 5.86 | 3.08 | 7.47 | – | 0.00 | – | 0.18 |
//! | 20 KB × 10 | Postfix | 0.27 | 0.17 | 1.00 | 27.67 | 64.67 | – | 0.01 | – | 2.01 |
//! | 20 KB × 10 | postcase | 1.63 | 0.91 | 5.32 | 3.81 | 22.87 | 3484 | 1.56 | 0.15 | 1.24 |
//! | 20 KB × 100 | smtp-sink | 1.64 | 1.00 | 5.66 | 25.61 | 48.06 | – | 0.00 | – | 0.19 |
//! | 20 KB × 100 | Postfix | 0.27 | 0.18 | 1.00 | 54.75 | 145.11 | – | 0.13 | – | 1.94 |
//! | 20 KB × 100 | postcase | 3.64 | 1.43 | 8.22 | 16.32 | 50.49 | 5100 | 2.88 | 0.13 | 0.93 |
//! | 1 MB × 10 | smtp-sink | 0.05 | 1.00 | 0.99 | 108.42 | 216.94 | – | 0.00 | – | 7.78 |
//! | 1 MB × 10 | Postfix | 0.05 | 1.01 | 1.00 | 176.81 | 320.94 | – | 0.01 | – | 12.19 |
//! | 1 MB × 10 | postcase | 0.21 | 3.71 | 3.69 | 36.06 | 87.70 | 378 | 2.85 | 1.80 | 16.38 |
//!
//! 1,500 a second over 12 s: the backlog stays flat (284, 257, 755 after each third), from the 250 to the recorded disposition
//! 417 ms (p50) and 483 ms (p95). At 3,000 a second it grows (4,040, 5,804, 9,619). From a journal with 20,000 undecided messages
//! 3,700 to 4,300 cases a second, 0.36 to 0.41 CPU s per 1,000, senders looked up at a name server that knows nobody. PSS at rest
//! 13 MiB, 10 s after 20,000 messages over 100 connections 78 to 84 MiB, peak 87 MiB. Start of a new store 14 ms, after a kill
//! with that journal to be verified 111 ms.
//!
//! With 1,000,000 cases in the store, on a faster machine (AMD EPYC, 2 cores): 0.14 CPU s per 1,000 instead of 0.12 with none, 2.11
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
//! `cargo bench --bench pressure`: every hostile input from 19 peers at once with 980 other connections open, peak memory
//! 165 MiB; beside 1,000 peers that send a byte in 20 s a normal mail takes 4 ms (p50), 25 ms (p99); fifty kills under
//! load at 100,000 cases: 70,187 messages had their 250 and each is there once, a new process listens after 0.4 s (p50) and
//! 2 s at most, on a machine that was busy otherwise; of 10,000 refusals each of an unknown, a disabled and a foreign recipient
//! one kind is slower than another in 0.498 to 0.502 of all pairs.
//!
//! # What mattered
//! - The sync itself: small groups of the journal are written over zeros that were made ahead, which took half the time.
//! - Who goes first: before, deciding took four tenths of the rate at ten connections.
//! - One commit for a round of deciding instead of one for each message: 0.15 CPU s per 1,000 instead of 0.23.
//! - What isn't done in a burst: compressing, reading the same address from the database for each message, copying large
//!   messages into the buffer of a group (1 MB over ten connections: 1.3 times the sink instead of 0.8).
