//! The figures of all rounds, and the table of their medians. Rates are only ever compared with what was measured in the
//! same round: a disk that is five times slower an hour later changes none of these figures by much.

use std::fmt::Write;

use super::load::Load;

/// One server under one load in one round.
pub struct Figure {
    pub server: &'static str,
    pub load: Load,
    pub round: usize,
    /// Synced blocks a second at that time.
    pub raw: f64,
    /// Messages a second, to the reply.
    pub accepted: f64,
    /// Seconds from the last reply until nothing was left to do.
    pub drain: f64,
    /// Messages that were not decided yet when the last reply came.
    pub backlog: Option<f64>,
    /// From the final dot to its reply, in seconds.
    pub p50: f64,
    pub p99: f64,
    /// CPU seconds for 1,000 messages: of the threads that take mail, and of all until nothing was left to do.
    pub cpu_taking: Option<f64>,
    pub cpu: f64,
}

/// The table as text.
pub fn table(figures: &[Figure], loads: &[Load]) -> String {
    let mut text = String::from(
        "| load | server | accepted × sync | × smtp-sink | × Postfix | p50 × sync | p99 × sync | backlog | drain s | CPU s \
         per 1,000: taking | until drained |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for load in loads {
        for server in ["smtp-sink", "Postfix", "postcase"] {
            let row: Vec<_> = figures.iter().filter(|f| f.server == server && f.load == *load).collect();
            let of = |value: &dyn Fn(&Figure) -> Option<f64>| median(row.iter().filter_map(|f| value(f)).collect());
            let against = |other: &'static str| {
                of(&|figure| {
                    let same = |f: &&Figure| f.server == other && (f.load, f.round) == (*load, figure.round);
                    Some(figure.accepted / figures.iter().find(same)?.accepted)
                })
            };
            let cells = [
                cell(of(&|f| Some(f.accepted / f.raw))),
                cell(against("smtp-sink")),
                cell(against("Postfix")),
                cell(of(&|f| Some(f.p50 * f.raw))),
                cell(of(&|f| Some(f.p99 * f.raw))),
                of(&|f| f.backlog).map_or_else(|| "–".into(), |backlog| format!("{backlog:.0}")),
                cell(of(&|f| Some(f.drain))),
                cell(of(&|f| f.cpu_taking)),
                cell(of(&|f| Some(f.cpu))),
            ];
            if !row.is_empty() {
                // Writing into a String can't fail.
                let _ = writeln!(text, "| {load} | {server} | {} |", cells.join(" | "));
            }
        }
    }
    text
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| "–".into(), |value| format!("{value:.2}"))
}

pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
