//! Sockets, permits, TLS, DNS, graceful stop: the only folder that names rustls and hickory.

pub mod certificate;
pub mod dns;
pub mod internet;
pub mod listen;
pub mod mx;
pub mod network;
pub mod peers;
pub mod places;
pub mod proof;
pub mod socket;
pub mod stop;
pub mod stream;
pub mod tls;
#[cfg(test)]
pub(crate) mod zone;

pub use certificate::Certificate;
pub use dns::Dns;
pub use internet::Internet;
pub use mx::MxCheck;
pub use network::Network;
pub use peers::Peers;
pub use places::{Place, Places};
pub use stop::Stop;
pub use stream::Stream;
pub use tls::private_key;
