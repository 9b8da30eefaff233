//! What a seed decides, one small choice at a time.

use postcase::base::Chance;

/// A sequence of choices. Clones share it.
#[derive(Clone, Debug)]
pub struct Draw(Chance);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(Chance::seeded(seed))
    }

    /// The choices for one thing, whatever else was chosen before.
    pub fn named(seed: u64, name: &str) -> Self {
        // FNV-1a; what the seed's generator makes of it has nothing to do with it any more.
        let hash = name.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self::new(hash)
    }

    pub fn number(&self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&self, end: usize) -> usize {
        (self.number() % end as u64) as usize
    }

    /// True once in so many times.
    pub fn one_in(&self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn of<'a, T>(&self, choices: &'a [T]) -> Option<&'a T> {
        if choices.is_empty() { None } else { choices.get(self.below(choices.len())) }
    }
}
