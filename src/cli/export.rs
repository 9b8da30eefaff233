//! `postcase export`: everything as lines of JSON, written as it comes.
//!
//! The lines are the same with `--json` and without. What was written when the export is cut short is whole up to its last
//! line end; the position of the last whole line says where to go on.

use std::io::Write;

use super::failure::Failure;
use super::reach::Ask;
use super::text;
use crate::base::Time;
use crate::desk::{Command, Outcome};

/// Writes every line; how many there were.
pub async fn run(
    since: Option<Time>,
    mut after: Option<String>,
    ask: &mut dyn Ask,
    out: &mut (dyn Write + Send),
) -> Result<u64, Failure> {
    let mut count = 0;
    loop {
        let Outcome::Json(page) = ask.ask(Command::Export { since, after }).await? else {
            return Err(Failure::refused("the server answers an export in an unknown form: is it another version?"));
        };
        for line in page["lines"].as_array().into_iter().flatten() {
            count += 1;
            out.write_all(text::json(line).as_bytes())?;
        }
        out.flush()?;
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => return Ok(count),
        }
    }
}
