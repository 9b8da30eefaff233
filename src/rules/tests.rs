//! Rules over messages, without a file and without a store.

use std::collections::{BTreeMap, BTreeSet};

use super::rule::share;
use super::*;
use crate::base::Priority;
use crate::case::{Advice, Advised, Brief, Draft, SavedField, Stage};
use crate::message;

const MESSAGE: &str = "From: Anna Beispiel <anna@Customer.example>\r\nTo: support@example.com\r\nSubject: My invoice 17\r\n\
                       X-Flag: one\r\n\r\nThe invoice is wrong.\r\n";

fn subject() -> Subject {
    let fields = vec![SavedField { name: "X-Flag".into(), value: "one".into() }];
    let address = "support@example.com".parse().unwrap();
    let mut subject = Subject::of(&Brief::of(message::read(MESSAGE.as_bytes()), fields, None, Some(&address)));
    subject.set_case(&Draft { workstream: MAIN_WORKSTREAM.into(), ..Draft::default() });
    subject
}

#[test]
fn conditions_over_a_message() {
    #[track_caller]
    fn check(text: &str, expected: Result<bool, &str>) {
        let held = Condition::compile(text).unwrap().holds(&subject());
        assert_eq!(held, expected.map_err(str::to_owned), "{text}");
    }
    check("sender.domain == 'customer.example' && sender.name.contains('Beispiel')", Ok(true));
    check("subject.matches('(?i)INVOICE [0-9]+$') && text.contains('wrong')", Ok(true));
    check("address.startsWith('sales') || address in recipients", Ok(true));
    check("recipients.exists(one, one.endsWith('@example.com')) && size(attachments) == 0", Ok(true));
    check("kind == 'message' && automatic == '' && auth.dkim == 'none' && !contact.known", Ok(true));
    check("case.workstream == 'main' && case.priority == 'normal' && !('vip' in case.tags)", Ok(true));
    check("'x-flag' in headers && headers['x-flag'][0] == 'two'", Ok(false));
    check("has(case.fields.model) && case.fields.model == 'LX'", Ok(false));
    check("headers['list-id'][0] == 'x'", Err("there is no list-id"));
    check("attachments[0].size > 3", Err("a list has no such entry"));
    check("dyn(subject)", Err("it comes to a value of the type string, not to true or false"));
    check("dyn(subject) > 3", Err("found no matching overload for '_>_' applied to '(string, int)'"));
    check("attachments.filter(a, a.size > 3).map(a, a.name + '!') == [] && has(case.skills.german)", Ok(false));
    check("recipients.exists_one(r, r == 'support@example.com') && size(subject) + 1 > 2 * 3", Ok(true));
    check("headers.exists(h, h == 'x-flag') && (contact.known ? automatic : kind) == 'message'", Ok(true));
    check("case.skills['german'] > 1", Err("there is no german"));
}

#[test]
fn what_can_be_known_early_is_a_mistake() {
    #[track_caller]
    fn check(text: &str, at: usize, what: &str) {
        let broken = Condition::compile(text).unwrap_err();
        assert_eq!((broken.at, broken.what.as_str()), (at, what), "{text}");
    }
    check("subjet == 'a'", 0, "found the unknown name \"subjet\", expected a known one; the nearest is \"subject\"");
    check(
        "true && sender.adress == ''",
        14,
        "found the unknown field \"sender.adress\", expected a known one; the nearest is \"sender.address\"",
    );
    check(
        "subject.startWith('a')",
        17,
        "found the unknown function \"startWith\", expected a known one; the nearest is \"startsWith\"",
    );
    check("subject.matches('a(')", 15, "found the pattern \"a(\", expected a regular expression: unclosed group");
    let computed = "found a computed pattern, expected one that is written out, as subject.matches('(?i)invoice')";
    check("subject.matches(text)", 15, computed);
    let end = "found the end of the condition, expected";
    let (value, close) = ("a value, as a name or a text in quotes", "a closing bracket");
    check("", 0, &format!("{end} {value}"));
    check("subject ==", 10, &format!("{end} {value}"));
    check("subject == 'ä' &&\n", 19, &format!("{end} {value}"));
    check("subject.contains('x'", 20, &format!("{end} {close}"));
    check("headers['a'", 11, &format!("{end} {close}"));
    check("[1, 2", 5, &format!("{end} {close}"));
    check("sender.", 7, &format!("{end} a condition in CEL"));
    check("&& true", 0, &format!("found \"&&\", expected {value}"));
    check("subject.contains('x' ))", 22, "found \")\", expected the end of the condition");
    let joint = "found \"and\", expected an operator, as ==, && or ||, or the end of the condition";
    check("subject == 'ä' and true", 16, joint);
    check("subject = 'a'", 8, "found \"=\", expected == for a comparison");
    check("subject & true", 8, "found \"&\", expected &&");
    check("subject | true", 8, "found \"|\", expected ||");
    check("subject == “a”", 11, "found \"“\", expected a condition in CEL; texts stand in ' or \"");
    check("subject == #", 11, "found \"#\", expected a condition in CEL");
    check("a ? b", 0, "found \"a\", expected a condition in CEL");
    let nested = "recipients.all(a, recipients.all(b, recipients.all(c, a + b == c)))";
    assert!(Condition::compile(nested).unwrap_err().what.ends_with("expected at most 2"));
    let long = format!("subject == '{}'", "a".repeat(5000));
    assert!(Condition::compile(&long).unwrap_err().what.contains("expected at most 4096"));
}

