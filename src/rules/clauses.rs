//! The clauses of a condition: what `&&` joins, as text. They tell of some conditions that they never hold together, or that
//! one holds whenever another does, and say nothing of the rest.

use std::collections::{BTreeMap, BTreeSet};

use super::bounds::{is_raw, quoted};

/// Clauses in one spelling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clauses(BTreeSet<String>);

impl Clauses {
    /// A condition that is no conjunction is one clause.
    pub fn of(condition: &str) -> Self {
        let (mut clauses, mut clause, mut depth) = (BTreeSet::new(), String::new(), 0_usize);
        let mut at = 0;
        while let Some(c) = condition[at..].chars().next() {
            let rest = &condition[at..];
            let length = match c {
                '\'' | '"' => quoted(rest, is_raw(&condition[..at])).unwrap_or(rest.len()),
                _ if depth == 0 && rest.starts_with("&&") => {
                    clauses.insert(std::mem::take(&mut clause));
                    at += 2;
                    continue;
                }
                // What stands above `&&` in the order of CEL, or hides what follows.
                _ if depth == 0 && (c == '?' || rest.starts_with("||")) || rest.starts_with("//") => {
                    return Self([condition.trim().to_owned()].into());
                }
                c => c.len_utf8(),
            };
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            // Two spaces say what one says; beside a sign one says nothing.
            match c.is_whitespace() {
                true if clause.ends_with(|c: char| c.is_alphanumeric()) => clause.push(' '),
                true => {}
                false => {
                    if c.is_ascii_punctuation() && clause.ends_with(' ') && c != '\'' && c != '"' {
                        clause.pop();
                    }
                    clause.push_str(&rest[..length]);
                }
            }
            at += length;
        }
        clauses.insert(clause);
        Self(clauses.into_iter().map(|clause| clause.trim().to_owned()).filter(|clause| clause != "true").collect())
    }

    pub fn with(mut self, clause: String) -> Self {
        self.0.insert(clause);
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when all of these hold wherever those do.
    pub fn follow_from(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// True when one is about the case, which later rules change.
    pub fn ask_about_case(&self) -> bool {
        self.0.iter().any(|clause| clause.contains("case.") && !clause.starts_with("case.workstream=="))
    }

    /// Two that can't hold together.
    pub fn contradiction(&self) -> Option<(&str, &str)> {
        let mut equal: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        self.iter().find_map(|clause| match equality(clause) {
            Some((left, value)) => {
                let (first, other) = equal.entry(left).or_insert((clause, value));
                (*other != value).then_some((*first, clause))
            }
            None => Some((clause, self.0.get(clause.strip_prefix('!')?)?.as_str())),
        })
    }
}

/// What is equal to which literal text.
fn equality(clause: &str) -> Option<(&str, &str)> {
    let (left, right) = clause.split_once("==")?;
    let plain = |text: &str| !text.contains(['"', '\'', '(', '=', '!', '<', '>', '+']);
    let literal = right.strip_prefix(['"', '\''])?.strip_suffix(['"', '\''])?;
    (plain(left) && !literal.contains(['"', '\'', '\\'])).then_some((left, literal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_makes_no_difference() {
        let same = |one: &str, other: &str| assert_eq!(Clauses::of(one), Clauses::of(other));
        same("a == 'x' && b", "b&&a=='x'");
        same("true && a", "a");
        same("a  in\n b", "a in b");
        same("f( a , 'x && y' )", "f(a,'x && y')");
        same("a\n&& b", "a && b && a");
        assert_ne!(Clauses::of("a == 'x  y'"), Clauses::of("a == 'x y'"));
        assert_eq!(Clauses::of("a && b || c"), Clauses(["a && b || c".to_owned()].into()));
        assert_eq!(Clauses::of("a && (b || c)").0.len(), 2);
    }

    #[test]
    fn one_follows_from_another() {
        let check = |one: &str, other: &str| Clauses::of(one).follow_from(&Clauses::of(other));
        assert!(check("a", "b && a") && check("true", "a") && check("a || b", "a || b"));
        assert!(!check("a && b", "a") && !check("a", "a || b"));
    }

    #[test]
    fn what_never_holds() {
        let check =
            |text: &str, expected: bool| assert_eq!(Clauses::of(text).contradiction().is_some(), expected, "{text}");
        check("sender.domain == 'a.example' && sender.domain == \"b.example\"", true);
        check("sender.domain == 'a.example' && sender.domain == \"a.example\"", false);
        check("sender.domain == 'a.example' && subject == 'b'", false);
        check("sender.domain == 'a.example' || sender.domain == 'b.example'", false);
        check("contact.known && !contact.known", true);
        check("size(attachments) == '1' && size(attachments) == '2'", false);
    }
}
