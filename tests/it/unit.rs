//! A test of a piece of the harness itself: the binary has its own `main`, so `#[test]` would never run.

use libtest_mimic::Trial;

/// A name and what must not panic.
pub struct Unit {
    name: &'static str,
    run: fn(),
}

pub fn unit(name: &'static str, run: fn()) -> Unit {
    Unit { name, run }
}

impl Unit {
    pub fn into_trial(self, module: &str) -> Trial {
        Trial::test(format!("{module}: {}", self.name), move || {
            (self.run)();
            Ok(())
        })
    }
}

/// Runs one asynchronous test to its end.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("threads can be started").block_on(work)
}
