//! The case: what happened to it, how a message finds it, what an answer to it looks like. Pure.
//!
//! A case is the fold of its events and nothing else; [`Case::apply`] is the fold. [`decide()`] takes what is known about
//! a message and says what becomes of it, with a reason from a closed list. [`plan_reply`] says who an answer goes to.

mod account;
mod acknowledge;
mod advice;
mod brief;
mod contact;
mod counselled;
mod decide;
mod detour;
mod erasure;
mod event;
mod evidence;
mod fold;
mod mail;
mod names;
mod offer;
mod own_field;
mod public_domains;
mod reply;
mod siblings;
mod status;
mod task;
#[cfg(test)]
mod tests;
mod threading;

pub use crate::base::Priority;
pub use account::{Account, AccountChoice, AccountNumber, AccountSource, NoAccountDomain, account_domain, is_public};
pub use acknowledge::{Silence, acknowledged};
pub use advice::{Advice, Advised, Draft, Lost, Stage, Weighed, weigh};
pub use brief::{Attached, Brief, Known as KnownContact};
pub use contact::Contact;
pub use counselled::{Counselled, Difference};
pub use decide::{Decision, Opening, Reason, SetAside, decide};
pub use detour::{Detour, Overflow, QueueState, QueuesSeen};
pub use erasure::{ERASED, Erased, ErasedKind, Erasure, blank_addresses, blank_events, erased_mail};
pub use event::{Event, Happening};
pub use evidence::{Evidence, Known, Recipient, Sender, Via};
pub use fold::{
    Case, DISPATCH, Hint, INTAKE, MAIN_WORKSTREAM, PARTICIPANTS_MAX, PLUGIN, PREFERRED, Participant, RULE, Role, SKILL,
    TAG, WORKSTREAM,
};
pub use mail::{Delivery, Direction, Disposition, Former, Mail, SavedField, Step};
pub use names::{Awaiting, Named, Names, Receipt};
pub use offer::{Considered, Offer, Unanswered};
pub use own_field::{is_name, is_own_field};
pub use reply::{Addressee, NoReply, ReplyPlan, Why, plan_reply};
pub use siblings::{Beside, ManyAddresses};
pub use status::Status;
pub use task::Task;
pub use threading::{Candidate, Outcome, Proof, case_number_in_subject};
