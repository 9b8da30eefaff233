//! How fast it is, as measured by `cargo bench --bench intake` (`-- --quick`: a first impression).
//!
//! One client drives all servers in turn, in short slices, round after round. The bare rate of `append + fdatasync` of
//! 4 KiB is measured before each slice, with another core kept busy. Only ratios of one round are compared, since the same
//! disk may be twenty times slower a minute later. `smtp-sink` stores nothing; Postfix takes mail into its queue and
//! discards it then. *Settled* is the rate until every message is a case (in Postfix: has left the queue); CPU is until
//! then, too. p50 and p99 are from the final dot to its reply.
//!
//! # A run
//! AMD EPYC, 2 cores, Linux 6.18.44, ext4; 4096 bytes a message; medians of 3 rounds on a machine that did nothing else. The
//! sync rate lay between 2,100 and 5,000 a second. Postcase made at least 1,400 cases a second at one connection, 2,500 at
//! ten and 2,900 at a hundred, counted until nothing was undecided, and 5,200 a second from a full journal.
//!
//! | connections | server | accepted × sync | × smtp-sink | × Postfix | p50 × sync | p99 × sync | settled × sync | CPU s per 1,000 |
//! |---|---|---|---|---|---|---|---|---|
//! | 1 | smtp-sink | 5.24 | 1.00 | 23.53 | 0.09 | 0.24 | 5.23 | 0.04 |
//! | 1 | Postfix | 0.25 | 0.04 | 1.00 | 2.04 | 12.17 | 0.25 | 1.38 |
//! | 1 | postcase | 0.34 | 0.09 | 2.22 | 1.36 | 25.81 | 0.33 | 0.49 |
//! | 10 | smtp-sink | 5.30 | 1.00 | 17.57 | 0.94 | 1.81 | 5.30 | 0.04 |
//! | 10 | Postfix | 0.29 | 0.06 | 1.00 | 22.69 | 89.87 | 0.29 | 1.25 |
//! | 10 | postcase | 2.11 | 0.29 | 5.24 | 2.26 | 24.79 | 1.05 | 0.36 |
//! | 100 | smtp-sink | 7.11 | 1.00 | 21.03 | 7.29 | 14.69 | 7.11 | 0.04 |
//! | 100 | Postfix | 0.31 | 0.05 | 1.00 | 70.15 | 247.74 | 0.27 | 1.51 |
//! | 100 | postcase | 2.20 | 0.38 | 8.09 | 21.68 | 121.95 | 0.92 | 0.34 |
//!
//! From a journal with 20,000 undecided messages: 0.23 CPU s per 1,000. PSS at rest 10 MiB, after 20,000 messages over 100
//! connections 56 MiB (up to 32 MiB of it are the database's cache), peak 57 MiB. Start 5 ms; with that journal to be
//! verified 85 ms.
//!
//! # What mattered
//! The pause between rounds of deciding, while mail comes in: with 10 ms the commits of the database take the disk from the
//! journal, and postcase accepted 2.6 times what Postfix does at ten connections; with 50 ms 5.2 times.
