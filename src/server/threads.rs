//! The threads of a server, in two groups.
//!
//! Mail is taken on the threads of the sessions and on the journal's. Everything else (deciding, sending, commands, the
//! database) runs on threads of a lower priority, so that a burst is taken at the pace of processor and disk and becomes
//! cases as soon as the sessions leave something of both.

use std::io;
use std::num::NonZero;

use tokio::runtime::{Builder, Runtime};

use crate::store::priority;

/// For sessions: half of the processors, since one takes more mail than most disks, and each message also passes the
/// journal's thread and the system's.
pub fn sessions() -> io::Result<Runtime> {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    Builder::new_multi_thread().worker_threads(processors.div_ceil(2)).thread_name("session").enable_all().build()
}

/// For everything else.
pub fn others() -> io::Result<Runtime> {
    Builder::new_multi_thread().thread_name("worker").enable_all().on_thread_start(priority::lower).build()
}
