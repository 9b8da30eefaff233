//! What a caller does before the writer sees its entry: envelope to JSON, message to zstd where it pays, and the hash. And
//! back from zstd.
//!
//! It runs in the caller's task, so that many sessions do it at once; large messages go to a thread that may block.

use std::cell::RefCell;

use bytes::Bytes;

use crate::base::{Envelope, limits};

use super::format;

thread_local! {
    static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Ready to be framed.
#[derive(Debug)]
pub(super) struct Payload {
    pub envelope: Vec<u8>,
    pub stored: Bytes,
    pub compressed: bool,
    pub raw_len: u32,
    pub hash: [u8; 16],
}

impl Payload {
    /// `None` when it is larger than an entry may be. The message is stored as it is unless it may be `compress`ed.
    pub async fn new(envelope: &Envelope, message: Bytes, compress: bool) -> Option<Self> {
        let envelope = serde_json::to_vec(envelope).expect("an envelope has no maps, so it is always JSON");
        if envelope.len() + message.len() > limits::ENTRY_BYTES_MAX {
            return None;
        }
        if message.len() < limits::BLOCKING_BYTES_MIN {
            return Some(Self::build(envelope, message, compress));
        }
        let built = tokio::task::spawn_blocking(move || Self::build(envelope, message, compress)).await;
        Some(built.expect("building a payload doesn't panic and isn't cancelled"))
    }

    fn build(envelope: Vec<u8>, message: Bytes, compress: bool) -> Self {
        let raw_len = u32::try_from(message.len()).expect("bounded by ENTRY_BYTES_MAX");
        let smaller = if compress { compressed(&message) } else { None };
        let compressed = smaller.is_some();
        let stored = smaller.map_or(message, Bytes::from);
        let hash = format::payload_hash(&[&envelope, &stored]);
        Self { envelope, stored, compressed, raw_len, hash }
    }

    pub fn len(&self) -> usize {
        self.envelope.len() + self.stored.len()
    }
}

/// The message in zstd, if that saves an eighth.
fn compressed(message: &[u8]) -> Option<Vec<u8>> {
    if message.len() < limits::COMPRESS_BYTES_MIN {
        return None;
    }
    COMPRESSOR.with_borrow_mut(|kept| {
        // Without a compressor the message is stored as it is.
        let compressor = match kept {
            Some(compressor) => compressor,
            None => kept.insert(zstd::bulk::Compressor::new(1).ok()?),
        };
        // A result that doesn't fit into seven eighths is given up early.
        let mut smaller = Vec::with_capacity(message.len() - message.len() / 8);
        compressor.compress_to_buffer(message, &mut smaller).ok()?;
        smaller.shrink_to_fit();
        Some(smaller)
    })
}

/// A message that [`compressed`] made smaller; `None` when it isn't one, or would be larger than `raw_len`.
pub(super) fn decompress(stored: &[u8], raw_len: usize) -> Option<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(zstd::bulk::Decompressor::new().ok()?),
        };
        decompressor.decompress(stored, raw_len).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Chance;

    #[test]
    fn messages_are_compressed_where_it_pays() {
        let noise = |len: usize| Chance::seeded(1).bytes::<4096>()[..len].to_vec();
        let check = |message: Vec<u8>, expected: bool| {
            let len = message.len();
            let payload = Payload::build(b"{}".to_vec(), message.into(), true);
            assert_eq!(payload.compressed, expected, "{len} bytes");
            assert_eq!(payload.stored.len() < len, expected);
            assert_eq!(payload.hash, format::payload_hash(&[b"{}", &payload.stored]));
        };
        assert!(!Payload::build(b"{}".to_vec(), vec![b'a'; 4096].into(), false).compressed);
        check(vec![b'a'; 1023], false);
        check(vec![b'a'; 1024], true);
        check(noise(4096), false);
        // An eighth of zeros makes it just about worth nothing; a quarter pays.
        check([noise(3072), vec![0; 1024]].concat(), true);
        check([noise(3900), vec![0; 196]].concat(), false);
    }
}
