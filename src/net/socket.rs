//! Connections and where they arrive, whatever carries them: TCP, or a network that a simulation keeps in memory.
//!
//! A real connection costs one look at which kind it is for each read and write, and nothing else.

use std::fmt;
use std::io::{self, IoSlice, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Both directions of a connection, whatever carries them.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection.
pub enum Socket {
    Tcp(TcpStream),
    Other(Box<dyn Duplex>),
}

/// Where connections arrive.
pub enum Listener {
    Tcp(TcpListener),
    Other(Box<dyn Accept>),
}

/// A listener of a simulation.
pub trait Accept: Send + Sync {
    fn local_addr(&self) -> SocketAddr;

    /// The next connection and its peer's address; nothing is lost when nobody polls any more.
    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<(Socket, SocketAddr)>>;
}

impl Listener {
    /// With the real port.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr(),
            Self::Other(listener) => Ok(listener.local_addr()),
        }
    }

    /// May be dropped and called again.
    pub async fn accept(&self) -> io::Result<(Socket, SocketAddr)> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, peer)| (Socket::without_delay(stream), peer)),
            Self::Other(listener) => std::future::poll_fn(|context| listener.poll_accept(context)).await,
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl Socket {
    /// What is said is written whole, so waiting for more to send (Nagle) only costs time: a final dot would wait for the
    /// peer's delayed acknowledgement of what stands before it.
    pub(super) fn without_delay(stream: TcpStream) -> Self {
        // It fails on a connection that is gone already, which its first read will notice.
        let _ = stream.set_nodelay(true);
        Self::Tcp(stream)
    }

    /// Says a line on a connection on which nothing has been said before, and closes it. Never waits: there is room for one
    /// line, and a peer for whom there isn't needs none.
    pub fn turn_away(self, line: &[u8]) {
        match self {
            Self::Tcp(stream) => {
                if let Ok(mut stream) = stream.into_std() {
                    let _ = stream.write_all(line);
                }
            }
            Self::Other(mut stream) => {
                let _ = Pin::new(&mut stream).poll_write(&mut Context::from_waker(Waker::noop()), line);
            }
        }
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::Tcp(_)) { "Tcp" } else { "Other" })
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Other(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Other(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    // TLS writes its records together.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Other(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Other(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Other(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Other(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
