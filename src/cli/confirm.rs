//! Asks before an answer leaves: shows who gets it, and what it answers.
//!
//! What was shown is what the person has read, so a message that comes between question and answer stops the answer.

use std::io::{BufRead, Write};

use super::failure::Failure;
use super::render;
use crate::desk::command::ReplyRequest;
use crate::desk::{Command, Outcome};

/// The request as it was shown and agreed to. Fails when it isn't, and when nobody is there any more.
pub async fn reply(
    request: ReplyRequest,
    ask: impl AsyncFn(&Command) -> Result<Outcome, Failure>,
    typed: &mut impl BufRead,
    shown: &mut impl Write,
) -> Result<ReplyRequest, Failure> {
    let command = Command::CaseReply(ReplyRequest { preview: true, ..request.clone() });
    let Outcome::Json(preview) = ask(&command).await? else {
        return Err(Failure::refused("the server's answer has another form; is it of another version?"));
    };
    write!(shown, "{}", render::answer(&command, &preview))?;
    if !agreed("Send?", typed, shown)? {
        return Err(Failure::refused("nothing was sent"));
    }
    let newest = preview["newest"]["id"].as_str().map(str::to_owned);
    Ok(ReplyRequest { seen: request.seen.or(newest), ..request })
}

/// Asks for a yes or no; anything but a yes is a no.
pub fn agreed(question: &str, typed: &mut impl BufRead, shown: &mut impl Write) -> Result<bool, Failure> {
    write!(shown, "\n{question} [y/N] ")?;
    shown.flush()?;
    let mut line = String::new();
    typed.read_line(&mut line)?;
    Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is asked of the desk, shown and sent for what was typed.
    #[track_caller]
    fn check(seen: Option<&str>, typed: &str, expected: Result<Option<&str>, &str>) {
        let request: ReplyRequest = serde_json::from_value(json!({"number": 1, "body": "Hi.", "seen": seen})).unwrap();
        let ask = async |command: &Command| {
            assert!(matches!(command, Command::CaseReply(request) if request.preview), "only a preview is asked for");
            Ok(Outcome::Json(json!({
                "from": "support@company.example", "to": ["anna@customer.example"], "cc": ["ben@customer.example"],
                "subject": "Re: Fire\u{1b}[2J [#1]", "text": "Hi.",
                "recipients": [
                    {"address": "anna@customer.example", "field": "to", "why": "wrote it"},
                    {"address": "ben@customer.example", "field": "cc", "why": "got it"},
                ],
                "newest": {"id": "the-newest", "from": "anna@customer.example", "at": "2026-11-20T10:00:00Z", "direction": "inbound"},
            })))
        };
        let mut shown = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let agreed = runtime.block_on(reply(request, ask, &mut typed.as_bytes(), &mut shown));
        let shown = String::from_utf8(shown).unwrap();
        let expected_lines = [
            "From     support@company.example",
            "To       anna@customer.example  (wrote it)",
            "Cc       ben@customer.example  (got it)",
            "Subject  Re: Fire\u{fffd}[2J [#1]",
            "Newest   anna@customer.example, 2026-11-20T10:00:00Z",
            "",
            "Send? [y/N] ",
        ];
        assert_eq!(shown, expected_lines.join("\n"));
        let agreed = agreed.map(|request| request.seen).map_err(|failure| failure.message);
        assert_eq!(agreed, expected.map(|seen| seen.map(str::to_owned)).map_err(str::to_owned), "{typed:?}");
    }

    #[test]
    fn only_what_was_agreed_to_is_sent() {
        check(None, "y\n", Ok(Some("the-newest")));
        check(None, " YES \n", Ok(Some("the-newest")));
        check(Some("older"), "y\n", Ok(Some("older")));
        for typed in ["\n", "n\n", "", "yy\n", "yes please\n"] {
            check(None, typed, Err("nothing was sent"));
        }
    }
}
