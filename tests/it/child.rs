//! The real binary as a child process, for what only a process can show: being killed, memory, exit codes.
//!
//! Its folder is temporary. Dropping it kills it, by its own process id.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

pub const BINARY: &str = env!("CARGO_BIN_EXE_postcase");
/// From start to the line that says where it listens; after a kill the store is walked first.
const START: Duration = Duration::from_secs(30);

/// A place to run servers in, one after the other.
pub struct Home {
    folder: TempDir,
    configuration: PathBuf,
}

/// One running server.
pub struct Server {
    child: Child,
    log: PathBuf,
    pub smtp: SocketAddr,
}

impl Home {
    /// `bare_newlines` as in the configuration.
    pub fn new(bare_newlines: &str) -> Result<Self, String> {
        Self::with(bare_newlines, "")
    }

    /// The same with more tables at the end of its configuration.
    pub fn with(bare_newlines: &str, more: &str) -> Result<Self, String> {
        Self::made(bare_newlines, "free_space_min = 0", more, None)
    }

    /// On a disk of its own; `store` is a line of that table.
    pub fn on(data: &Path, store: &str) -> Result<Self, String> {
        Self::made("refuse", store, "", Some(data))
    }

    fn made(bare_newlines: &str, store: &str, more: &str, data: Option<&Path>) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let configuration = folder.path().join("postcase.toml");
        let data = data.map_or_else(|| folder.path().join("data"), Path::to_owned).display().to_string();
        let text = format!(
            "hostname = \"mail.example.net\"\nservice_domain = \"in.example.net\"\ndata_dir = {data:?}\n\
             [store]\n{store}\n[smtp]\nlisten = [\"127.0.0.1:0\"]\nbare_newlines = {bare_newlines:?}\n\
             [http]\nlisten = \"127.0.0.1:0\"\n{more}"
        );
        std::fs::write(&configuration, text).map_err(|error| error.to_string())?;
        Ok(Self { folder, configuration })
    }

    /// More tables at the end of its configuration, from the next start on.
    pub fn configure(&self, more: &str) -> Result<(), String> {
        let mut text = std::fs::read_to_string(&self.configuration).map_err(|error| error.to_string())?;
        text.push_str(more);
        std::fs::write(&self.configuration, text).map_err(|error| error.to_string())
    }

    /// Of this home alone.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the server and waits until it says that it listens.
    pub fn start(&self) -> Result<Server, String> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log()).map_err(|e| e.to_string())?;
        let mut command = self.command();
        command.args(["--json", "serve"]).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(|error| format!("can't start {BINARY}: {error}"))?;
        let out = child.stdout.take().expect("it is piped");
        let mut server = Server { child, log: self.log(), smtp: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                // Read to its end, so that a server that says more never waits for us; who waited may be gone.
                let _ = tell.send(line);
            }
        });
        let line = told.recv_timeout(START).map_err(|_| format!("it doesn't listen:\n{}", self.said()))?;
        let listening: Value = serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))?;
        let smtp = listening["smtp"].as_str().and_then(|smtp| smtp.parse().ok());
        server.smtp = smtp.ok_or_else(|| format!("no SMTP address in {line}"))?;
        Ok(server)
    }

    /// Runs a command line that must succeed; its JSON.
    pub fn json(&self, arguments: &[&str]) -> Result<Value, String> {
        let output = self.command().arg("--json").args(arguments).output().map_err(|error| error.to_string())?;
        let what = arguments.join(" ");
        if !output.status.success() {
            let said = [output.stderr, output.stdout].concat();
            return Err(format!("{what}: {}: {}", output.status, String::from_utf8_lossy(&said)));
        }
        serde_json::from_slice(&output.stdout).map_err(|error| format!("{what}: standard output is no JSON: {error}"))
    }

    /// The last lines of standard error of all servers so far.
    pub fn said(&self) -> String {
        let text = std::fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The binary with this configuration; what it shall do is missing.
    pub fn command(&self) -> Command {
        let mut command = Command::new(BINARY);
        command.arg("--config").arg(&self.configuration).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Server {
    /// SIGKILL.
    pub fn kill(mut self) -> Result<(), String> {
        self.child.kill().and_then(|()| self.child.wait()).map(drop).map_err(|error| error.to_string())
    }

    /// The last line it said when it has ended by itself; it gets a moment for it.
    pub fn ended(&mut self) -> Result<Option<String>, String> {
        for _ in 0..20 {
            match self.child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(50)),
                Ok(Some(_)) => {
                    let text = std::fs::read_to_string(&self.log).map_err(|error| error.to_string())?;
                    return Ok(Some(text.lines().last().unwrap_or_default().to_owned()));
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(None)
    }

    /// An error when it has ended by itself.
    pub fn still_runs(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("the server ended by itself: {status}")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Most memory it ever had, in KiB (`VmHWM`); none where there is no `/proc`.
    pub fn memory_kib_max(&self) -> Option<u64> {
        let status = Path::new("/proc").join(self.child.id().to_string()).join("status");
        let text = std::fs::read_to_string(status).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already dead is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
