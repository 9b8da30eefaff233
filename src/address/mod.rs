//! Routing addresses: the addresses that customers write to, the service addresses that their mail is forwarded to, and
//! the tokens that prove where a message belongs. Pure: nothing here reads a clock, a store or a socket.

mod acknowledge;
mod confirmation;
mod mx;
mod policy;
mod rate;
mod redaction;
mod routing;
mod service;
mod settings;
mod token;
mod verification;

pub use acknowledge::{Acknowledge, NoAcknowledge};
pub use confirmation::{Claim, Confirmation, Doubt};
pub use mx::{MxFound, MxReport};
pub use policy::{AcceptFrom, NoAcceptFrom, NoOnResolved, OnResolved, Opens, ReplyTo, Unauthorised, UnknownSender};
pub use rate::{Day, rate_counter};
pub use redaction::Redaction;
pub use routing::{AddressState, RoutingAddress};
pub use service::{ServiceAddress, ServiceState};
pub use settings::{Mode, OverLimit, Settings};
pub use token::{Keyring, MessageToken, random_label};
pub use verification::{Arrival, Code, How, PathReport, Probe, Verification, VerificationState};
