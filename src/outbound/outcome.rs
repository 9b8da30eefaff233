//! What is known about each recipient of a spool item, and how an attempt changes it. Pure; stored as a document.
//!
//! Only pending recipients change, so that folding an outcome twice, or one that comes late, can't undo what is final.

use serde::{Deserialize, Serialize};

use crate::base::Mailbox;
use crate::smtp::client::{Fate, Outcome, RecipientOutcome};

/// How far one recipient is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    #[default]
    Pending,
    Delivered,
    Failed,
}

/// One recipient of a spool item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientState {
    pub recipient: Mailbox,
    #[serde(default)]
    pub state: State,
    /// RFC 3463 code of the last attempt.
    #[serde(default)]
    pub status: Option<String>,
    /// The peer's words of the last attempt, or ours where no peer spoke.
    #[serde(default)]
    pub words: Option<String>,
    /// `host[address]:port` of the last attempt.
    #[serde(default)]
    pub peer: Option<String>,
    #[serde(default)]
    pub attempts: u32,
    /// The reply to a whole message was lost once: the recipient may have it, whatever came later.
    #[serde(default)]
    pub perhaps_delivered: bool,
}

impl RecipientState {
    /// Before the first attempt.
    pub fn new(recipient: Mailbox) -> Self {
        Self {
            recipient,
            state: State::Pending,
            status: None,
            words: None,
            peer: None,
            attempts: 0,
            perhaps_delivered: false,
        }
    }

    pub fn is_pending(&self) -> bool {
        self.state == State::Pending
    }

    /// Takes in the outcome of an attempt.
    pub fn fold(&mut self, outcome: &Outcome) {
        if !self.is_pending() || outcome.fate == Fate::NotBegun {
            return;
        }
        self.attempts += 1;
        self.state = match outcome.fate {
            Fate::Delivered => State::Delivered,
            Fate::Permanent => State::Failed,
            Fate::Transient | Fate::Uncertain | Fate::NotBegun => State::Pending,
        };
        self.perhaps_delivered |= outcome.fate == Fate::Uncertain;
        self.status = Some(outcome.status.clone());
        self.words = Some(outcome.words.clone());
        self.peer.clone_from(&outcome.peer);
    }

    /// The time is over: 5.4.7 (RFC 3463 §3.5), with the words of the last attempt, which say why. Whoever was never tried
    /// still will be.
    pub fn give_up(&mut self) {
        if self.is_pending() && self.attempts > 0 {
            self.state = State::Failed;
            self.status = Some("5.4.7".into());
        }
    }
}

/// Takes in the outcomes of an attempt; recipients that it didn't concern stay as they are. Whoever is named twice is
/// one recipient: a second state of theirs would stay pending and send the message again and again.
pub fn fold(states: &mut [RecipientState], outcomes: &[RecipientOutcome]) {
    for state in states {
        if let Some(found) = outcomes.iter().find(|found| found.recipient == state.recipient) {
            state.fold(&found.outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(fate: Fate, status: &str) -> Outcome {
        Outcome { fate, status: status.into(), words: format!("said {status}"), peer: Some("mx[192.0.2.1]:25".into()) }
    }

    #[test]
    fn folds_attempts() {
        #[track_caller]
        fn check(fates: &[Fate], expected: (State, u32, bool)) {
            let mut state = RecipientState::new("anna@example.org".parse().unwrap());
            for fate in fates {
                state.fold(&outcome(*fate, "1.2.3"));
            }
            assert_eq!((state.state, state.attempts, state.perhaps_delivered), expected, "{fates:?}");
        }
        use Fate::{Delivered, NotBegun, Permanent, Transient, Uncertain};
        check(&[], (State::Pending, 0, false));
        check(&[Transient, Transient], (State::Pending, 2, false));
        check(&[Transient, Delivered], (State::Delivered, 2, false));
        check(&[Permanent], (State::Failed, 1, false));
        check(&[Delivered, Permanent], (State::Delivered, 1, false));
        check(&[Permanent, Delivered], (State::Failed, 1, false));
        check(&[NotBegun], (State::Pending, 0, false));
        check(&[NotBegun, Transient, NotBegun, Delivered], (State::Delivered, 2, false));
        check(&[Uncertain], (State::Pending, 1, true));
        check(&[Uncertain, Transient, Permanent], (State::Failed, 3, true));
    }

    #[test]
    fn giving_up_keeps_the_last_words() {
        let mut state = RecipientState::new("anna@example.org".parse().unwrap());
        state.fold(&outcome(Fate::Transient, "4.2.2"));
        state.give_up();
        assert_eq!((state.state, state.status.as_deref()), (State::Failed, Some("5.4.7")));
        assert_eq!(state.words.as_deref(), Some("said 4.2.2"));
        let mut untried = RecipientState::new("anna@example.org".parse().unwrap());
        untried.give_up();
        assert!(untried.is_pending());
        let mut delivered = RecipientState { state: State::Delivered, ..state };
        delivered.status = Some("2.0.0".into());
        delivered.give_up();
        assert_eq!((delivered.state, delivered.status.as_deref()), (State::Delivered, Some("2.0.0")));
    }

    #[test]
    fn each_outcome_finds_its_recipient() {
        let names = ["anna@example.org", "ben@example.org"].map(|name| name.parse::<Mailbox>().unwrap());
        let mut states = names.clone().map(RecipientState::new);
        let of = |n: usize, fate| RecipientOutcome { recipient: names[n].clone(), outcome: outcome(fate, "x") };
        fold(&mut states, &[of(1, Fate::Delivered)]);
        assert_eq!(states.each_ref().map(|state| state.state), [State::Pending, State::Delivered]);
        assert_eq!(states.each_ref().map(|state| state.attempts), [0, 1]);

        let twice = ["anna@example.org", "ANNA@example.org"].map(|name| name.parse::<Mailbox>().unwrap());
        let mut states = twice.map(RecipientState::new);
        fold(&mut states, &[of(0, Fate::Delivered), of(0, Fate::Delivered)]);
        assert_eq!(states.map(|state| (state.state, state.attempts)), [(State::Delivered, 1); 2]);
    }

    #[test]
    fn the_document() {
        let mut state = RecipientState::new("anna@example.org".parse().unwrap());
        state.fold(&outcome(Fate::Uncertain, "4.4.2"));
        let text = r#"{"recipient":"anna@example.org","state":"pending","status":"4.4.2","words":"said 4.4.2","peer":"mx[192.0.2.1]:25","attempts":1,"perhaps_delivered":true}"#;
        assert_eq!(serde_json::to_string(&state).unwrap(), text);
        assert_eq!(serde_json::from_str::<RecipientState>(text).unwrap(), state);
        let older: RecipientState = serde_json::from_str(r#"{"recipient":"anna@example.org"}"#).unwrap();
        assert_eq!(older, RecipientState::new("anna@example.org".parse().unwrap()));
    }
}
