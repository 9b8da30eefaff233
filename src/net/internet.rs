//! The way to other hosts: listening, connecting, and whose names are asked for.
//!
//! [`Tcp`] is the real one. A simulation brings its own ([`Internet`]), with connections that never leave the process and
//! break as it likes. Only mail goes this way: the API and its local socket are the administrator's, not the internet's.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use tokio::net::TcpStream;

use super::dns::Names;
use super::listen::{self, BindError};
use super::socket::{Listener, Socket};

/// What carries mail to and from other hosts.
pub trait Internet: Send + Sync {
    /// From the return on connections are taken. Must be called within a tokio runtime.
    fn listen(&self, address: SocketAddr) -> Result<Listener, BindError>;

    fn connect(&self, to: SocketAddr) -> Connecting<'_>;

    /// Who is asked for names; none: the name servers of the settings.
    fn names(&self) -> Option<Arc<dyn Names>> {
        None
    }
}

/// A connection to be.
pub type Connecting<'a> = Pin<Box<dyn Future<Output = io::Result<Socket>> + Send + 'a>>;

/// The internet.
#[derive(Clone, Copy, Debug)]
pub struct Tcp;

impl Internet for Tcp {
    fn listen(&self, address: SocketAddr) -> Result<Listener, BindError> {
        listen::bind(address).map(Listener::Tcp)
    }

    fn connect(&self, to: SocketAddr) -> Connecting<'_> {
        Box::pin(async move { TcpStream::connect(to).await.map(Socket::without_delay) })
    }
}
