//! Answers for people, made from the JSON of the same command: tables of lists, sheets of single things.
//!
//! Nothing is computed here that the JSON doesn't say. A column that is empty in all rows is left out. Unknown fields of
//! a sheet are shown, too, so that a newer server has nothing to hide from an older command line.

mod cases;
mod explain;
mod items;
mod people;
mod plugins;
mod rules;
mod sheet;
mod table;

use serde_json::{Value, json};

pub use rules::{checked, replayed, tried};

use super::text;
use crate::config;
use crate::desk::Command;
use crate::desk::command::{DkimCommand, PluginCommand, ProfileCommand};

/// The text for standard output; ends with a newline.
pub fn answer(command: &Command, value: &Value) -> String {
    if let Some(answer) = people::answer(command, value) {
        return answer;
    }
    if let Some((columns, none)) = list(command) {
        return table::rows(value, columns, none);
    }
    if let Command::Item(command) = command {
        return items::answer(command, value);
    }
    match command {
        Command::AddressExport => config::addresses::write(value),
        Command::AddressApply { .. } => changes(value),
        Command::CaseList(filter) => cases::rows(
            value,
            match filter.text {
                None => "no such cases; postcase message list shows what came in",
                Some(_) => "no case has all of these words",
            },
        ),
        Command::CaseShow { .. } => cases::sheet(value),
        Command::MessageExplain { .. } => explain::steps(value),
        Command::MessageShow { .. } | Command::MessageRelease { .. } | Command::MessageReprocess { .. } => {
            message(value)
        }
        Command::AddressAdd { .. }
        | Command::AddressSet { .. }
        | Command::AddressShow { .. }
        | Command::AddressVerify { .. }
        | Command::AddressConfirm { .. }
        | Command::AddressRotate { .. }
        | Command::AddressDisable { .. }
        | Command::AddressEnable { .. } => address(value),
        Command::CaseReply(request) if request.preview => cases::preview(value),
        Command::CaseMerge { .. }
        | Command::CaseSplit { .. }
        | Command::CaseLink { .. }
        | Command::CaseNote { .. }
        | Command::CaseSet { .. }
        | Command::CaseTask { .. }
        | Command::CaseDecline { .. }
        | Command::CaseTake { .. }
        | Command::CaseAssign { .. } => cases::head(value),
        _ => upkeep(command, value),
    }
}

/// The columns of a list, and what to say when nothing is in it.
fn list(command: &Command) -> Option<(&'static [&'static str], &'static str)> {
    Some(match command {
        Command::AddressList { .. } => (
            &["address", "name", "mode", "state", "queue", "service_address"],
            "no routing addresses yet; add the first: postcase address add support@example.com",
        ),
        Command::MessageList(filter) if filter.disposition.as_deref() == Some("held") => (
            &["id", "received_at", "from", "subject", "reason"],
            "no message is held; postcase message list shows what came in",
        ),
        Command::MessageList(_) => (
            &["id", "received_at", "from", "subject", "disposition", "case"],
            "no such messages; postcase address list shows where mail is taken",
        ),
        Command::QueueList => {
            (&["name", "assign", "members", "waiting", "overflow"], "no queues yet; add one: postcase queue add NAME")
        }
        Command::Profile(ProfileCommand::List) => (
            &["name", "limit", "units", "reset", "hours", "blocking"],
            "no capacity profiles yet; add one: postcase profile add NAME --limit 5",
        ),
        Command::AgentList => (
            &["address", "name", "presence", "open_cases", "open_items", "capacity"],
            "no agents yet; add one: postcase agent add ADDRESS",
        ),
        Command::Dkim(DkimCommand::List) => (
            &["domain", "selector", "algorithm", "created_at"],
            "no DKIM keys yet; make the first: postcase dkim new example.com",
        ),
        Command::AuditList { .. } => {
            (&["audit", "at", "by", "what", "messages", "cases", "reason"], "nothing was erased yet")
        }
        _ => return None,
    })
}

/// What keeps the server going, and whatever has no form of its own.
fn upkeep(command: &Command, value: &Value) -> String {
    match command {
        Command::Plugin(PluginCommand::List) => plugins::list(value),
        Command::Plugin(PluginCommand::Show { .. }) => plugins::sheet(value),
        Command::Plugin(PluginCommand::Test { .. }) => plugins::advice(value),
        Command::SpoolList { .. } => table::rows(
            &waiting_recipients(value),
            &["id", "recipient", "attempts", "next_at", "last_words", "held"],
            "nothing waits to leave; postcase message list --direction outbound shows what was sent",
        ),
        Command::RulesShow { .. } => rules::shown(value),
        Command::Check => checked(value),
        Command::Replay { .. } => rules::replayed(value),
        Command::Dkim(DkimCommand::New { domain, .. }) => records(value, domain),
        Command::MessageErase { .. } | Command::ContactErase { .. } => {
            sheet::of(value, &["what", "messages", "replies", "cases", "remains", "erased", "audit"], &[])
        }
        Command::Dkim(DkimCommand::Remove { .. }) => sheet::of(value, &["domain", "selector", "removed"], &[]),
        Command::SpoolHold | Command::SpoolResume => sheet::of(value, &["spool", "since", "why"], &[]),
        Command::Backup { .. } => sheet::of(value, &["file", "bytes", "rows", "segments", "taken_at"], &[]),
        _ => {
            sheet::of(value, &["address", "name", "number", "state", "spool_id", "id", "message_id", "from", "to"], &[])
        }
    }
}

/// Records to publish. A zone file takes a value in pieces of 255 bytes; most forms take it as it is.
fn records(value: &Value, domain: &str) -> String {
    let rows = table::rows(&value["records"], &["name", "type", "value"], "no records");
    let domain = text::line(domain);
    format!("{rows}\nnext: publish this in the DNS of {domain}; its mail is signed from now on\n")
}

