//! Listening on TCP and accepting, for every server of the program.
//!
//! A listener asks for a deep backlog (tokio's own 1,024 makes a burst of clients come back a second later). The accept
//! loop outlives every error of `accept`: a connection that died in the queue is skipped, an exhausted machine is given a
//! moment. It ends, and closes its socket, when a stop is requested. It reads and writes nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Stop;
use super::socket::{Listener, Socket};
use crate::base::{Clock, limits};

/// Why an address can't be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("{0} is in use: stop the program that listens there, or configure another port")]
    InUse(SocketAddr),
    #[error(
        "{0} is not permitted: ports below 1024 need the right to bind them (CAP_NET_BIND_SERVICE), or use a higher one"
    )]
    NotPermitted(SocketAddr),
    #[error("{0} is not an address of this machine: configure one of its own, or 0.0.0.0 or [::] for all")]
    NotHere(SocketAddr),
    #[error("can't listen on {0}")]
    Failed(SocketAddr, #[source] io::Error),
}

/// Binds and listens at once: from here on the kernel takes connections. Port 0 is any free one; `local_addr` tells it.
/// Must be called within a tokio runtime.
pub fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A restart must not wait for the last connections to leave TIME_WAIT.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(limits::LISTEN_BACKLOG)
    };
    listen().map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address),
        io::ErrorKind::PermissionDenied => BindError::NotPermitted(address),
        io::ErrorKind::AddrNotAvailable => BindError::NotHere(address),
        _ => BindError::Failed(address, error),
    })
}

/// A connection as it was accepted.
#[derive(Debug)]
pub struct Arrival {
    pub stream: Socket,
    pub peer: SocketAddr,
    /// The right to be served, to be kept as long as the connection; none when all are taken.
    pub permit: Option<OwnedSemaphorePermit>,
}

/// Accepts until a stop is requested. `arrived` must not block: it spawns, or drops the connection.
pub async fn accept(
    listener: Listener,
    permits: Arc<Semaphore>,
    clock: &Clock,
    stop: &Stop,
    mut arrived: impl FnMut(Arrival),
) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.requested() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                arrived(Arrival { stream, peer, permit: Arc::clone(&permits).try_acquire_owned().ok() });
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "can't accept connections; trying again in a moment");
                tokio::select! {
                    () = stop.requested() => return,
                    () = clock.sleep(limits::ACCEPT_PAUSE) => {}
                }
            }
        }
    }
}

/// The peer was gone before it was its turn; the next in the queue may be fine.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpStream;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn errors_say_what_to_do() {
        let taken = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = taken.local_addr().unwrap();
        let error = bind(address).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{address} is in use: stop the program")), "{error}");
        let elsewhere = bind("192.0.2.1:0".parse().unwrap()).unwrap_err();
        assert!(matches!(elsewhere, BindError::NotHere(_)), "{elsewhere:?}");
    }

    #[tokio::test]
    async fn permits_run_out_and_a_stop_closes_the_socket() {
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Stop::new();
        let (arrivals, mut arrived) = mpsc::unbounded_channel();
        let accepting = tokio::spawn({
            let stop = stop.clone();
            async move {
                let arrived = |arrival| arrivals.send(arrival).unwrap();
                accept(listener.into(), Arc::new(Semaphore::new(1)), &Clock::system(), &stop, arrived).await;
            }
        });

        let _one = TcpStream::connect(address).await.unwrap();
        let first = arrived.recv().await.unwrap();
        let _two = TcpStream::connect(address).await.unwrap();
        let second = arrived.recv().await.unwrap();
        assert!(first.permit.is_some() && second.permit.is_none());
        drop(first);
        let _three = TcpStream::connect(address).await.unwrap();
        assert!(arrived.recv().await.unwrap().permit.is_some());

        stop.request();
        accepting.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
