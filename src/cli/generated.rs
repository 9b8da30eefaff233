//! `postcase completions` and `postcase man`: what a shell and `man` need, made from the definition of the command line, so
//! that neither says anything else than the program does.

use std::io;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::failure::Failure;
use super::typed::Typed;
use super::{say, text, write_out};

/// Prints the completion script of a shell.
pub fn completions(shell: Shell) -> Result<(), Failure> {
    Ok(write_out(&script(shell))?)
}

fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Typed::command(), "postcase", &mut script);
    script
}

/// Writes a page for each command into a folder; without one prints the first page.
pub fn manual(folder: Option<&Path>, json: bool) -> Result<(), Failure> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Typed::command()).render(&mut page)?;
        return Ok(write_out(&page)?);
    };
    let pages = write_pages(folder)?;
    let name = folder.display().to_string();
    let shown = serde_json::json!({"folder": name, "pages": pages});
    let name = text::line(&name);
    Ok(say(&if json { text::json(&shown) } else { format!("{pages} pages in {name}; man -l {name}/postcase.1\n") })?)
}

fn write_pages(folder: &Path) -> Result<usize, Failure> {
    let unwritable = |error: io::Error| {
        let name = text::line(&folder.display().to_string());
        Failure::refused(format!("pages can't be written to {name}: {error}; name a folder that exists and is yours"))
    };
    clap_mangen::generate_to(Typed::command(), folder).map_err(unwritable)?;
    Ok(pages(&Typed::command()))
}

/// The command itself and all below it.
fn pages(command: &clap::Command) -> usize {
    1 + command.get_subcommands().map(pages).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_page_and_is_completed() {
        let folder = tempfile::tempdir().unwrap();
        let pages = write_pages(folder.path()).unwrap();
        let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_else(|_| panic!("{name}"));
        let written = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(written, pages);
        let scripts = [Shell::Bash, Shell::Zsh, Shell::Fish].map(|shell| String::from_utf8(script(shell)).unwrap());
        assert!(page("postcase.1").contains("postcase\\-import"));
        for command in Typed::command().get_subcommands() {
            let name = command.get_name();
            page(&format!("postcase-{name}.1"));
            assert!(scripts.iter().all(|script| script.contains(name)), "{name}");
            for inner in command.get_subcommands() {
                assert!(page(&format!("postcase-{name}-{}.1", inner.get_name())).contains("SYNOPSIS"));
                assert!(scripts.iter().all(|script| script.contains(inner.get_name())), "{name}");
            }
        }
        let absent = write_pages(&folder.path().join("none")).unwrap_err();
        assert!(absent.message.contains("name a folder that exists"), "{absent:?}");
    }
}