#[test]
fn what_never_holds_is_a_mistake() {
    #[track_caller]
    fn check(text: &str, what: &str) {
        assert_eq!(Condition::compile(text).unwrap_err().what, what, "{text}");
    }
    let no_truth = |what: &str| format!("found a condition that comes to {what}, expected true or false");
    check("subject", &no_truth("a text"));
    check("'subject'", &no_truth("a text"));
    check("1 + 1", &no_truth("a number"));
    check("attachments.map(a, a.name)", &no_truth("a list"));
    check("contact.known ? subject : text", &no_truth("a text"));
    check("subject > 3", "found a text with a number, which never go together");
    check("!case.tags", "found a list, expected true or false");
    check("contact.known && 'x'", "found a text, expected true or false");
    check("attachments.exists(a, a.size)", "found a number, expected true or false");
    check("3 in case.tags", "found a number with a text, which never go together");
    check("subject in text", "found `in` a text, expected a list or a group of values");
    check("subject.exists(a, a == 'x')", "found a text, expected a list");
    check("size(text).startsWith('x')", "found startsWith of a number, expected one of a text");
    check("recipients['x'] == 'y'", "found a text as the place in a list, expected a number");
    check("text[0] == 'y'", "found a place in a text, expected a list or a group of values");
    check("case.fields.a.b == 'y'", "found the field \"b\" of a text, which has none");
    let field = |typed: &str, nearest: &str| {
        format!("found the unknown field {typed:?}, expected a known one; the nearest is {nearest:?}")
    };
    check("attachments.exists(a, a.nme == 'x')", &field("a.nme", "a.name"));
    check("has(case.priorty)", &field("case.priorty", "case.priority"));
    check("auth['dmark'] == 'pass'", &field("dmark", "dmarc"));
    let words = "expected one of \"low\", \"normal\", \"high\", \"urgent\"; the nearest is \"high\"";
    check("case.priority == 'hihg'", &format!("found \"hihg\", {words}"));
    check("!('hihg' == case.priority)", &format!("found \"hihg\", {words}"));
    check("case.priority in ['low', 'hihg']", &format!("found \"hihg\", {words}"));
    let broken = Condition::compile("auth.dmarc == 'passed'").unwrap_err();
    assert!(broken.what.ends_with("\"permerror\"; the nearest is \"pass\""), "{}", broken.what);
    let place = |text: &str| Condition::compile(text).unwrap_err().at;
    assert_eq!(["case.priority == 'hihg'", "contact.known && 'x'", "!case.tags"].map(place), [17, 17, 5]);
    let lower = "found \"A.Example\", expected \"a.example\": it is in lower case always";
    check("sender.domain != 'A.Example'", lower);
    let header = "found the header field \"Subject\", expected \"subject\": their names are in lower case here";
    check("headers['Subject'][0] == 'x'", header);
    check("'Subject' in headers", header);
    check("has(headers.Subject)", header);
    assert_eq!(
        Condition::compile("hours.office || hours['night'] || 'x' in hours").unwrap().hours,
        ["office", "night", "x"]
    );
}

fn rule(name: &str, workstream: Option<&str>, when: &str, then: Advised) -> Rule {
    let workstream = workstream.map(str::to_owned);
    let when = (!when.is_empty()).then(|| Condition::compile(when).unwrap());
    Rule { name: name.into(), line: 1, workstream, when, then: vec![Then::Advise(then)], detour: Default::default() }
}

fn said(rules: &Rules) -> Vec<String> {
    let mut draft = Draft { workstream: MAIN_WORKSTREAM.into(), ..Draft::default() };
    let mut subject = subject();
    let mut told = Vec::new();
    for stage in [Stage::Intake, Stage::Classify, Stage::Route] {
        let advice: Vec<Advice> = rules.advise(stage, &mut subject, &mut draft, b"key", |_| ());
        told.extend(advice.iter().map(|advice| format!("{}: {}", advice.by, advice.what)));
    }
    told
}

