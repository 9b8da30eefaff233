//! postcase as a child process: the real binary on a folder of its own, asked over its local socket. Dropping it kills it,
//! by its own process id.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::RECIPIENT;

const DATABASE: &str = "data/postcase.redb";
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(10);

/// `postcase serve` on a folder.
pub struct Postcase {
    folder: PathBuf,
    child: Child,
    pub smtp: SocketAddr,
    socket: PathBuf,
}

impl Postcase {
    /// Makes a store in which the address of the load is registered, and keeps a copy of its database.
    pub fn make(folder: &Path) -> Result<(), String> {
        Self::make_with(folder, "")
    }

    /// The same with these lines in the configuration's section `[smtp]`.
    pub fn make_with(folder: &Path, smtp: &str) -> Result<(), String> {
        let text = format!(
            "hostname = \"mail.example.org\"\nservice_domain = \"in.example.org\"\ndata_dir = {:?}\n\
             [store]\nfree_space_min = 0\n[http]\nlisten = \"127.0.0.1:0\"\n[dns]\nservers = [\"{}\"]\n\
             [smtp]\nlisten = [\"127.0.0.1:0\"]\n{smtp}",
            folder.join("data").display().to_string(),
            name_server()?
        );
        let made = fs::create_dir_all(folder).and_then(|()| fs::write(folder.join("postcase.toml"), text));
        made.map_err(|error| error.to_string())?;
        run(command(folder).args(["address", "add", RECIPIENT, "--mode", "direct"]))?;
        fs::copy(folder.join(DATABASE), folder.join("copy")).map(drop).map_err(|error| error.to_string())
    }

    pub fn start(folder: &Path) -> Result<Self, String> {
        let mut child = command(folder)
            .args(["--json", "serve"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("postcase can't be started: {error}"))?;
        let mut line = String::new();
        let out = child.stdout.take().ok_or("it has no standard output")?;
        BufReader::new(out).read_line(&mut line).map_err(|error| error.to_string())?;
        let at: Value = serde_json::from_str(&line).map_err(|error| format!("postcase doesn't listen: {error}"))?;
        let smtp = at["smtp"].as_str().and_then(|at| at.parse().ok()).ok_or("postcase has no SMTP address")?;
        let socket = folder.join(at["socket"].as_str().ok_or("postcase has no socket")?);
        Ok(Self { folder: folder.to_owned(), child, smtp, socket })
    }

    /// Kills it and puts the copy of the database back: the next start finds its mail with no decision at all.
    pub fn kill_and_forget(mut self) -> Result<PathBuf, String> {
        let forget = || fs::copy(self.folder.join("copy"), self.folder.join(DATABASE));
        self.child.kill().and_then(|()| self.child.wait()).map_err(|error| error.to_string())?;
        forget().map_err(|error| error.to_string())?;
        Ok(self.folder.clone())
    }

    /// Stops it in order and keeps a copy of its database as it is now, to which [`kill_and_forget`](Self::kill_and_forget)
    /// goes back.
    pub fn stop_and_keep(mut self) -> Result<PathBuf, String> {
        run(Command::new("kill").arg(self.pid().to_string()))?;
        self.child.wait().map_err(|error| error.to_string())?;
        let copied = fs::copy(self.folder.join(DATABASE), self.folder.join("copy"));
        copied.map_err(|error| error.to_string())?;
        Ok(self.folder.clone())
    }

    /// The highest case number; 0 without any.
    pub fn cases(&self) -> Result<u64, String> {
        let newest = self.ask(&json!({ "command": "case-list", "limit": 1 }))?;
        Ok(newest[0]["number"].as_u64().unwrap_or(0))
    }

    /// True when the message with this Message-ID has its recorded disposition: before, it is known by its mail id alone.
    pub fn is_decided(&self, message_id: &str) -> bool {
        let shown = self.ask(&json!({ "command": "message-show", "id": message_id }));
        shown.is_ok_and(|shown| shown["disposition"].is_string())
    }

    /// Returns when no message is undecided; waits the longer the more of them there may be. Those without a disposition are
    /// listed first; when there is none, the newest must have become a case.
    pub fn settle(&self, messages: u64) -> Result<(), String> {
        if messages == 0 {
            return wait("postcase doesn't answer", || Ok(self.cases().is_ok()));
        }
        let patience = PATIENCE.saturating_mul(u32::try_from(1 + messages / 100_000).unwrap_or(u32::MAX));
        wait_for("postcase has undecided mail", patience, || {
            let newest = self.ask(&json!({ "command": "message-list", "limit": 1 }))?;
            match &newest[0]["disposition"] {
                Value::Null => Ok(false),
                disposition if disposition == "case_opened" => Ok(true),
                other => Err(format!("a message became {other}")),
            }
        })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs a command line on it.
    pub fn run(&self, words: &[&str]) -> Result<(), String> {
        run(command(&self.folder).args(words))
    }

    /// The answer to one command.
    pub fn ask(&self, command: &Value) -> Result<Value, String> {
        let asked = || {
            let mut stream = UnixStream::connect(&self.socket)?;
            let body = command.to_string();
            let head = "POST /v1/command HTTP/1.1\r\nHost: postcase\r\nConnection: close\r\nContent-Length:";
            write!(stream, "{head} {}\r\n\r\n{body}", body.len())?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).map(|_| answer)
        };
        let answer = asked().map_err(|error: std::io::Error| format!("postcase doesn't answer: {error}"))?;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).map_err(|error| format!("{error}: {answer}"))
    }
}

impl Drop for Postcase {
    fn drop(&mut self) {
        // Already dead is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postcase"));
    command.arg("--config").arg(folder.join("postcase.toml")).current_dir(folder).env("RUST_LOG", "warn");
    command
}

/// Waits with patience until it is done.
pub fn wait(what: &str, done: impl FnMut() -> Result<bool, String>) -> Result<(), String> {
    wait_for(what, PATIENCE, done)
}

fn wait_for(what: &str, patience: Duration, mut done: impl FnMut() -> Result<bool, String>) -> Result<(), String> {
    let begun = Instant::now();
    while !done()? {
        if begun.elapsed() > patience {
            return Err(format!("{what} after {} s", patience.as_secs()));
        }
        sleep(POLL);
    }
    Ok(())
}

/// Runs a program that must succeed.
pub fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("{command:?}: {said}"))
}

/// A name server on loopback that knows nobody, so that looking up senders costs what it costs and no network is needed.
fn name_server() -> Result<SocketAddr, String> {
    static SERVER: OnceLock<SocketAddr> = OnceLock::new();
    if let Some(server) = SERVER.get() {
        return Ok(*server);
    }
    let socket = UdpSocket::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    let address = socket.local_addr().map_err(|error| error.to_string())?;
    thread::spawn(move || {
        let mut query = [0; 1500];
        while let Ok((length, peer)) = socket.recv_from(&mut query) {
            // An answer, recursion available, NXDOMAIN; the question as it came, and for how long that holds (RFC 2308 §3).
            let Some(end) = query[..length].get(12..).and_then(|rest| rest.iter().position(|&byte| byte == 0)) else {
                continue;
            };
            let mut answer = query[..(12 + end + 5).min(length)].to_vec();
            (answer[2], answer[3]) = (0x85, 0x83);
            answer[4..12].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
            // The root's SOA record, 300 s.
            answer.extend([0, 0, 6, 0, 1, 0, 0, 1, 0x2C, 0, 22, 0, 0]);
            answer.extend([0, 0, 1, 0x2C].repeat(5));
            socket.send_to(&answer, peer).ok();
        }
    });
    Ok(*SERVER.get_or_init(|| address))
}
