//! The servers that are measured, each as a process of its own in a folder of its own: postcase; Postfix's `smtp-sink`,
//! which answers 250 and stores nothing; Postfix, which syncs each message into its queue and then discards it.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use super::machine;
use super::postcase::{Postcase, run, wait};

/// A server under load.
pub trait Server {
    fn name(&self) -> &'static str;
    fn address(&self) -> SocketAddr;
    fn pid(&self) -> u32;
    /// Returns when nothing that it took waits any more.
    fn settle(&self) -> Result<(), String>;
    /// How many cases it has made, where it makes any.
    fn cases(&self) -> Option<u64> {
        None
    }
    /// CPU seconds of what takes mail, where that can be told from the rest.
    fn cpu_taking(&self) -> Option<f64> {
        None
    }
    /// Connections at a time that it can serve.
    fn connections_max(&self) -> usize {
        usize::MAX
    }
}

impl Server for Postcase {
    fn name(&self) -> &'static str {
        "postcase"
    }

    fn address(&self) -> SocketAddr {
        self.smtp
    }

    fn pid(&self) -> u32 {
        Self::pid(self)
    }

    fn settle(&self) -> Result<(), String> {
        Self::settle(self, 1)
    }

    fn cases(&self) -> Option<u64> {
        Self::cases(self).ok()
    }

    fn cpu_taking(&self) -> Option<f64> {
        Some(machine::cpu_seconds_of(Self::pid(self), &["session", "journal"]))
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

    /// A process each: see `default_process_limit`.
    fn connections_max(&self) -> usize {
        120
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

fn free_address() -> Result<SocketAddr, String> {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map_err(|error| error.to_string())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}