#[test]
fn the_first_workstream_counts_and_later_sets_see_earlier_outputs() {
    let (stream, tag) = (|name: &str| Advised::Workstream(name.into()), |name: &str| Advised::Tag(name.into()));
    let rules = Rules {
        intake: vec![
            rule("sales", None, "text.contains('offer')", stream("sales")),
            rule("billing", None, "subject.contains('invoice')", stream("billing")),
            rule("rest", None, "", stream("rest")),
        ],
        classify: vec![
            rule("a", None, "'b' in case.tags", tag("a")),
            rule("b", Some("billing"), "case.workstream == 'billing'", tag("b")),
            rule("c", None, "'b' in case.tags", tag("c")),
            rule("d", Some("rest"), "", tag("d")),
        ],
        route: vec![rule("x", None, "'c' in case.tags", Advised::Queue("x".into())), rule("y", None, "", tag("y"))],
        ..Rules::default()
    };
    let expected =
        ["rule billing: workstream billing", "rule b: tag b", "rule c: tag c", "rule x: queue x", "rule y: tag y"];
    assert_eq!(said(&rules), expected);
}

#[test]
fn shares_are_exact_within_one_percent_and_the_same_each_time() {
    let shares = [("a", 70), ("b", 30)].map(|(queue, part)| Share { queue: queue.into(), part });
    let mut of_a = 0;
    for key in 0..10_000_u32 {
        let queue = share(&shares, "split", &key.to_le_bytes());
        assert_eq!(queue, share(&shares, "split", &key.to_le_bytes()));
        of_a += u32::from(queue == "a");
    }
    assert!((6900..=7100).contains(&of_a), "{of_a}");
    let none = [("a", 0), ("b", 100)].map(|(queue, part)| Share { queue: queue.into(), part });
    assert!((0..1000_u32).all(|key| share(&none, "split", &key.to_le_bytes()) == "b"));
}

#[test]
fn a_share_says_how_it_was_drawn() {
    let shares = [("a", 70), ("b", 30)].map(|(queue, part)| Share { queue: queue.into(), part });
    let split =
        Rule { then: vec![Then::Share(shares.into())], ..rule("split", None, "true", Advised::Tag("-".into())) };
    let rules = Rules { version: "1".into(), route: vec![split], ..Rules::default() };
    let mut queues = BTreeSet::new();
    for key in 0..100_u32 {
        let mut draft = Draft { workstream: MAIN_WORKSTREAM.into(), ..Draft::default() };
        let advice = rules.advise(Stage::Route, &mut subject(), &mut draft, &key.to_le_bytes(), |_| ());
        let drawn = advice[0].why.strip_prefix("its shares are a 70 %, b 30 %, and this message drew ").unwrap();
        let drawn: u32 = drawn.strip_suffix(" of 100; true").unwrap().parse().unwrap();
        let queue = if drawn <= 70 { "a" } else { "b" };
        assert_eq!(advice[0].what, Advised::Queue(queue.into()), "drew {drawn}");
        queues.insert(queue);
    }
    assert_eq!(queues.len(), 2);
}

#[test]
fn rules_that_have_no_say_are_warned_of() {
    let queue = |name: &str| Advised::Queue(name.into());
    let rules = Rules {
        classify: vec![
            rule("never", None, "false", Advised::Tag("t".into())),
            rule("special", None, "subject == 'a' && kind == 'list'", Advised::Priority(Priority::High)),
            rule("open", None, "subject == 'a' && kind == 'list'", Advised::Tag("list".into())),
            rule("later", None, "'x' in case.tags", Advised::Priority(Priority::Low)),
            rule("general", None, "kind == 'list'", Advised::Priority(Priority::Normal)),
        ],
        route: vec![
            rule("nowhere", Some("claims"), "", queue("x")),
            rule("all", None, "true", queue("x")),
            rule("late", None, "text == 'a'", queue("y")),
            rule("open", Some("main"), "hours.ofice", Advised::Hold("h".into())),
        ],
        intake: vec![
            rule("bills", None, "text == 'b' && kind == 'list'", Advised::Workstream("bills".into())),
            rule("both", Some("bills"), "case.workstream == 'sales'", Advised::Workstream("x".into())),
            rule("few", None, "kind == 'list' && text == 'b' && subject == ''", Advised::Workstream("few".into())),
        ],
        ..Rules::default()
    };
    let told: Vec<String> = warnings(&rules, &BTreeMap::new(), None).into_iter().map(|warning| warning.what).collect();
    let expected = [
        "rule both never matches: case.workstream==\"bills\" and case.workstream=='sales' can't be true together",
        "rule few never matters: rule bills on line 1 comes first, whenever this one holds",
        "rule never never matches: its condition is false",
        "rule special conflicts: its priority high never counts, since rule general on line 1 says otherwise whenever it holds",
        "rule nowhere never matches: no intake rule chooses the workstream claims",
        "rule late never matters: rule all on line 1 comes first, always",
        "rule open never matters: rule all on line 1 comes first, always",
        "rule open: there are no business hours ofice in the configuration; add [hours.ofice]",
    ];
    assert_eq!(told, expected);
    let told = warnings(&rules, &BTreeMap::new(), Some(&Default::default()));
    assert!(told[6].what.ends_with("there is no queue x; add it: postcase queue add x"), "{told:?}");
}

