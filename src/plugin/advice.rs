//! What plugins suggest, as data: checked on its way in, shown as JSON.
//!
//! Whether a queue, an agent or a case exists is known to whoever weighs the advice, not here.

use serde::{Deserialize, Serialize};

use crate::case::{self, Advised};

/// When plugins are asked, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    Intake,
    Classify,
    Route,
    Assign,
    FollowUp,
}

/// One piece of advice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    #[serde(flatten)]
    pub what: Advised,
    /// 0 to 100.
    pub confidence: u8,
    /// What the agent sees of it.
    pub explanation: String,
}

impl From<case::Stage> for Stage {
    fn from(stage: case::Stage) -> Self {
        match stage {
            case::Stage::Intake => Self::Intake,
            case::Stage::Classify => Self::Classify,
            case::Stage::Route => Self::Route,
            case::Stage::Assign => Self::Assign,
            case::Stage::FollowUp => Self::FollowUp,
        }
    }
}
