//! The file of rules: TOML with one table for each rule, in the order in which they are tried.
//!
//! ```toml
//! [[intake]]     # name, when, workstream, opens
//! [[classify]]   # name, workstream, when, priority, record_type, tags, fields, skills, opens, note
//! [[route]]      # name, workstream, when, and one of queue, queues, agent, hold; with a queue overflow, fallback
//! ```
//!
//! Every mistake is reported with its place. Whether queues exist is not looked at here: they may be added later.

use std::collections::HashSet;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::lines;
use super::mistake::{Lines, Mistake, nearest};
use super::read::mistakes;
use super::value::{self, Read, Value, Wrong, wrong};
use crate::base::Span;
use crate::base::limits::{OVERFLOW_COUNTED_MAX, SKILL_LEVEL_MAX};
use crate::case::{Advised, Detour, Overflow, is_name, is_own_field};
use crate::rules::{Broken, Condition, Rule, Rules, Share, Then};

/// How a key of a rule is read, by its name.
type Key = (&'static str, fn(&mut Rule, &Value<'_>) -> Read<()>);

const INTAKE: &[Key] = &[NAME, WHEN, ("workstream", |rule, v| add(rule, Advised::Workstream(word(v)?))), OPENS];

const CLASSIFY: &[Key] = &[
    NAME,
    WHEN,
    WORKSTREAM,
    ("priority", |rule, v| add(rule, Advised::Priority(value::choice(v, r#""low", "normal", "high" or "urgent""#)?))),
    ("record_type", |rule, v| add(rule, Advised::RecordType(word(v)?))),
    ("tags", |rule, v| {
        let tags = value::list(v, r#"a list such as ["vip", "contract"]"#, word)?;
        tags.into_iter().try_for_each(|tag| add(rule, Advised::Tag(tag)))
    }),
    ("fields", |rule, v| each(rule, v, r#"fields such as { model = "LX" }"#, field)),
    ("skills", |rule, v| each(rule, v, "skills with levels such as { german = 2 }", skill)),
    OPENS,
    ("note", |rule, v| add(rule, Advised::Note(long(v)?))),
];

const ROUTE: &[Key] = &[
    NAME,
    WHEN,
    WORKSTREAM,
    ("queue", |rule, v| add(rule, Advised::Queue(value::queue(v)?))),
    ("queues", |rule, v| {
        rule.then.push(Then::Share(shares(v)?));
        Ok(())
    }),
    ("overflow", |rule, v| {
        rule.detour.overflow = Some(overflow(v)?);
        Ok(())
    }),
    ("fallback", |rule, v| {
        rule.detour.fallback = Some(value::queue(v)?);
        Ok(())
    }),
    ("agent", |rule, v| {
        let agent = value::text(v, r#"an address such as "tim@example.com""#, |text| text.parse().ok())?;
        add(rule, Advised::Agent(agent))
    }),
    ("hold", |rule, v| add(rule, Advised::Hold(long(v)?))),
];

const NAME: Key = ("name", |rule, v| {
    rule.name = word(v)?;
    Ok(())
});
const WHEN: Key = ("when", |rule, v| {
    rule.when = Some(condition(v)?);
    Ok(())
});
const OPENS: Key = ("opens", |rule, v| add(rule, Advised::Opens(value::choice(v, r#""case" or "item""#)?)));
const WORKSTREAM: Key = ("workstream", |rule, v| {
    rule.workstream = Some(word(v)?);
    Ok(())
});

/// The lists of a file: their keys, and what a rule must have of them.
const LISTS: [(&str, &[Key], &str); 3] = [
    ("intake", INTAKE, "`workstream` or `opens`"),
    ("classify", CLASSIFY, "`priority`, `record_type`, `tags`, `fields`, `skills`, `opens` or `note`"),
    ("route", ROUTE, "exactly one of `queue`, `queues`, `agent` and `hold`"),
];

/// [`read`] for the [`Book`](crate::rules::Book). No file: no rules, and no version.
pub fn reader(file: &Path, text: Option<&str>) -> Result<Rules, String> {
    text.map_or_else(|| Ok(Rules::default()), |text| read(file, text).map_err(|mistakes| lines(&mistakes)))
}

/// The rules that `text` describes, in its order.
pub fn read(file: &Path, text: &str) -> Result<Rules, Vec<Mistake>> {
    let (table, syntax) = DeTable::parse_recoverable(text);
    let version = blake3::hash(text.as_bytes()).to_hex()[..12].to_owned();
    let mut reading = Reading { lines: Lines::of(text), names: Vec::new(), wrongs: Vec::new() };
    let mut lists: [Vec<Rule>; 3] = Default::default();
    for (name, value) in table.get_ref() {
        match LISTS.iter().position(|(known, ..)| known == name.get_ref()) {
            Some(place) => lists[place] = reading.list(place, value),
            None => {
                let nearest = nearest(name.get_ref(), LISTS.iter().map(|(known, ..)| *known));
                let what = format!(
                    "found {:?}, expected [[intake]], [[classify]] or [[route]]; the nearest is {nearest:?}",
                    name.get_ref()
                );
                reading.wrongs.push(Wrong { span: name.span(), what });
            }
        }
    }
    reading.names_once();
    let mistakes = mistakes(file, &reading.lines, syntax, reading.wrongs);
    let [intake, classify, route] = lists;
    if mistakes.is_empty() { Ok(Rules { version, intake, classify, route }) } else { Err(mistakes) }
}

struct Reading<'t> {
    lines: Lines<'t>,
    /// With the place of their rules.
    names: Vec<(usize, String)>,
    wrongs: Vec<Wrong>,
}

impl Reading<'_> {
    fn names_once(&mut self) {
        self.names.sort();
        let mut seen = HashSet::new();
        for (at, name) in self.names.iter().filter(|(_, name)| !name.is_empty()) {
            if !seen.insert(name) {
                let what = format!("found the name {name:?} once more, expected each name once");
                self.wrongs.push(Wrong { span: *at..*at, what });
            }
        }
    }

    fn list(&mut self, place: usize, value: &Value<'_>) -> Vec<Rule> {
        let (list, ..) = LISTS[place];
        let DeValue::Array(tables) = value.get_ref() else {
            self.wrongs.extend(wrong(value, &format!("tables such as [[{list}]]")));
            return Vec::new();
        };
        tables.iter().map(|table| self.rule(place, table)).collect()
    }

    fn rule(&mut self, place: usize, value: &Value<'_>) -> Rule {
        let (list, keys, needs) = LISTS[place];
        let line = self.lines.number(value.span().start);
        let (then, detour) = (Vec::new(), Detour::default());
        let mut rule = Rule { name: String::new(), line, workstream: None, when: None, then, detour };
        let DeValue::Table(table) = value.get_ref() else {
            self.wrongs.extend(wrong(value, &format!("a table [[{list}]]")));
            return rule;
        };
        let before = self.wrongs.len();
        for (name, value) in table {
            match keys.iter().find(|(known, _)| known == name.get_ref()) {
                Some((_, set)) => self.wrongs.extend(set(&mut rule, value).err().unwrap_or_default()),
                None => {
                    let nearest = nearest(name.get_ref(), keys.iter().map(|(known, _)| *known));
                    let what = format!(
                        "found the unknown key {:?}, expected a known one of [[{list}]]; the nearest is {nearest:?}",
                        name.get_ref()
                    );
                    self.wrongs.push(Wrong { span: name.span(), what });
                }
            }
        }
        match table.contains_key("name") {
            true => self.names.push((value.span().start, rule.name.clone())),
            false => {
                let what = format!("found a [[{list}]] without a name, expected `name`");
                self.wrongs.push(Wrong { span: value.span(), what });
            }
        }
        let fits = if list == "route" { rule.then.len() == 1 } else { !rule.then.is_empty() };
        let sends = |then: &Then| matches!(then, Then::Share(_) | Then::Advise(Advised::Queue(_)));
        if !rule.detour.is_empty() && fits && !rule.then.iter().any(sends) {
            let what = "found overflow or fallback without a queue, expected `queue` or `queues`".to_owned();
            self.wrongs.push(Wrong { span: value.span(), what });
        }
        if !fits && self.wrongs.len() == before {
            let what = format!("found a [[{list}]] that says too little or too much, expected {needs}");
            self.wrongs.push(Wrong { span: value.span(), what });
        }
        rule
    }
}

fn add(rule: &mut Rule, what: Advised) -> Read<()> {
    rule.then.push(Then::Advise(what));
    Ok(())
}

/// A name or a short value.
fn word(value: &Value<'_>) -> Read<String> {
    value::text(value, "a short text such as \"billing\"", |text| is_name(text).then(|| text.to_owned()))
}

fn long(value: &Value<'_>) -> Read<String> {
    value::text(value, "a text", |text| (!text.trim().is_empty()).then(|| text.to_owned()))
}

/// A condition; where it is wrong, at the very place if the file writes it as it is.
fn condition(value: &Value<'_>) -> Read<Condition> {
    let text =
        value::text(value, "a condition in CEL such as 'subject.contains(\"invoice\")'", |text| Some(text.to_owned()))?;
    Condition::compile(&text).map_err(|Broken { at, what }| {
        let span = value.span();
        // Without escapes only the quotes, and perhaps a line end behind them, are more than the text.
        let opening = match span.len().saturating_sub(text.len()) {
            2 => 1,
            6 => 3,
            7 => 4,
            _ => return vec![Wrong { span, what }],
        };
        let start = span.start + opening + at;
        vec![Wrong { span: start..span.end, what }]
    })
}

type Pair = fn(String, &Value<'_>) -> Read<Advised>;

fn each(rule: &mut Rule, value: &Value<'_>, expected: &str, one: Pair) -> Read<()> {
    let DeValue::Table(table) = value.get_ref() else { return Err(wrong(value, expected)) };
    for (name, value) in table {
        if !is_own_field(name.get_ref()) {
            let what = format!("found {:?}, expected a name of your own", name.get_ref());
            return Err(vec![Wrong { span: name.span(), what }]);
        }
        add(rule, one(name.get_ref().to_string(), value)?)?;
    }
    Ok(())
}

fn field(name: String, value: &Value<'_>) -> Read<Advised> {
    Ok(Advised::Field { name, value: word(value)? })
}

fn skill(name: String, value: &Value<'_>) -> Read<Advised> {
    Ok(Advised::Skill { name, level: value::count(value, 1, SKILL_LEVEL_MAX.into())? as u8 })
}

fn shares(value: &Value<'_>) -> Read<Vec<Share>> {
    const EXPECTED: &str = "parts that add up to 100, such as { first = 70, second = 30 }";
    let DeValue::Table(table) = value.get_ref() else { return Err(wrong(value, EXPECTED)) };
    let mut shares = Vec::new();
    for (name, part) in table {
        if !crate::routing::is_queue_name(name.get_ref()) {
            let what = format!("found {:?}, expected the name of a queue such as \"main\"", name.get_ref());
            return Err(vec![Wrong { span: name.span(), what }]);
        }
        shares.push(Share { queue: name.get_ref().to_string(), part: value::count(part, 0, 100)? as u32 });
    }
    match shares.iter().map(|share| share.part).sum() {
        100 => Ok(shares),
        sum => Err(vec![Wrong {
            span: value.span(),
            what: format!("found parts that add up to {sum}, expected {EXPECTED}"),
        }]),
    }
}

/// Another queue, and at least one condition.
fn overflow(value: &Value<'_>) -> Read<Overflow> {
    const EXPECTED: &str =
        r#"a queue with when it is used, such as { queue = "night", out_of_hours = true, full = 20, waiting = "30m" }"#;
    let DeValue::Table(table) = value.get_ref() else { return Err(wrong(value, EXPECTED)) };
    let mut overflow = Overflow { queue: String::new(), out_of_hours: false, full: None, waiting: None };
    for (name, value) in table {
        match name.get_ref().as_ref() {
            "queue" => overflow.queue = value::queue(value)?,
            "out_of_hours" => overflow.out_of_hours = value::truth(value)?,
            "full" => overflow.full = Some(value::count(value, 1, OVERFLOW_COUNTED_MAX)? as u32),
            "waiting" => overflow.waiting = Some(Span(value::duration(value, 60, 365 * 86_400)?)),
            other => {
                let what = format!("found the unknown key {other:?}, expected {EXPECTED}");
                return Err(vec![Wrong { span: name.span(), what }]);
            }
        }
    }
    let is_ever = overflow.out_of_hours || overflow.full.is_some() || overflow.waiting.is_some();
    if is_ever && !overflow.queue.is_empty() { Ok(overflow) } else { Err(wrong(value, EXPECTED)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Opens;
    use crate::rules::warnings;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mistakes = read(Path::new("f"), text).err().unwrap_or_default();
        assert_eq!(mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_shipped_example_is_clean() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/rules.toml.example");
        let rules = read(&file, &std::fs::read_to_string(&file).unwrap()).unwrap();
        assert!(!rules.intake.is_empty() && !rules.classify.is_empty() && !rules.route.is_empty());
        assert_eq!(warnings(&rules, &Default::default(), None), []);
    }

    #[test]
    fn a_file_becomes_rules_with_their_lines() {
        let text = "[[route]]\nname = 'a'\nqueues = { x = 70, y = 30 }\n\n[[route]]\nname = 'b'\nwhen = 'text == \"\"'\n\
                    workstream = 'w'\nagent = 'tim@example.com'\n";
        let rules = read(Path::new("f"), text).unwrap();
        let [a, b] = &rules.route[..] else { panic!("{rules:?}") };
        let share = |queue: &str, part| Share { queue: queue.into(), part };
        assert_eq!((a.line, &a.then[..]), (1, &[Then::Share(vec![share("x", 70), share("y", 30)])][..]));
        assert_eq!((b.line, b.workstream.as_deref(), b.when.is_some()), (5, Some("w"), true));
        assert_eq!((rules.version.len(), rules.is_empty()), (12, false));
    }

    #[test]
    fn a_rule_says_what_mail_opens() {
        let text = "[[intake]]\nname = 'a'\nopens = 'case'\n[[classify]]\nname = 'b'\nopens = 'item'\n";
        let rules = read(Path::new("f"), text).unwrap();
        let opens = |opens| [Then::Advise(Advised::Opens(opens))];
        assert_eq!(rules.intake[0].then, opens(Opens::Case));
        assert_eq!(rules.classify[0].then, opens(Opens::Item));
        let wrong = r#"f:3:9: found "mail", expected "case" or "item""#;
        check("[[classify]]\nname = 'a'\nopens = 'mail'\n", &[wrong]);
    }

    #[test]
    fn overflow_needs_a_queue_and_a_condition() {
        let rule = |rest: &str| format!("[[route]]\nname = 'a'\n{rest}\n");
        let text = rule(
            "queues = { x = 50, y = 50 }\noverflow = { queue = 'z', full = 5, waiting = '1h' }\nfallback = 'main'",
        );
        let rules = read(Path::new("f"), &text).unwrap();
        assert_eq!(
            rules.route[0].detour.to_string(),
            ", z when 5 wait there or one has waited 1h, main when it is gone"
        );
        let alone = "f:1:1: found overflow or fallback without a queue, expected `queue` or `queues`";
        check(&rule("agent = 'tim@example.com'\nfallback = 'main'"), &[alone]);
        let needs = "expected a queue with when it is used, such as \
                     { queue = \"night\", out_of_hours = true, full = 20, waiting = \"30m\" }";
        check(
            &rule("queue = 'x'\noverflow = { queue = 'y', out_of_hours = false }"),
            &[&format!("f:4:12: found a table, {needs}")],
        );
        check(
            &rule("queue = 'x'\noverflow = { fulll = 5 }"),
            &[&format!("f:4:14: found the unknown key \"fulll\", {needs}")],
        );
        let full = "f:4:34: found 0, expected a whole number from 1 to 1000";
        check(&rule("queue = 'x'\noverflow = { queue = 'y', full = 0 }"), &[full]);
    }

    #[test]
    fn every_mistake_says_its_place_and_what_was_expected() {
        check("", &[]);
        check(
            "[[route]]\nname = 'a'\nquue = 'x'\n[rout]\n",
            &[
                r#"f:3:1: found the unknown key "quue", expected a known one of [[route]]; the nearest is "queue""#,
                r#"f:4:2: found "rout", expected [[intake]], [[classify]] or [[route]]; the nearest is "route""#,
            ],
        );
        check(
            "[[route]]\nname = 'a'\nqueue = 'x'\nagent = 'tim@example.com'\n[[intake]]\nname = 'a'\n",
            &[
                "f:1:1: found a [[route]] that says too little or too much, expected exactly one of `queue`, `queues`, `agent` and `hold`",
                "f:5:1: found a [[intake]] that says too little or too much, expected `workstream` or `opens`",
                r#"f:5:1: found the name "a" once more, expected each name once"#,
            ],
        );
        check(
            "[[route]]\nname = 'a'\nqueues = { x = 70, y = 20 }\n",
            &[
                "f:3:10: found parts that add up to 90, expected parts that add up to 100, such as { first = 70, second = 30 }",
            ],
        );
        check(
            "[[classify]]\nname = 'a'\nwhen = 'sender.adress == \"\"'\npriority = 'hihg'\nfields = { status = 'x' }\n",
            &[
                r#"f:3:15: found the unknown field "sender.adress", expected a known one; the nearest is "sender.address""#,
                r#"f:4:12: found "hihg", expected "low", "normal", "high" or "urgent""#,
                r#"f:5:12: found "status", expected a name of your own"#,
            ],
        );
        check(
            "[[classify]]\nwhen = 7\ntags = [3]\nskills = { german = 0 }\n",
            &[
                "f:1:1: found a [[classify]] without a name, expected `name`",
                r#"f:2:8: found 7, expected a condition in CEL such as 'subject.contains("invoice")'"#,
                r#"f:3:9: found 3, expected a short text such as "billing""#,
                "f:4:21: found 0, expected a whole number from 1 to 10",
            ],
        );
    }
}
