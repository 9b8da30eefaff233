//! The same over TCP, as far as it differs there.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncReadExt, DuplexStream, ReadBuf};
use tokio::net::TcpStream;

use super::*;
use crate::base::limits;
use crate::net::listen;
use crate::smtp::server::serve;

async fn server(settings: Settings) -> (SocketAddr, Arc<KeepingHost>, Stop, tokio::task::JoinHandle<()>) {
    let listener = listen::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (address, host, stop) = (listener.local_addr().unwrap(), Arc::new(KeepingHost::default()), Stop::new());
    let shared = Shared::new(host.clone(), settings, None, Clock::system(), stop.clone());
    let served = serve(vec![(Protocol::Smtp, listener.into())], shared);
    (address, host, stop, tokio::spawn(served))
}

/// What comes in one read.
async fn heard(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 4096];
    let n = stream.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..n]).into_owned()
}

#[tokio::test]
async fn a_batch_is_answered_in_one_piece() {
    let (address, host, stop, served) = server(settings()).await;
    let mut peer = TcpStream::connect(address).await.unwrap();
    assert_eq!(heard(&mut peer).await, "220 mail.example.net ESMTP postcase\r\n");
    peer.write_all(b"HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<support@example.net>\r\nDATA\r\n").await.unwrap();
    let replies = heard(&mut peer).await;
    let codes: Vec<&str> = replies.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["250", "250", "250", "354"]);
    peer.write_all(b"text\r\n.\r\n").await.unwrap();
    assert!(heard(&mut peer).await.starts_with("250 2.0.0 "));
    let (envelope, _) = host.taken.lock().unwrap().remove(0);
    assert_eq!(envelope.peer, Some(address.ip()));

    stop.request();
    assert!(heard(&mut peer).await.starts_with("421 4.3.2 "));
    assert_eq!(heard(&mut peer).await, "");
    drop(peer);
    served.await.unwrap();
    assert_eq!(stop.finished(limits::STOP_GRACE, &Clock::system()).await, Ok(()));
}

#[tokio::test]
async fn no_more_connections_than_allowed() {
    let (address, _, stop, _) = server(Settings { connections_max: 1, ..settings() }).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    assert!(heard(&mut first).await.starts_with("220 "));
    let mut second = TcpStream::connect(address).await.unwrap();
    assert!(heard(&mut second).await.starts_with("421 4.3.2 "));
    assert_eq!(heard(&mut second).await, "");
    drop(first);
    assert_eq!(stop.finished(Duration::from_secs(20), &Clock::system()).await, Ok(()));
    let mut third = TcpStream::connect(address).await.unwrap();
    assert!(heard(&mut third).await.starts_with("220 "));
}

/// All connections are held by peers that say a byte now and then; somebody with mail comes.
#[tokio::test]
async fn silent_peers_make_way() {
    let listener = listen::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (address, host, clock) =
        (listener.local_addr().unwrap(), Arc::new(KeepingHost::default()), Clock::manual(Time::UNIX_EPOCH));
    let settings = Settings { connections_max: 5, ..settings() };
    let shared = Shared::new(host, settings, None, clock.clone(), Stop::new());
    tokio::spawn(serve(vec![(Protocol::Smtp, listener.into())], shared));
    let mut silent = Vec::new();
    for _ in 0..5 {
        let mut peer = TcpStream::connect(address).await.unwrap();
        assert!(heard(&mut peer).await.starts_with("220 "));
        peer.write_all(b"N").await.unwrap();
        silent.push(peer);
    }
    // Nobody has been silent for long yet.
    let mut early = TcpStream::connect(address).await.unwrap();
    assert!(heard(&mut early).await.starts_with("421 4.3.2 too many"));
    clock.advance(limits::STRESS_SILENCE);
    settle().await;
    let mut late = TcpStream::connect(address).await.unwrap();
    assert!(heard(&mut late).await.starts_with("220 "));
    let mut ends = tokio::task::JoinSet::new();
    for mut peer in silent {
        ends.spawn(async move { heard(&mut peer).await });
    }
    let first = ends.join_next().await.unwrap().unwrap();
    assert!(first.starts_with("421 4.3.2 too busy"), "{first}");
    // The others stay.
    settle().await;
    assert!(ends.try_join_next().is_none());
}

