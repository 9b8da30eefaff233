//! The one door to randomness: tokens, nonces, jitter.
//!
//! [`Chance::system`] asks the operating system. [`Chance::seeded`] gives the same bytes for the same seed, so that a
//! simulation can be run again; it must never make a real secret.

use std::sync::{Arc, Mutex};

/// Where random bytes come from. Cheap to clone; clones of a seeded one share their sequence.
#[derive(Clone, Debug)]
pub struct Chance(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    Seeded(Arc<Mutex<blake3::OutputReader>>),
}

impl Chance {
    pub fn system() -> Self {
        Self(Kind::System)
    }

    pub fn seeded(seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_le_bytes());
        Self(Kind::Seeded(Arc::new(Mutex::new(hasher.finalize_xof()))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: no token made without it could be trusted.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Kind::System => getrandom::fill(&mut bytes).expect("the operating system gives random bytes"),
            Kind::Seeded(reader) => reader.lock().expect("no holder panics").fill(&mut bytes),
        }
        bytes
    }

    /// A number from 0 up to, and not including, 1.
    pub fn fraction(&self) -> f64 {
        let bits = u64::from_le_bytes(self.bytes()) >> 11;
        bits as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything() {
        let draw = |seed| Chance::seeded(seed).bytes::<16>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let chance = Chance::system();
        assert_ne!(chance.bytes::<16>(), chance.bytes::<16>());
        assert!((0..1000).map(|_| chance.fraction()).all(|f| (0.0..1.0).contains(&f)));
    }
}