/// A message with its text at the end; of a file also what is new in that, where it isn't all. Whoever only reads the
/// message wants no word twice.
pub fn message(value: &Value) -> String {
    let first =
        ["file", "id", "message_id", "received_at", "date", "from", "to", "cc", "subject", "kind", "disposition"];
    let mut out = sheet::of(value, &first, &["text", "new_text", "html", "headers", "attachments"]);
    let saved = value["headers"].as_array().into_iter().flatten();
    let saved: String =
        saved.map(|field| format!("  {}: {}\n", table::cell(&field["name"]), table::cell(&field["value"]))).collect();
    if !saved.is_empty() {
        out += &format!("headers\n{saved}");
    }
    let attachments: String = cases::attachments(value).iter().map(|line| format!("  {line}\n")).collect();
    if !attachments.is_empty() {
        out += &format!("attachments\n{attachments}");
    }
    let [body, new] = ["text", "new_text"].map(|name| text::block(value[name].as_str().unwrap_or_default()));
    if value["file"].is_string() && body.trim() != new.trim() {
        let lines: String = new.trim().lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect();
        out += &format!("new text{}\n{lines}", if lines.is_empty() { "  none" } else { "" });
    }
    if !body.trim().is_empty() {
        out += &format!("\n{}\n", body.trim_end());
    }
    out
}

/// What an import came to, and which messages it left out.
pub fn import(value: &Value) -> String {
    let first = ["archive", "address", "messages", "imported", "known", "left_out"];
    let out = sheet::of(value, &first, &["faults"]);
    let faults = table::rows(&value["faults"], &["place", "why"], "");
    if faults.trim().is_empty() { out } else { format!("{out}\n{faults}") }
}

/// The keys that are in force.
pub fn configuration(rows: &Value) -> String {
    table::rows(rows, &["key", "value", "from"], "no keys")
}

/// A row for each recipient that still waits: who, since how many attempts, until when, and what the peer said.
fn waiting_recipients(spool: &Value) -> Value {
    let mut rows = Vec::new();
    for item in spool.as_array().into_iter().flatten() {
        let recipients = item["recipients"].as_array().into_iter().flatten();
        rows.extend(recipients.filter(|recipient| recipient["state"] == "pending").map(|recipient| {
            json!({
                "id": item["id"], "recipient": recipient["recipient"], "attempts": item["attempts"],
                "next_at": item["next_at"], "last_words": recipient["words"],
            })
        }));
    }
    rows.into()
}

/// What a file of addresses changes.
fn changes(value: &Value) -> String {
    let none = "nothing would change: the addresses are as the file has them";
    let out = table::rows(&value["changes"], &["address", "change", "setting", "from", "to"], none);
    let is_left = value["applied"] == false && value["changes"].as_array().is_some_and(|changes| !changes.is_empty());
    if is_left { out + "\nnothing is changed yet; change it with: postcase address apply FILE --yes\n" } else { out }
}

fn address(value: &Value) -> String {
    let first = ["address", "name", "state", "mode", "service_address", "queue", "reply_from"];
    let mut out = sheet::of(value, &first, &["service_addresses", "forwarding_confirmations"]);
    if let Some(newest) = value["forwarding_confirmations"].as_array().and_then(|all| all.last()) {
        out += &confirmation(newest);
    }
    for former in value["service_addresses"].as_array().into_iter().flatten() {
        if let (Some("retiring"), Some(old), Some(until)) =
            (former["state"].as_str(), former["address"].as_str(), former["until"].as_str())
        {
            let late = former["mail_while_retiring"].as_u64().unwrap_or(0);
            let mail = if late == 1 { "1 message".to_owned() } else { format!("{late} messages") };
            let (old, until) = (text::line(old), text::line(until));
            out += &format!("\n{old} is taken until {until}; {mail} came over it since it was replaced\n");
        }
    }
    if let Some(advice) = value["verification"]["mx"]["advice"].as_str() {
        out += &format!("\n{}\n", text::line(advice));
    }
    if let (Some(address), Some("unverified")) = (value["address"].as_str(), value["state"].as_str()) {
        out += &format!("\nnext: {}\n", next_step(value, &text::line(address)));
    }
    out
}

/// A mail provider's question, and how to say yes.
fn confirmation(asked: &Value) -> String {
    let said = |name: &str| asked[name].as_str().map(text::line);
    let (provider, at) = (said("provider").unwrap_or_default(), said("at").unwrap_or_default());
    let yes = match (said("code"), said("link")) {
        (Some(code), Some(link)) => format!("enter the code {code} in its settings, or open {link}"),
        (Some(code), None) => format!("enter the code {code} in its settings"),
        (None, Some(link)) => format!("open {link}"),
        (None, None) => return String::new(),
    };
    format!("\n{provider} asked at {at} whether it may forward here; if it may: {yes}\n")
}

/// What leads to a verified address.
fn next_step(value: &Value, address: &str) -> String {
    let is_led_elsewhere = value["verification"]["mx"]["points_here"] == false;
    let on_its_way = value["verification"]["state"] == "sent" && !is_led_elsewhere;
    match (value["mode"].as_str(), value["service_address"].as_str()) {
        (Some("direct"), _) if on_its_way => {
            format!("the probe is on its way; look again: postcase address show {address}")
        }
        (Some("forwarded"), Some(service)) => {
            let service = text::line(service);
            format!("forward {address} to {service}, then run: postcase address verify {address}")
        }
        _ => {
            let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
            format!("let the MX record of {domain} name this host, then run: postcase address verify {address}")
        }
    }
}

#[cfg(test)]
mod tests;
