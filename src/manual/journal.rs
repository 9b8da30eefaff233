//! # The journal's format, byte by byte
//!
//! Version 1. The code is in [`crate::store::journal`]. All numbers are little-endian; BLAKE3 results are cut to their
//! first bytes.
//!
//! ## Files
//! The journal is a set of files in the data folder, each named `journal-{incarnation}-{segment}.seg` with both numbers as
//! eight lower-case hexadecimal digits. The incarnation is the time at which the store was made, in seconds since 1970;
//! a restored store takes one above that time and above all it finds in the backup, by up to half a year and by chance, so
//! that two stores made from one backup have different ones. Segments count up from 1. Their order is that of their names.
//!
//! Frames are only ever appended, by the one process that made the file. Header and name are made durable (`fdatasync`,
//! then `fsync` of the folder) before the first frame is written, so a file no longer than 4,144 bytes whose header
//! doesn't verify was never used, and a longer one is damaged.
//!
//! Behind the last frame of the newest file there may be up to 512 KiB of zeros: room that is written ahead of small groups,
//! so that syncing them changes neither the file's length nor its extents. It is cut before the next file is made, at an
//! orderly end, and at a start; in older files it is damage like anything else that is no frame.
//!
//! ## File header
//! 48 bytes, written twice: at offset 0 and at offset 4,096, so that no single block carries a whole segment. Zeros lie
//! between. Frames begin at offset 4,144.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 8 | `postcase` |
//! | 8 | 4 | format version: 1 |
//! | 12 | 4 | incarnation |
//! | 16 | 4 | segment |
//! | 20 | 4 | generation: 0; a rewritten segment counts up from there |
//! | 24 | 16 | salt: random, new for each file |
//! | 40 | 8 | BLAKE3 of bytes 0 to 39 |
//!
//! Magic, version and check keep their place and meaning in all later versions. An intact header of an unknown version
//! ends the start with the name of the file.
//!
//! The *frame key* of a file is `BLAKE3 derive_key("postcase journal frame v1", bytes 0 to 39 of its header)`.
//!
//! ## Frame
//! A frame header of 48 bytes, the envelope, the stored message. The next frame follows at once.
//!
//! | offset | bytes | |
//! |---|---|---|
//! | 0 | 4 | `f5 9c a5 e1` |
//! | 4 | 1 | kind: 1 inbound, 2 outbound |
//! | 5 | 1 | flags: bit 0, the message is a zstd frame; bit 1, all frames in front of this one were durable when it was written |
//! | 6 | 2 | 0 |
//! | 8 | 4 | index: rises from frame to frame, gaps allowed |
//! | 12 | 4 | length of the envelope |
//! | 16 | 4 | length of the stored message |
//! | 20 | 4 | length of the message itself |
//! | 24 | 16 | payload hash: BLAKE3 of the envelope followed by the stored message |
//! | 40 | 8 | BLAKE3 of bytes 0 to 39, keyed with the frame key |
//!
//! The envelope is the JSON of [`crate::base::Envelope`]. The id of an entry is (incarnation, segment, index).
//!
//! ## Why it is so
//! - *Old bytes can't look valid.* The frame key depends on incarnation, segment, generation and a salt, so a frame from
//!   another file, from a former file of the same name or from a reused block of the disk doesn't verify.
//! - *Mail can't forge mail.* A search behind damage looks at the bytes of messages too. Without the salt, which never
//!   leaves the disk, nobody can write a frame header that verifies.
//! - *Damage is local.* The header check vouches for the lengths, so a bad payload costs one entry; a bad frame header
//!   costs what lies before the next frame that verifies.
//! - *A torn write is told from damage.* What lies in front of a frame with flag bit 1 was durable once: if it is bad now,
//!   mail is lost. What lies behind the last such frame belongs to one unfinished group, and no sender of it was told 250.
//! - *Erasure keeps ids.* Indices may have gaps, so a segment can be rewritten without some entries, under the same ids,
//!   as a file of the next generation.
//!
//! ## Erasing
//! The commit that blanks a message's record says that it is erased; from then on nobody reads its entry. Its segment, which
//! gets no more entries first, is then written once more without it as `rewritten-segment.part`: same incarnation and
//! segment, next generation, new salt, every other frame under its index with flag bit 1, damage byte by byte. The file is
//! synced, renamed over the segment, and the folder is synced. A crash leaves the former file or the new one, and a row in
//! the database that lets the next start go on. Freed blocks of the disk aren't written over.
//!
//! ## Looking for damage
//! A start verifies what it reads; `postcase check --store` verifies every durable byte of every segment, finished or not,
//! and changes nothing. A backup copies segments up to their last durable byte: what is behind it may still be taken back.
//!
//! ## What a start does
//! Segments that the database holds for finished aren't read. Of each other segment every frame and payload is verified.
//! Behind the last valid frame of the newest segment everything is cut off: a torn write that nobody was told of. Older
//! segments are never cut. The newest segment's last group is written once more, since after a failed sync the operating
//! system takes the pages for clean. Then the files and the folder are synced, and only then do entries count.
