//! The real binary as a child process, as an administrator would start it, and its local socket.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::base::Clock;
use crate::desk::{Command, Outcome};
use crate::http::Client;

/// How long a start may take.
const START_TIME_MAX: Duration = Duration::from_secs(15);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// A running postcase.
pub struct Server {
    child: Child,
    pub folder: PathBuf,
    pub smtp: SocketAddr,
}

impl Server {
    /// Writes a configuration into the folder and starts `postcase serve` on it; mail leaves through `smarthost`.
    pub async fn start(folder: &Path, smarthost: SocketAddr) -> Result<Self, String> {
        let configuration = format!(
            "hostname = \"mail.desk.example\"\nservice_domain = \"in.desk.example\"\ndata_dir = {:?}\n\
             [store]\nfree_space_min = 0\n[smtp]\nlisten = [\"127.0.0.1:0\"]\n[http]\nlisten = \"127.0.0.1:0\"\n\
             [outbound]\nsmarthost = \"{smarthost}\"\n",
            folder.join("data")
        );
        let file = folder.join("postcase.toml");
        std::fs::write(&file, configuration).map_err(|error| format!("{}: {error}", file.display()))?;
        Self::start_again(folder).await
    }

    /// Starts it on what is in the folder.
    pub async fn start_again(folder: &Path) -> Result<Self, String> {
        let open = |name| File::create(folder.join(name)).map_err(|error| format!("{name}: {error}"));
        let (out, log) = (open("stdout")?, open("log")?);
        let binary = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut process = Process::new(binary);
        process.arg("--config").arg(folder.join("postcase.toml")).args(["--json", "serve"]);
        process.stdin(Stdio::null()).stdout(out).stderr(log);
        let child = process.spawn().map_err(|error| format!("postcase serve: {error}"))?;
        // Whole at once, so that it is killed when the story ends while it starts.
        let mut server = Self { child, folder: folder.to_owned(), smtp: SocketAddr::from(([127, 0, 0, 1], 0)) };
        match Clock::system().within(START_TIME_MAX, listening(&mut server.child, &folder.join("stdout"))).await {
            Ok(Ok(smtp)) => server.smtp = smtp,
            Ok(Err(why)) => {
                let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
                return Err(format!("postcase serve {why}: {}", log.lines().last().unwrap_or_default()));
            }
            Err(elapsed) => return Err(format!("postcase serve {elapsed}")),
        }
        Ok(server)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: what a power cut looks like to a process.
    pub fn kill(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Returns when the server has ended by itself.
    pub async fn ended(&mut self) {
        while matches!(self.child.try_wait(), Ok(None)) {
            Clock::system().sleep(PAUSE * 10).await;
        }
    }

    /// One command over the local socket.
    pub async fn ask(&self, command: Command) -> Result<Value, String> {
        let client = Client::connect(&self.folder.join("data"), Clock::system()).await;
        let mut client = client.map_err(|error| error.to_string())?.ok_or("the server is gone")?;
        match client.call(&command).await.map_err(|error| error.to_string())? {
            Outcome::Json(value) => Ok(value),
            Outcome::Bytes(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned().into()),
        }
    }

    /// Asks until the answer is as wanted.
    pub async fn ask_until(&self, command: Command, wanted: impl Fn(&Value) -> bool) -> Result<Value, String> {
        let clock = Clock::system();
        let asking = async {
            loop {
                let answer = self.ask(command.clone()).await?;
                if wanted(&answer) {
                    return Ok(answer);
                }
                clock.sleep(PAUSE).await;
            }
        };
        clock.within(START_TIME_MAX, asking).await.unwrap_or_else(|elapsed| Err(format!("{command:?} {elapsed}")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for the line that names the listeners.
async fn listening(child: &mut Child, out: &Path) -> Result<SocketAddr, String> {
    loop {
        let text = std::fs::read_to_string(out).unwrap_or_default();
        let events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let smtp = events.filter_map(|event| event["smtp"].as_str()?.parse().ok()).next();
        if let Some(smtp) = smtp {
            return Ok(smtp);
        }
        if let Ok(Some(status)) = child.try_wait() {
            return Err(format!("ended with {status}"));
        }
        Clock::system().sleep(PAUSE).await;
    }
}
