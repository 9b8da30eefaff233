//! How far long work is, on standard error: one line that is written over on a terminal, now and then a new line elsewhere,
//! so that a log shows it, too.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use crate::base::{Clock, Time, limits};

/// Columns of the bar.
const BAR: usize = 24;

/// See the module.
pub struct Progress {
    clock: Clock,
    out: Option<Box<dyn Write + Send>>,
    is_terminal: bool,
    began: Time,
    shown: Option<Time>,
}

impl Progress {
    pub fn on_standard_error(clock: Clock) -> Self {
        let is_terminal = io::stderr().is_terminal();
        Self { began: clock.now(), clock, out: Some(Box::new(io::stderr())), is_terminal, shown: None }
    }

    /// Shows nothing.
    pub fn hidden(clock: Clock) -> Self {
        Self { began: clock.now(), clock, out: None, is_terminal: false, shown: None }
    }

    /// So much of the whole is done; `count` of what, in words. Shown when it is time.
    pub fn at(&mut self, done: u64, whole: u64, count: u64, what: &str) {
        let every = if self.is_terminal { limits::PROGRESS_EVERY } else { limits::PROGRESS_LINE_EVERY };
        let now = self.clock.now();
        if self.shown.is_none_or(|shown| now.duration_since(shown).unsigned_abs() >= every) {
            self.shown = Some(now);
            self.show(done, whole, count, what);
        }
    }

    /// All of it is done.
    pub fn end(&mut self, count: u64, what: &str) {
        self.show(1, 1, count, what);
        self.leave();
    }

    /// The line stays as it is, and what follows stands below it.
    pub fn leave(&mut self) {
        if self.is_terminal {
            self.write("\n");
        }
    }

    fn show(&mut self, done: u64, whole: u64, count: u64, what: &str) {
        let spent = self.clock.now().duration_since(self.began).unsigned_abs();
        let line = line(done, whole, count, spent);
        let line = match self.is_terminal {
            true => format!("\r\x1b[K{line} {what}"),
            false => format!("{line} {what}\n"),
        };
        self.write(&line);
    }

    /// When nobody can see it, nothing is lost.
    fn write(&mut self, text: &str) {
        if let Some(out) = &mut self.out {
            out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
        }
    }
}

/// `[####----]  50 %  0:12  1200`
fn line(done: u64, whole: u64, count: u64, spent: Duration) -> String {
    let part = if whole == 0 { 1.0 } else { (done as f64 / whole as f64).min(1.0) };
    let full = (part * BAR as f64) as usize;
    let (minutes, seconds) = (spent.as_secs() / 60, spent.as_secs() % 60);
    let bar = "#".repeat(full) + &"-".repeat(BAR - full);
    format!("[{bar}] {:>3} %  {minutes}:{seconds:02}  {count}", (part * 100.0) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_it_is() {
        let check = |done, whole, expected: &str| {
            assert_eq!(line(done, whole, 7, Duration::from_secs(72)), expected, "{done} of {whole}");
        };
        check(0, 100, "[------------------------]   0 %  1:12  7");
        check(50, 100, "[############------------]  50 %  1:12  7");
        check(101, 100, "[########################] 100 %  1:12  7");
        check(0, 0, "[########################] 100 %  1:12  7");
    }

    #[test]
    fn where_there_is_no_terminal_lines_are_rare() {
        let clock = Clock::manual("2026-11-20T10:00:00Z".parse().unwrap());
        let (read, write) = io::pipe().unwrap();
        let mut progress = Progress::hidden(clock.clone());
        progress.out = Some(Box::new(write));
        for second in 0..13 {
            progress.at(second, 13, second, "messages");
            clock.advance(Duration::from_secs(1));
        }
        progress.end(13, "messages");
        drop(progress);
        let said = io::read_to_string(read).unwrap();
        let counts: Vec<&str> = said.lines().filter_map(|line| line.split_whitespace().nth_back(1)).collect();
        assert_eq!(counts, ["0", "6", "12", "13"], "{said}");
    }
}
