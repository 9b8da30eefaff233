//! The servers that are measured, each as a process of its own in a folder of its own: postcase; Postfix's `smtp-sink`,
//! which answers 250 and stores nothing; Postfix, which syncs each message into its queue and then discards it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::RECIPIENT;

const DATABASE: &str = "data/postcase.redb";
const PATIENCE: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(10);

/// A server under load.
pub trait Server {
    fn name(&self) -> &'static str;
    fn address(&self) -> SocketAddr;
    fn pid(&self) -> u32;
    /// Returns when nothing that it took waits any more.
    fn settle(&self) -> Result<(), String>;
}

/// `postcase serve` on a folder.
pub struct Postcase {
    folder: PathBuf,
    child: Child,
    smtp: SocketAddr,
    socket: PathBuf,
}

impl Postcase {
    /// Makes a store in which the address of the load is registered, and keeps a copy of its database.
    pub fn make(folder: &Path) -> Result<(), String> {
        let text = format!(
            "hostname = \"mail.example.org\"\nservice_domain = \"in.example.org\"\ndata_dir = {:?}\n\
             [store]\nfree_space_min = 0\n[smtp]\nlisten = [\"127.0.0.1:0\"]\n[http]\nlisten = \"127.0.0.1:0\"\n",
            folder.join("data").display().to_string()
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

    fn ask(&self, command: &Value) -> Result<Value, String> {
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

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postcase"));
    command.arg("--config").arg(folder.join("postcase.toml")).current_dir(folder).env("RUST_LOG", "warn");
    command
}

impl Server for Postcase {
    fn name(&self) -> &'static str {
        "postcase"
    }

    fn address(&self) -> SocketAddr {
        self.smtp
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Messages without a disposition are listed first; when there is none, the newest must have become a case.
    fn settle(&self) -> Result<(), String> {
        wait("postcase has undecided mail", || {
            let newest = self.ask(&json!({ "command": "message-list", "limit": 1 }))?;
            match &newest[0]["disposition"] {
                Value::Null => Ok(false),
                disposition if disposition == "case_opened" => Ok(true),
                other => Err(format!("a message became {other}")),
            }
        })
    }
}

impl Drop for Postcase {
    fn drop(&mut self) {
        // Already dead is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `smtp-sink`.
pub struct Sink {
    child: Child,
    address: SocketAddr,
}

impl Sink {
    pub fn start() -> Result<Self, String> {
        let address = free_address()?;
        // As root it wants to be told to be somebody else.
        let user: &[&str] = if is_root() { &["-u", "nobody"] } else { &[] };
        let sink = Command::new("/usr/sbin/smtp-sink").args(user).arg(address.to_string()).arg("1024").spawn();
        let child = sink.map_err(|error| format!("/usr/sbin/smtp-sink: {error}"))?;
        let sink = Self { child, address };
        wait("smtp-sink doesn't listen", || Ok(TcpStream::connect(address).is_ok()))?;
        Ok(sink)
    }
}

impl Server for Sink {
    fn name(&self) -> &'static str {
        "smtp-sink"
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn settle(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // Already dead is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Postfix of its own, which takes mail into its queue as it does for the world, and then discards it. It isn't slowed
/// down when mail comes faster than it leaves, and it writes no log.
pub struct Postfix {
    folder: PathBuf,
    address: SocketAddr,
    pid: u32,
}

const MAIN_CF: &str = "compatibility_level = 3.6
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.org
mydestination =
local_recipient_maps =
alias_maps =
relay_domains = example.net
relay_transport = discard:
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
smtpd_relay_restrictions = permit_mynetworks, reject
default_process_limit = 120
in_flow_delay = 0
";

const MASTER_CF: &str = "cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
";

impl Postfix {
    /// Needs root, because its parts run as several users.
    pub fn start(folder: &Path) -> Result<Self, String> {
        if !is_root() {
            return Err("only root can start it".into());
        }
        let address = free_address()?;
        let at = folder.display();
        let make = || {
            for name in ["etc", "queue", "data"] {
                fs::create_dir_all(folder.join(name))?;
            }
            let places = format!("{MAIN_CF}queue_directory = {at}/queue\ndata_directory = {at}/data\n");
            fs::write(folder.join("etc/main.cf"), places)?;
            fs::write(folder.join("etc/master.cf"), format!("{address} inet n - n - - smtpd\n{MASTER_CF}"))?;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
        };
        make().map_err(|error| error.to_string())?;
        run(Command::new("chown").arg("postfix").arg(folder.join("data")))?;
        let mut postfix = Self { folder: folder.to_owned(), address, pid: 0 };
        postfix.control("check")?;
        postfix.control("start")?;
        wait("Postfix doesn't listen", || Ok(TcpStream::connect(address).is_ok()))?;
        let pid = fs::read_to_string(folder.join("queue/pid/master.pid")).map_err(|error| error.to_string())?;
        postfix.pid = pid.trim().parse().map_err(|_| format!("{pid} is no process id"))?;
        Ok(postfix)
    }

    fn control(&self, word: &str) -> Result<(), String> {
        run(Command::new("/usr/sbin/postfix").arg("-c").arg(self.folder.join("etc")).arg(word))
    }
}

impl Server for Postfix {
    fn name(&self) -> &'static str {
        "Postfix"
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn pid(&self) -> u32 {
        self.pid
    }

    fn settle(&self) -> Result<(), String> {
        let is_empty =
            |queue: &str| fs::read_dir(self.folder.join("queue").join(queue)).map(|mut mail| mail.next().is_none());
        wait("Postfix has mail in its queue", || {
            is_empty("incoming").and_then(|empty| Ok(empty && is_empty("active")?)).map_err(|e| e.to_string())
        })
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // What was never started can't be stopped.
        let _ = self.control("stop");
    }
}

fn wait(what: &str, mut done: impl FnMut() -> Result<bool, String>) -> Result<(), String> {
    let begun = Instant::now();
    while !done()? {
        if begun.elapsed() > PATIENCE {
            return Err(format!("{what} after {} s", PATIENCE.as_secs()));
        }
        sleep(POLL);
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("{command:?}: {said}"))
}

fn free_address() -> Result<SocketAddr, String> {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map_err(|error| error.to_string())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}
