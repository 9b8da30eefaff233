//! Asks before something is erased: shows what, and does it only when a person, or `--yes`, says so.

use std::io::{BufRead, Write};

use super::confirm;
use super::failure::Failure;
use super::reach::Ask;
use super::render;
use crate::desk::command::Erasing;
use crate::desk::{Command, Outcome};

/// The outcome of the erasure. Without `typed` nobody can be asked, and it fails unless the command has its `yes`.
pub async fn run(
    command: Command,
    reached: &mut impl Ask,
    typed: Option<&mut impl BufRead>,
    shown: &mut impl Write,
) -> Result<(Command, Outcome), Failure> {
    let command = match &command {
        Command::MessageErase { asked, .. } | Command::ContactErase { asked, .. } if asked.yes => command,
        _ => {
            let Outcome::Json(preview) = reached.ask(command.clone()).await? else {
                return Err(Failure::refused("the server's answer has another form; is it of another version?"));
            };
            write!(shown, "{}", render::answer(&command, &preview))?;
            let Some(typed) = typed else {
                return Err(Failure::refused("nothing was erased; to erase all of this type the same with --yes"));
            };
            if !confirm::agreed("Erase all of this, for ever?", typed, shown)? {
                return Err(Failure::refused("nothing was erased"));
            }
            without_asking(command)
        }
    };
    let outcome = reached.ask(command.clone()).await?;
    Ok((command, outcome))
}

fn without_asking(command: Command) -> Command {
    match command {
        Command::MessageErase { id, asked } => Command::MessageErase { id, asked: Erasing { yes: true, ..asked } },
        Command::ContactErase { address, asked } => {
            Command::ContactErase { address, asked: Erasing { yes: true, ..asked } }
        }
        other => other,
    }
}
