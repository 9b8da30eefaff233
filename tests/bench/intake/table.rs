//! The figures of all rounds, and the table of their medians. Rates are only ever compared with what was measured in the
//! same round: a disk that is five times slower an hour later changes none of these figures by much.

use std::fmt::Write;

/// One server under one load in one round.
pub struct Figure {
    pub server: &'static str,
    pub connections: usize,
    pub round: usize,
    /// Synced blocks a second at that time.
    pub raw: f64,
    /// Messages a second, to the reply and to the end of all work.
    pub accepted: f64,
    pub settled: f64,
    /// From the final dot to its reply, in seconds.
    pub p50: f64,
    pub p99: f64,
    /// CPU seconds for 1,000 messages until nothing was left to do.
    pub cpu: f64,
}

/// The table as text.
pub fn table(figures: &[Figure], loads: &[usize]) -> String {
    let mut text = String::from(
        "| connections | server | accepted × sync | × smtp-sink | × Postfix | p50 × sync | p99 × sync | settled × sync | CPU s per 1,000 |\n",
    );
    text.push_str("|---|---|---|---|---|---|---|---|---|\n");
    for &connections in loads {
        for server in ["smtp-sink", "Postfix", "postcase"] {
            let row: Vec<_> = figures.iter().filter(|f| f.server == server && f.connections == connections).collect();
            let of = |value: &dyn Fn(&Figure) -> Option<f64>| median(row.iter().filter_map(|f| value(f)).collect());
            let against = |other: &'static str| {
                of(&|figure| {
                    let same =
                        |f: &&Figure| f.server == other && (f.connections, f.round) == (connections, figure.round);
                    Some(figure.accepted / figures.iter().find(same)?.accepted)
                })
            };
            let cells = [
                of(&|f| Some(f.accepted / f.raw)),
                against("smtp-sink"),
                against("Postfix"),
                of(&|f| Some(f.p50 * f.raw)),
                of(&|f| Some(f.p99 * f.raw)),
                of(&|f| Some(f.settled / f.raw)),
                of(&|f| Some(f.cpu)),
            ];
            if !row.is_empty() {
                let cells = cells.map(cell).join(" | ");
                // Writing into a String can't fail.
                let _ = writeln!(text, "| {connections} | {server} | {cells} |");
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
