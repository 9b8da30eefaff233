//! Plugins are installed, replaced, rolled back and removed, again and again, while mail flows.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::flow::Flow;
use super::postcase_server::Postcase;
use super::{guests, quantile};

const MAIL: Flow<'static> = Flow { name: "swap", subjects: &["Rechnung"], pause: Duration::from_millis(20) };
const TIME: Duration = Duration::from_secs(20);
/// Between two changes.
const PAUSE: Duration = Duration::from_millis(100);
/// No message waits longer.
const WAIT_MAX: Duration = Duration::from_secs(1);

pub fn measure(folder: &Path, files: &[PathBuf]) -> Result<String, String> {
    Postcase::make(folder)?;
    let server = Postcase::start(folder)?;
    let over = AtomicBool::new(false);
    let (changes, waits) = thread::scope(|scope| {
        let mail = scope.spawn(|| MAIL.watched(&server, &over));
        let changes = change(&server, files);
        over.store(true, Ordering::Relaxed);
        let waits = mail.join().map_err(|_| "the sender panicked".to_owned())?;
        Ok::<_, String>((changes?, waits?))
    })?;
    server.settle(waits.len() as u64)?;
    let (cases, most) = (server.cases()?, waits.last().copied().unwrap_or_default());
    let said = format!(
        "{changes} changes in {} files while {} messages came: from the 250 to the decision {:.1?} (p50), {:.1?} (p99), {most:.1?} \
         at most",
        files.len(),
        waits.len(),
        quantile(&waits, 0.5),
        quantile(&waits, 0.99),
    );
    match () {
        () if cases != waits.len() as u64 => Err(format!("{said}; but there are {cases} cases")),
        () if most > WAIT_MAX => Err(format!("{said}; that is over {WAIT_MAX:?}")),
        () => Ok(said),
    }
}

/// Each of the files takes the place of nothing, is replaced, comes back and goes, so that each is compiled each time.
fn change(server: &Postcase, files: &[PathBuf]) -> Result<usize, String> {
    let other = guests::folder()?.join("skills_by_language.wasm").display().to_string();
    let (begun, mut changes) = (Instant::now(), 0);
    for file in files.iter().cycle().take_while(|_| begun.elapsed() < TIME) {
        let file = file.display().to_string();
        let install = |file| vec!["install", file, "--name", "routing"];
        for words in [install(&file), install(&other), vec!["rollback", "routing"], vec!["remove", "routing"]] {
            server.run(&[vec!["plugin"], words].concat())?;
            changes += 1;
            thread::sleep(PAUSE);
        }
    }
    Ok(changes)
}