#[test]
fn a_changed_file_is_followed_and_a_wrong_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.toml");
    let read: Reader<Rules> = Box::new(|_, text| match text.unwrap_or_default() {
        "wrong" => Err("it is wrong".into()),
        text => Ok(Rules { version: text.to_owned(), ..Rules::default() }),
    });
    let at = |second| crate::base::Time::from_second(second).unwrap();
    let book = Book::open(file.clone(), read, Rules::default(), at(0));
    let look = |second| {
        let (rules, wrong) = book.look(at(second));
        (rules.version.clone(), wrong)
    };
    assert_eq!(look(1), (String::new(), None));
    std::fs::write(&file, "one").unwrap();
    assert_eq!(look(1), (String::new(), None), "it was looked at a moment ago");
    assert_eq!(look(2), (String::new(), None), "it may not be whole yet");
    assert_eq!(look(3), ("one".into(), None));
    assert_eq!([book.news(), book.news()], [Some(Written(Some("one".into()))), None]);
    std::fs::write(&file, "wrong").unwrap();
    assert_eq!([look(4), look(5)], [("one".into(), None), ("one".into(), Some("it is wrong".into()))]);
    assert_eq!(book.news(), None);
    std::fs::write(&file, "one").unwrap();
    assert_eq!([look(6).1.is_some(), look(7).1.is_some()], [true, false]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(look(8), ("one".into(), None), "it may have been put aside");
    std::fs::write(&file, "one").unwrap();
    assert_eq!([look(9), look(10)], [("one".into(), None), ("one".into(), None)]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!([look(11), look(12)], [("one".into(), None), (String::new(), None)]);
    rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let told = format!("{}: is not a file, expected one with text", file.display());
    assert_eq!([look(13).1, look(14).1], [None, Some(told)]);
}

/// As `cp -p` and `mv` do: length and time of the content are those of before.
#[test]
fn a_file_in_the_place_of_another_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let [file, other] = ["rules.toml", "other.toml"].map(|name| folder.path().join(name));
    std::fs::write(&file, "one").unwrap();
    let read: Reader<Rules> =
        Box::new(|_, text| Ok(Rules { version: text.unwrap_or_default().to_owned(), ..Rules::default() }));
    let at = |second| crate::base::Time::from_second(second).unwrap();
    let book = Book::open(file.clone(), read, Rules::default(), at(0));
    assert_eq!(book.in_force(at(0)).version, "one");
    let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
    std::fs::write(&other, "two").unwrap();
    std::fs::File::options().write(true).open(&other).unwrap().set_modified(modified).unwrap();
    std::fs::rename(&other, &file).unwrap();
    assert_eq!([at(1), at(2)].map(|at| book.in_force(at).version.clone()), ["one", "two"]);
}

/// A chain or nest must not use up the stack of whoever decides, which is half gone by then.
#[test]
fn the_longest_conditions_are_told_or_refused() {
    let chains = [
        ("1{} > 2", "+1", 22),
        ("true{}", "&&true", 190),
        ("dyn(case){}", ".tags", 18),
        ("dyn(text){} == ''", "[0]", 14),
        ("{}true", "true?true:", 12),
        ("{}true", "!", 24),
        ("{}true", "(", 4),
        ("text{}", ".contains('')", 10),
    ];
    let told = std::thread::Builder::new().stack_size(1 << 20).spawn(move || {
        for (text, link, count) in chains {
            let chain = |count| {
                let closed = if link == "(" { ")".repeat(count) } else { String::new() };
                text.replace("{}", &link.repeat(count)) + &closed
            };
            Condition::compile(&chain(count)).unwrap().holds(&subject()).ok();
            assert!(Condition::compile(&chain(count * 4)).is_err(), "{}", chain(count * 4));
        }
    });
    told.unwrap().join().unwrap();
}
