//! How fast it is, as measured by `cargo bench --bench intake` (`-- --quick`: a first impression).
//!
//! One client drives all servers in turn, in short slices, round after round. The bare rate of `append + fdatasync` of
//! 4 KiB is measured before each slice, with another core kept busy. Only ratios of one round are compared, since the same
//! disk may be twenty times slower a minute later. `smtp-sink` stores nothing; Postfix takes mail into its queue and
//! discards it then. *Backlog* is what isn't a case yet when the last reply came, *drain* how long that takes; CPU is of the
//! threads that take mail, and of all until nothing was left to do. p50 and p99 are from the final dot to its reply.
//!
//! # A run
//! Intel Xeon (virtual), 2 cores, Linux 6.18.44, ext4; medians of 3 rounds of 0.7 s each. The sync rate lay between 1,000 and
//! 6,000 a second. Runs of the same day: with everything else at nice 10 instead of 5 ten connections reached 0.39 to 0.43 of
//! the sink while the disk was quiet, and 0.24 when it was ten times slower for a minute; a hundred reached 0.64 to 0.76.
//!
//! | load | server | accepted × sync | × smtp-sink | × Postfix | p50 × sync | p99 × sync | backlog | drain s | CPU s per 1,000: taking | until drained |
//! |---|---|---|---|---|---|---|---|---|---|---|
//! | 4 KB × 1 | smtp-sink | 3.14 | 1.00 | 9.47 | 0.17 | 0.30 | – | 0.00 | – | 0.05 |
//! | 4 KB × 1 | Postfix | 0.36 | 0.11 | 1.00 | 1.92 | 5.16 | – | 0.01 | – | 1.01 |
//! | 4 KB × 1 | postcase | 1.11 | 0.41 | 3.68 | 0.75 | 2.09 | 1639 | 0.47 | 0.13 | 0.32 |
//! | 4 KB × 10 | smtp-sink | 9.98 | 1.00 | 22.17 | 0.44 | 1.14 | – | 0.00 | – | 0.02 |
//! | 4 KB × 10 | Postfix | 0.56 | 0.05 | 1.00 | 14.30 | 31.67 | – | 0.01 | – | 0.91 |
//! | 4 KB × 10 | postcase | 3.66 | 0.32 | 7.17 | 1.88 | 11.43 | 7967 | 1.79 | 0.05 | 0.25 |
//! | 4 KB × 100 | smtp-sink | 12.17 | 1.00 | 24.40 | 3.88 | 8.70 | – | 0.00 | – | 0.02 |
//! | 4 KB × 100 | Postfix | 0.44 | 0.04 | 1.00 | 34.52 | 104.25 | – | 0.04 | – | 0.85 |
//! | 4 KB × 100 | postcase | 7.36 | 0.66 | 15.96 | 8.66 | 28.01 | 19443 | 3.27 | 0.03 | 0.25 |
//! | 4 KB × 1000 | smtp-sink | 9.85 | 1.00 | – | 11.49 | 23.05 | – | 0.00 | – | 0.03 |
//! | 4 KB × 1000 | postcase | 5.17 | 0.66 | – | 141.52 | 421.26 | 15247 | 2.80 | 0.05 | 0.26 |
//! | 20 KB × 100 | smtp-sink | 3.98 | 1.00 | 8.59 | 12.22 | 21.08 | – | 0.00 | – | 0.07 |
//! | 20 KB × 100 | Postfix | 0.44 | 0.12 | 1.00 | 53.95 | 142.30 | – | 0.10 | – | 0.93 |
//! | 20 KB × 100 | postcase | 4.85 | 1.20 | 10.18 | 14.03 | 42.37 | 12551 | 5.66 | 0.05 | 0.64 |
//! | 1 MB × 10 | smtp-sink | 0.12 | 1.00 | 1.56 | 38.89 | 76.78 | – | 0.00 | – | 2.16 |
//! | 1 MB × 10 | Postfix | 0.09 | 0.64 | 1.00 | 101.66 | 176.05 | – | 0.00 | – | 5.72 |
//! | 1 MB × 10 | postcase | 0.22 | 2.06 | 3.26 | 36.15 | 91.84 | 668 | 3.43 | 0.86 | 9.82 |
//!
//! 1,500 a second over 12 s: the backlog stays flat (316, 522, 431 after each third), from the 250 to the recorded disposition
//! 353 ms (p50) and 404 ms (p95). 3,000 a second: 2,216, 1,910, 1,430, and 589 and 697 ms. From a journal with 20,000 undecided
//! messages 6,200 to 10,000 cases a second, 0.15 CPU s per 1,000. PSS at rest 9 MiB, 10 s after 20,000 messages over 100
//! connections 73 MiB (up to 32 MiB of it are the database's cache), peak 78 MiB. Start of a new store 4 ms, after a kill with
//! that journal to be verified 76 ms.
//!
//! # What mattered
//! - The sync itself: small groups of the journal are written over zeros that were made ahead, which took half the time.
//! - Who goes first: before, deciding took four tenths of the rate at ten connections.
//! - One commit for a round of deciding instead of one for each message: 0.15 CPU s per 1,000 instead of 0.23.
//! - What isn't done in a burst: compressing, reading the same address from the database for each message, copying large
//!   messages into the buffer of a group (1 MB over ten connections: 1.3 times the sink instead of 0.8).
