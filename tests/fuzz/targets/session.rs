//! The bytes of one connection to a whole server.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use postcase::base::{Chance, Clock, Time};
use postcase::config::Settings;
use postcase::desk::{Answers, Command, Outcome};
use postcase::net::internet::Tcp;
use postcase::server::{self, Running, World};
use postcase::store::SimulatedMedium;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// After so many inputs a new server is made: what it holds in memory grows.
const INPUTS_MAX: u32 = 2_000;

struct Host {
    runtime: Runtime,
    running: Running,
    clock: Clock,
    inputs: u32,
    _folder: tempfile::TempDir,
}

thread_local! {
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
}

/// Says all of it at once and hangs up. Whatever was said: every reply is a reply, there aren't more of them than there were
/// lines, and each message that was taken is kept as one message of ours.
pub fn session(bytes: &[u8]) {
    HOST.with_borrow_mut(|host| {
        let host = match host {
            Some(host) if host.inputs < INPUTS_MAX => host,
            host => host.insert(Host::start()),
        };
        host.inputs += 1;
        let replies = host.runtime.block_on(host.hear(bytes));
        let lines = bytes.split(|byte| *byte == b'\n').count();
        let said = replies.iter().filter(|line| line.as_bytes()[3] == b' ').count();
        // The greeting and the last words aren't asked for; DATA has two replies.
        assert!(said <= 2 * lines + 2, "{said} replies to {lines} lines");
        let begun = replies.iter().filter(|line| line.starts_with("354 ")).count();
        let taken: Vec<&str> = replies.iter().filter_map(|line| line.strip_prefix("250 2.0.0 ")).collect();
        let taken = taken.into_iter().filter(|words| words.parse::<postcase::base::MailId>().is_ok());
        let kept = taken.map(|id| host.raw(id)).collect::<Vec<_>>();
        assert!(kept.len() <= begun, "more messages than DATA");
        for message in kept {
            assert!(message.is_empty() || message.ends_with(b"\r\n"), "a message ends with a line");
        }
    });
}

impl Host {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder for the socket");
        let mut settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        settings.smtp.listen = vec![SocketAddr::from(([127, 0, 0, 1], 0))];
        settings.http.listen = None;
        settings.dns.servers = vec![SocketAddr::from(([127, 0, 0, 1], 9))];
        let clock = Clock::manual(Time::UNIX_EPOCH);
        let world = World {
            settings,
            clock: clock.clone(),
            chance: Chance::seeded(1),
            medium: Arc::new(SimulatedMedium::new()),
            internet: Arc::new(Tcp),
        };
        let running = runtime.block_on(server::start(world)).expect("a server starts on an empty disk");
        Self { runtime, running, clock, inputs: 0, _folder: folder }
    }

    /// The lines that the server says.
    async fn hear(&self, bytes: &[u8]) -> Vec<String> {
        let stream = TcpStream::connect(self.running.smtp()[0]).await.expect("it listens");
        let (mut heard, mut said) = stream.into_split();
        let mut greeting = vec![0; 512];
        let length = heard.read(&mut greeting).await.expect("a greeting");
        // The server may hang up before it has heard everything.
        let saying = async {
            let _ = said.write_all(bytes).await;
            let _ = said.shutdown().await;
        };
        let mut rest = Vec::new();
        tokio::select! {
            _ = async { tokio::join!(saying, heard.read_to_end(&mut rest)) } => {}
            () = self.seconds_pass() => {}
        }
        let all = [&greeting[..length], &rest].concat();
        let text = String::from_utf8(all).expect("replies are text");
        let lines: Vec<String> = text.split_inclusive("\r\n").map(str::to_owned).collect();
        for line in &lines {
            let bytes = line.as_bytes();
            assert!(
                bytes.len() <= 514 && line.ends_with("\r\n") && bytes[..3].iter().all(u8::is_ascii_digit),
                "{line:?}"
            );
            assert!(matches!(bytes[3], b' ' | b'-') && matches!(bytes[0], b'2'..=b'5'), "{line:?}");
        }
        lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
    }

    /// For ever: who is refused often is answered slowly.
    async fn seconds_pass(&self) {
        loop {
            Clock::system().sleep(Duration::from_millis(1)).await;
            self.clock.advance(Duration::from_secs(1));
        }
    }

    fn raw(&self, id: &str) -> Vec<u8> {
        let asked = self.running.answer(Command::MessageRaw { id: id.to_owned(), trace: false });
        match self.runtime.block_on(asked) {
            Ok(Outcome::Bytes(bytes)) => bytes,
            other => panic!("{id} was taken and is {other:?}"),
        }
    }
}
