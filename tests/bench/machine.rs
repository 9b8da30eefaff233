//! What Linux says about processes and the machine, and what its disk takes. Elsewhere the figures are missing, not wrong.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Clock ticks a second in `/proc/PID/stat`; the kernel shows 100 whatever it uses inside.
const TICKS: f64 = 100.0;

/// CPU seconds of a process with its children, also of those that have ended.
pub fn cpu_seconds(pid: u32) -> f64 {
    let own = stat(pid).map_or(0, |(_, ticks)| ticks);
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let children: u64 = pids.filter_map(stat).filter(|(parent, _)| *parent == pid).map(|(_, ticks)| ticks).sum();
    (own + children) as f64 / TICKS
}

/// CPU seconds of the threads of a process that have one of these names.
pub fn cpu_seconds_of(pid: u32, names: &[&str]) -> f64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let ticks = threads.filter_map(|thread| {
        let name = fs::read_to_string(thread.path().join("comm")).ok()?;
        let ticks = ticks(&fs::read_to_string(thread.path().join("stat")).ok()?)?.1;
        names.contains(&name.trim_end()).then_some(ticks)
    });
    ticks.sum::<u64>() as f64 / TICKS
}

/// Calls that read and that wrote files and sockets.
pub fn reads_and_writes(pid: u32) -> Option<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/io")).ok()?;
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
    Some((value("syscr:")?, value("syscw:")?))
}

/// Parent and ticks of a process.
fn stat(pid: u32) -> Option<(u32, u64)> {
    ticks(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The same, from the text of such a file.
fn ticks(stat: &str) -> Option<(u32, u64)> {
    // The name may hold anything; behind it come state and parent; user, system and the same of its dead children are 12th.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum();
    Some((fields.get(1)?.parse().ok()?, ticks))
}

/// A value in KiB from a file of `/proc/PID`, as MiB.
pub fn mebibytes(pid: u32, file: &str, name: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    value.split_whitespace().next()?.parse().map(|kib: f64| kib / 1024.0).ok()
}

/// 4 KiB appended and synced, again and again; how many a second. The other core is kept busy meanwhile, as it is when
/// mail comes in: a machine at rest takes longer to notice that the disk has answered.
pub fn raw_syncs(folder: &Path, time: Duration) -> std::io::Result<f64> {
    let path = folder.join("raw");
    let file = OpenOptions::new().create(true).write(true).truncate(true).open(&path)?;
    let (stop, block) = (AtomicBool::new(false), [7; 4096]);
    let count = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                std::hint::spin_loop();
            }
        });
        let begun = Instant::now();
        let mut count = 0;
        let mut written = Ok(());
        while written.is_ok() && begun.elapsed() < time {
            written = file.write_all_at(&block, count * 4096).and_then(|()| file.sync_data());
            count += 1;
        }
        stop.store(true, Ordering::Relaxed);
        written.map(|()| count as f64 / begun.elapsed().as_secs_f64())
    })?;
    fs::remove_file(path)?;
    Ok(count)
}

/// CPU, kernel and the file system of a folder, in one line.
pub fn describe(folder: &Path) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let mounts = read("/proc/mounts");
    let below = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((fields.next()?, fields.next()?)).filter(|(at, _)| folder.starts_with(at))
    });
    let system = below.max_by_key(|(at, _)| at.len()).map_or("unknown", |(_, system)| system);
    let model = model.trim_start_matches([' ', '\t', ':']);
    format!("{model}, {cores} cores, Linux {}, {system}", kernel.trim().split('-').next().unwrap_or("unknown"))
}
