//! The message that an answer answers, quoted below it: an introduction and its text with `> ` before each line.
//!
//! The form is one that every mail program, and [`new_text`](crate::message::new_text), knows as a quotation.

use super::flowed::quotation;
use super::one_line;
use crate::base::{Time, limits};
use crate::message::facts::Facts;

const CUT: &str = "[…]";
const NAME_CHARS_MAX: usize = 100;

/// The quotation of a message with its text; none when it has no text. Long ones are cut at the end of a line.
pub fn quotation_of(facts: &Facts, received_at: Time) -> Option<String> {
    let text = facts.text.trim_end().trim_start_matches('\n');
    if text.is_empty() {
        return None;
    }
    let mut out = introduction(facts, received_at);
    let end = out.len() + limits::QUOTED_BYTES_MAX;
    for line in text.lines() {
        let (depth, content) = quotation(line);
        let (content, is_cut) = match end.saturating_sub(out.len() + depth + 3) {
            room if content.len() > room => (CUT, true),
            _ => (content, false),
        };
        out.push('\n');
        out.extend(std::iter::repeat_n('>', depth + 1));
        if !content.is_empty() {
            out.push(' ');
            out.push_str(content);
        }
        if is_cut {
            break;
        }
    }
    Some(out)
}

/// `On Fri, 20 Nov 2026 at 09:59 UTC, Anna Berg <anna@customer.example> wrote:`
fn introduction(facts: &Facts, received_at: Time) -> String {
    let at = facts.date.unwrap_or(received_at).strftime("%a, %-d %b %Y at %H:%M UTC");
    let author = facts.from.as_ref().map(|from| {
        let name: String =
            from.name.as_deref().map(one_line).unwrap_or_default().chars().take(NAME_CHARS_MAX).collect();
        if name.is_empty() { format!("<{}>", from.address) } else { format!("{name} <{}>", from.address) }
    });
    format!("On {at}, {} wrote:", author.as_deref().unwrap_or("somebody"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::facts::Person;

    fn facts(text: &str) -> Facts {
        Facts {
            from: Some(Person { name: Some("Anna\nBerg".into()), address: "anna@customer.example".into() }),
            date: Some("2026-11-20T09:59:00Z".parse().unwrap()),
            text: text.into(),
            ..Facts::default()
        }
    }

    #[test]
    fn a_message_is_quoted() {
        let intro = "On Fri, 20 Nov 2026 at 09:59 UTC, Anna Berg <anna@customer.example> wrote:";
        let check = |text: &str, expected: &str| {
            let quoted = quotation_of(&facts(text), Time::UNIX_EPOCH);
            assert_eq!(quoted, Some(format!("{intro}\n{expected}")));
        };
        check("It burns.\n\n  Really\n\n", "> It burns.\n>\n>   Really");
        check("\nYes\n> No?\n> > Perhaps\n>", "> Yes\n>> No?\n>>> Perhaps\n>>");
        assert_eq!(quotation_of(&facts(" \n"), Time::UNIX_EPOCH), None);
        let unknown = Facts { from: None, date: None, ..facts("x") };
        let quoted = quotation_of(&unknown, Time::UNIX_EPOCH).unwrap();
        assert_eq!(quoted, "On Thu, 1 Jan 1970 at 00:00 UTC, somebody wrote:\n> x");
    }

    #[test]
    fn a_long_message_is_cut() {
        let quoted = quotation_of(&facts(&"a line of text\n".repeat(10_000)), Time::UNIX_EPOCH).unwrap();
        assert!(quoted.len() < limits::QUOTED_BYTES_MAX + 200 && quoted.ends_with("\n> a line of text\n> […]"));
        let quoted = quotation_of(&facts(&"é".repeat(limits::QUOTED_BYTES_MAX)), Time::UNIX_EPOCH).unwrap();
        assert!(quoted.ends_with("wrote:\n> […]"));
    }
}
