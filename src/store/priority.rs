//! Threads that may wait: they get a processor when those that take mail leave one.

use rustix::process::setpriority_process;
use rustix::thread::gettid;

/// About a third of what a thread of usual priority gets while both want a processor.
const NICE: i32 = 5;

/// Lowers the priority of the calling thread. Where the system gives no priorities to threads all keep the same, which
/// costs a burst of mail some of its pace and nothing else.
pub fn lower() {
    if let Err(error) = setpriority_process(Some(gettid()), NICE) {
        tracing::debug!(%error, "all threads have the same priority");
    }
}
