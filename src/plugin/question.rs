//! What a plugin is asked.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::Time;
use crate::case::{Brief, Draft};

/// A question at one stage; the same question gets the same answer.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The message as every adviser sees it.
    pub brief: &'a Brief,
    /// The case so far, with the advice that stands before.
    pub draft: &'a Draft,
    /// All settings of the plugin.
    pub settings: &'a BTreeMap<String, String>,
    /// What the plugin kept before; empty at first.
    pub state: &'a [u8],
    /// Where its clock stands.
    pub at: Time,
    /// What its randomness comes from: the mail id, or whatever else stays the same.
    pub seed: &'a [u8],
    /// How long whoever asks waits, if that is less than a call has.
    pub patience: Duration,
}
