//! What a story needs of the server it is played against. `world.rs` gives it a whole postcase in this process; the
//! player's own tests give it a puppet.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use postcase::base::Time;

/// An answer that may take a while.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a new server is made from.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The configuration file's text.
    pub configuration: String,
    /// Where the clock stands.
    pub now: Time,
}

/// What a command line came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    pub code: u8,
    pub out: Vec<u8>,
    pub err: String,
}

/// How a server ends without warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The power goes, and nothing is left that was not synced.
    DroppingAll,
    /// The power goes, and the seed decides what is left of what was not synced.
    ByChance(u64),
    /// The process alone ends: all that it wrote is readable, and nothing becomes durable by that.
    Killed,
}

/// A running server with its clock and its disk.
pub trait Subject: Send {
    /// Where it listens now; another place after each start.
    fn smtp(&self) -> SocketAddr;
    /// Where it listens for LMTP, if anywhere.
    fn lmtp(&self) -> Option<SocketAddr> {
        None
    }
    /// Runs a command line; `arguments` are without the program's name.
    fn run(&mut self, arguments: Vec<String>) -> Later<'_, Ran>;
    /// Returns when nothing that is due waits or runs.
    fn settle(&mut self) -> Later<'_, ()>;
    /// Moves the clock.
    fn advance(&mut self, by: Duration);
    /// Its configuration file is from now on what it was made from and these lines.
    fn configure(&mut self, more: &str) -> Result<(), String>;
    /// Ends the server without warning, starts again on what is left.
    fn crash(&mut self, how: Crash) -> Later<'_, Result<(), String>>;
    /// Makes a coming operation of the disk fail; the words are those of `@fault`.
    fn fault(&mut self, words: &[String]) -> Result<(), String>;
    /// Stops the server as an administrator does, starts again.
    fn restart(&mut self) -> Later<'_, Result<(), String>>;
    /// Stops it for good.
    fn stop(self: Box<Self>) -> Later<'static, ()>;
}

/// Makes a server.
pub type Start = fn(Setup) -> Later<'static, Result<Box<dyn Subject>, String>>;
