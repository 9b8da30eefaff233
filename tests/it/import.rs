//! Archives of real mail through the real binary: each message is there once, whatever was cut short in between.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::child::Home;
use crate::corpus;
use crate::unit::wait;

const ADDRESS: &str = "support@company.example";
/// Larger boxes would only take longer.
const BOX_BYTES_MAX: u64 = 110_000;

pub fn trials(ready: bool) -> Vec<Trial> {
    let boxes = boxes();
    if boxes.is_empty() {
        let skipped = Trial::test("import: archives of real mail (no corpus: set POSTCASE_CORPUS)", || Ok(()));
        return vec![skipped.with_ignored_flag(true)];
    }
    let twice = Trial::test("import: real archives, twice, give each message once", move || twice(&boxes));
    let killed = Trial::test("import: killed in the middle, it goes on", killed);
    vec![twice.with_ignored_flag(!ready), killed.with_ignored_flag(!ready)]
}

/// The mbox files of the corpus that aren't large.
fn boxes() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = corpus::folder().into_iter().map(|folder| folder.join("threads")).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "mbox")
                && entry.metadata().is_ok_and(|metadata| metadata.len() <= BOX_BYTES_MAX)
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn twice(boxes: &[PathBuf]) -> Result<(), Failed> {
    let home = Home::new("refuse")?;
    let _server = home.start()?;
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    let mut expected = 0;
    for file in boxes {
        let text = std::fs::read(file)?;
        // Counted apart from the program: every line of these files that begins so is a separator.
        let inside = text.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"From ")).count() as u64;
        let first = import(&home, file)?;
        if (first["messages"].as_u64(), first["left_out"].as_u64()) != (Some(inside), Some(0)) {
            return Err(format!("{} holds {inside} messages: {first}", file.display()).into());
        }
        expected += first["imported"].as_u64().unwrap_or(0);
        let again = import(&home, file)?;
        if (again["imported"].as_u64(), again["known"].as_u64()) != (Some(0), Some(inside)) {
            return Err(format!("{} brought something twice: {again}", file.display()).into());
        }
    }
    once(&wait(corpus::decided(&home))?, expected)
}

/// Runs an import, which must show its progress on standard error; its summary.
fn import(home: &Home, file: &Path) -> Result<Value, Failed> {
    let file = file.to_string_lossy();
    let output = home.command().args(["--json", "import", &file, "--address", ADDRESS]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let shown = said.lines().any(|line| line.contains("100 %") && line.ends_with("messages"));
    if !output.status.success() || !shown || said.contains('\r') {
        return Err(format!("importing {file}: {}: {said}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// So many messages, none of which is a second copy of another.
fn once(messages: &[Value], expected: u64) -> Result<(), Failed> {
    let raw: BTreeSet<(String, String, String)> = messages
        .iter()
        .map(|message| (message["message_id"].to_string(), message["date"].to_string(), message["subject"].to_string()))
        .collect();
    if messages.len() as u64 != expected || raw.len() as u64 != expected || expected == 0 {
        return Err(format!("{} listed, {} different, {expected} imported", messages.len(), raw.len()).into());
    }
    Ok(())
}

/// Server and import are killed while the import is under way; started again, both go on.
fn killed() -> Result<(), Failed> {
    const MESSAGES: u64 = 1000;
    let home = Home::new("refuse")?;
    let archive = home.folder().join("large.mbox");
    let one = |n| {
        format!(
            "From anna@customer.example Tue Nov 18 09:00:00 2025\nFrom: Anna <anna@customer.example>\nSubject: {n}\n\
             Message-ID: <{n}@customer.example>\n\n{}\n\n",
            "All work and no play makes a dull message.\n".repeat(40)
        )
    };
    std::fs::write(&archive, (0..MESSAGES).map(one).collect::<String>())?;
    let mut server = Some(home.start()?);
    home.json(&["address", "add", ADDRESS, "--mode", "direct"])?;
    for victim in ["import", "server"] {
        let mut command = home.command();
        command.arg("import").arg(&archive).args(["--address", ADDRESS]);
        let mut importing = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        // The first line comes when the first command is answered; then it is a moment to the first message.
        let mut said = BufReader::new(importing.stderr.take().ok_or("standard error is piped")?);
        said.read_line(&mut String::new())?;
        while home.json(&["message", "list", "--limit", "1"])?.as_array().is_none_or(Vec::is_empty) {}
        match victim {
            "server" => {
                server.take().ok_or("the server runs")?.kill()?;
                importing.wait()?;
                server = Some(home.start()?);
            }
            _ => {
                importing.kill()?;
                importing.wait()?;
            }
        }
    }
    let last = import(&home, &archive)?;
    let sum = last["imported"].as_u64().zip(last["known"].as_u64()).map(|(imported, known)| imported + known);
    if sum != Some(MESSAGES) || last["imported"] == 0 || last["known"] == 0 {
        return Err(format!("nothing was cut short: {last}").into());
    }
    once(&wait(corpus::decided(&home))?, MESSAGES)?;

    // Without a server it waits for one, and is known all the same.
    server.take().ok_or("the server runs")?.kill()?;
    std::fs::write(&archive, one(MESSAGES))?;
    for imported in [1, 0] {
        let offline = import(&home, &archive)?;
        if offline["imported"] != imported {
            return Err(format!("not {imported} imported without a server: {offline}").into());
        }
    }
    let _server = home.start()?;
    once(&wait(corpus::decided(&home))?, MESSAGES + 1)?;
    exported(&home, MESSAGES + 1)
}

/// Pages of an export leave nothing out and bring nothing twice, also when it goes on behind a line.
fn exported(home: &Home, messages: u64) -> Result<(), Failed> {
    let positions = |after: &[&str]| -> Result<Vec<String>, Failed> {
        let output = home.command().arg("export").args(after).output()?;
        let lines = String::from_utf8(output.stdout)?;
        let lines = lines.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
        Ok(lines.iter().map(|line| line["position"].to_string().replace('"', "")).collect())
    };
    let all = positions(&[])?;
    let of = |kind: &str| all.iter().filter(|position| position.starts_with(kind)).count() as u64;
    let different: BTreeSet<&String> = all.iter().collect();
    // A case each, which was opened, got its message and was queued; and the probe for the address.
    let expected = (messages + 1, messages, 3 * messages);
    if (of("message/"), of("case/"), of("event/")) != expected || different.len() != all.len() {
        return Err(format!("{} messages, {} cases, {} events", of("message/"), of("case/"), of("event/")).into());
    }
    for place in [0, all.len() / 2] {
        if positions(&["--after", &all[place]])? != all[place + 1..] {
            return Err(format!("it doesn't go on behind {}", all[place]).into());
        }
    }
    Ok(())
}