#[tokio::test]
async fn one_peer_gets_its_share_and_no_more() {
    let (address, ..) = server(Settings { trusted_networks: vec![], ..settings() }).await;
    let mut peers = Vec::new();
    for _ in 0..limits::PEER_CONNECTIONS_MAX {
        peers.push(TcpStream::connect(address).await.unwrap());
    }
    let mut beyond = TcpStream::connect(address).await.unwrap();
    assert!(heard(&mut beyond).await.starts_with("421 4.7.0 "));
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(address).await.unwrap();
    assert!(heard(&mut other).await.starts_with("220 "));
}

#[tokio::test]
async fn over_ipv6() {
    // A machine without IPv6 has nothing to show here.
    let Ok(listener) = listen::bind("[::1]:0".parse().unwrap()) else { return };
    let (address, host, stop) = (listener.local_addr().unwrap(), Arc::new(KeepingHost::default()), Stop::new());
    let shared = Shared::new(host.clone(), settings(), None, Clock::system(), stop);
    tokio::spawn(serve(vec![(Protocol::Smtp, listener.into())], shared));
    let mut peer = TcpStream::connect(address).await.unwrap();
    assert!(heard(&mut peer).await.starts_with("220 "));
    let message = b"HELO [IPv6:::1]\r\nMAIL FROM:<>\r\nRCPT TO:<support@example.net>\r\nDATA\r\n.\r\nQUIT\r\n";
    peer.write_all(message).await.unwrap();
    let mut replies = String::new();
    peer.read_to_string(&mut replies).await.unwrap();
    assert!(replies.contains("250 2.0.0 mail-1"), "{replies}");
    let (envelope, _) = host.taken.lock().unwrap().remove(0);
    assert_eq!(envelope.peer, Some("::1".parse().unwrap()));
}

/// A connection that breaks on its first read, as a bug of ours would.
struct Breaking {
    stream: DuplexStream,
    is_broken: bool,
}

impl AsyncRead for Breaking {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context, buffer: &mut ReadBuf) -> Poll<io::Result<()>> {
        assert!(std::mem::replace(&mut self.is_broken, true), "a bug in the session");
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Breaking {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[tokio::test]
async fn a_panic_ends_its_own_session_with_a_word() {
    let (mut peer, stream) = tokio::io::duplex(1024);
    let shared = Shared::new(Arc::new(KeepingHost::default()), settings(), None, Clock::system(), Stop::new());
    let heard = async move {
        let mut heard = String::new();
        peer.read_to_string(&mut heard).await.unwrap();
        heard
    };
    let ((), heard) = tokio::join!(converse(Breaking { stream, is_broken: false }, Caller::default(), &shared), heard);
    assert_eq!(heard, "421 4.3.0 something went wrong here, try again later\r\n");
}

/// 5321-4.5.4.2-many
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_peers_at_a_time() {
    const PEERS: usize = 40;
    const MESSAGES: usize = 5;
    let (address, host, stop, served) = server(Settings { message_bytes_max: 100_000, ..settings() }).await;
    let mut peers = tokio::task::JoinSet::new();
    for _ in 0..PEERS {
        peers.spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            assert!(heard(&mut stream).await.starts_with("220 "));
            let text = "line of text\r\n".repeat(1500);
            let message = format!("MAIL FROM:<>\r\nRCPT TO:<support@example.net>\r\nDATA\r\n{text}.\r\n");
            let session = format!("HELO a\r\n{}QUIT\r\n", message.repeat(MESSAGES));
            stream.write_all(session.as_bytes()).await.unwrap();
            let mut replies = String::new();
            stream.read_to_string(&mut replies).await.unwrap();
            assert_eq!(replies.matches("250 2.0.0 mail-").count(), MESSAGES, "{replies}");
        });
    }
    while let Some(peer) = peers.join_next().await {
        peer.unwrap();
    }
    stop.request();
    served.await.unwrap();
    assert_eq!(stop.finished(limits::STOP_GRACE, &Clock::system()).await, Ok(()));
    let taken = host.taken.lock().unwrap();
    assert_eq!(taken.len(), PEERS * MESSAGES);
    assert!(taken.iter().all(|(_, message)| message.len() == 1500 * "line of text\r\n".len()));
}
