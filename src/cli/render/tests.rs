//! Goldens: a command's JSON and what a person sees of it.

use serde_json::json;

use super::*;
use crate::desk::command::{CaseFilter, DkimCommand, MessageFilter};

#[track_caller]
fn check(command: Command, value: Value, expected: &str) {
    let shown = answer(&command, &value);
    assert!(shown == expected, "----\n{shown}----\n{expected}----");
}

#[test]
fn lists() {
    check(
        Command::CaseList(CaseFilter::default()),
        json!([
            {"number": 17, "status": "new", "priority": "high", "contact": {"name": "Anna", "address": "anna@example.com"},
             "subject": "Printer\n\u{1b}[31m on fire", "queue": "main", "owner": null, "updated_at": "2026-11-20T10:00:00.123456Z"},
            {"number": 4, "status": "open", "priority": "normal", "contact": {"name": null, "address": "b@example.com"},
             "subject": "x".repeat(70), "queue": "main", "owner": null, "updated_at": "2026-11-19T10:00:00Z"},
        ]), "\
NUMBER  STATUS  PRIORITY  CONTACT                  SUBJECT                                                       QUEUE  UPDATED
17      new     high      Anna <anna@example.com>  Printer �[31m on fire                                         main   2026-11-20T10:00:00Z
4       open    normal    b@example.com            xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…  main   2026-11-19T10:00:00Z
",
    );
    check(
        Command::CaseList(CaseFilter::default()),
        json!([]),
        "\
no such cases; postcase message list shows what came in
",
    );
    check(
        Command::MessageList(MessageFilter::default()),
        json!([{"id": "691f6a2c-1-2a", "received_at": "2026-11-20T10:00:00Z", "from": {"name": null, "address": "a@b.c"},
            "subject": "", "disposition": null, "case": null}]),
        "\
ID             RECEIVED              FROM   SUBJECT
691f6a2c-1-2a  2026-11-20T10:00:00Z  a@b.c  -
",
    );
}

#[test]
fn held_mail_says_why() {
    let filter = MessageFilter { disposition: Some("held".into()), ..MessageFilter::default() };
    check(
        Command::MessageList(filter),
        json!([{"id": "691f6a2c-1-2a", "received_at": "2026-11-20T10:00:00Z", "from": {"name": null, "address": "a@b.c"},
            "subject": "Watches", "disposition": "held", "reason": "author_not_accepted"}]),
        "\
ID             RECEIVED              FROM   SUBJECT  REASON
691f6a2c-1-2a  2026-11-20T10:00:00Z  a@b.c  Watches  author_not_accepted
",
    );
}

#[test]
fn the_order_of_advisers_says_which_plugins_an_address_has_to_name() {
    check(
        Command::RulesShow { order: true },
        json!([
            {"order": 1, "stage": "route", "by": "rule a", "when": "automatic", "then": ["queue q"]},
            {"order": 2, "stage": "route", "by": "plugin p", "about": "named", "then": ["Does p"]},
            {"order": 3, "stage": "route", "by": "plugin q", "about": "all", "then": ["Does q"]}]),
        "\
ORDER  STAGE  BY        WHEN                  THEN
1      route  rule a    automatic             queue q
2      route  plugin p  the address names it  Does p
3      route  plugin q  -                     Does q
",
    );
}

#[test]
fn trying_rules_says_what_was_not_looked_up() {
    #[track_caller]
    fn check(result: Value, expected: &str) {
        assert_eq!(tried(&json!({"steps": [], "result": result})), format!("no rule was tried\n\n{expected}"));
    }
    let next = "queues and agents aren't looked up here; whether those of the rules are there: postcase check\n";
    check(json!({"queue": null, "agent": null, "hold": null}), "queue  that of the address; no rule chose one\n");
    check(json!({"queue": "q", "agent": null}), &format!("queue  q\n\n{next}"));
    check(json!({"queue": null, "agent": "a@b.example"}), &format!("agent  a@b.example\n\n{next}"));
    check(json!({"queue": null, "hold": "no"}), "hold  no\n");
}

#[test]
fn the_spool_says_who_waits_and_why() {
    check(
        Command::SpoolList { limit: None },
        json!([{"id": "691f6a2c-1-2a", "attempts": 3, "next_at": "2026-11-20T10:00:00Z", "from": "bounce.1@in.example.net",
            "recipients": [
                {"recipient": "a@b.c", "state": "pending", "words": "450 4.2.1 busy"},
                {"recipient": "d@e.f", "state": "delivered", "words": "250 2.0.0 taken"}]}]),
        "\
ID             RECIPIENT  ATTEMPTS  NEXT                  LAST WORDS
691f6a2c-1-2a  a@b.c      3         2026-11-20T10:00:00Z  450 4.2.1 busy
",
    );
}

#[test]
fn every_unverified_address_has_a_next_step() {
    let last = |mode: &str, state: &str| {
        let value = json!({"address": "a@b.c", "state": "unverified", "mode": mode, "service_address": "a.x@in.example.net",
            "verification": {"state": state}});
        let address = "a@b.c".parse().unwrap();
        answer(&Command::AddressVerify { address }, &value).lines().last().unwrap().to_owned()
    };
    let forward = "next: forward a@b.c to a.x@in.example.net, then run: postcase address verify a@b.c";
    assert_eq!(last("forwarded", "sent"), forward);
    assert_eq!(last("forwarded", "failed"), forward);
    assert_eq!(last("direct", "sent"), "next: the probe is on its way; look again: postcase address show a@b.c");
    let mx = "next: let the MX record of b.c name this host, then run: postcase address verify a@b.c";
    assert_eq!(last("direct", "failed"), mx);
}

#[test]
fn an_address_names_the_next_step() {
    let value = json!({"address": "support@example.com", "name": "Support", "mode": "forwarded", "state": "unverified",
        "service_address": "support.abc@in.example.net",
        "service_addresses": [{"address": "support.abc@in.example.net", "state": "active", "since": "2026-11-20T10:00:00Z", "until": null}],
        "verification": {"state": "none", "sent_at": null, "problems": []}, "forwarding_confirmations": [
            {"provider": "gmail", "code": "1", "link": null, "from": "x@google.com", "at": "2026-11-20T10:00:00Z", "authenticated": true}],
        "queue": null, "save_headers": false});
    check(
        Command::AddressShow { address: "a@b.c".parse().unwrap() },
        value,
        "\
address          support@example.com
name             Support
state            unverified
mode             forwarded
service address  support.abc@in.example.net
save headers     no
verification
  state          none

gmail asked at 2026-11-20T10:00:00Z whether it may forward here; if it may: enter the code 1 in its settings

next: forward support@example.com to support.abc@in.example.net, then run: postcase address verify support@example.com
",
    );
}

#[test]
fn a_case_is_read_from_top_to_bottom() {
    let value = json!({"number": 17, "subject": "Printer", "status": "pending", "priority": "normal", "origin": "email",
        "record_type": null, "address": "support@example.com", "queue": "main", "owner": "bob@example.com", "offer": null,
        "contact": {"name": "Anna", "address": "anna@example.com", "account": null}, "tags": [], "fields": {"model": "LX"},
        "opened_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T11:00:00Z",
        "hints": [{"case": 12, "why": "same subject", "message_id": "<a@b>"}],
        "messages": [
            {"id": "691f6a2c-1-0", "direction": "inbound", "received_at": "2026-11-20T10:00:00Z",
             "from": {"name": "Anna", "address": "anna@example.com"}, "new_text": "It burns.\r\n\u{9b}2J\n", "text": "It burns.",
             "attachments": [{"name": "fire.png", "content_type": "image/png", "size": 123, "sha256": "00", "inline": false, "content_id": null}]},
            {"id": "691f6a2c-1-1", "direction": "outbound", "received_at": null, "date": "2026-11-20T11:00:00Z",
             "from": {"name": null, "address": "support@example.com"}, "new_text": "", "attachments": []}],
        "events": [
            {"at": "2026-11-20T10:00:00Z", "kind": "case_opened", "by": null, "reason": "new"},
            {"at": "2026-11-20T11:00:00Z", "kind": "status_changed", "by": "bob@example.com", "from": "open", "to": "pending"}]});
    check(
        Command::CaseShow { number: 17 },
        value,
        "\
case 17  Printer

status      pending
priority    normal
contact     Anna <anna@example.com>
address     support@example.com
queue       main
owner       bob@example.com
opened at   2026-11-20T10:00:00Z
updated at  2026-11-20T11:00:00Z
origin      email
fields
  model     LX
may belong to case 12: same subject

── Anna <anna@example.com> received  2026-11-20T10:00:00Z  691f6a2c-1-0
  It burns.
  �2J
  [1  fire.png  image/png  123 bytes]

── support@example.com sent  2026-11-20T11:00:00Z  691f6a2c-1-1
  (no text)

events
  2026-11-20T10:00:00Z  case_opened  reason=new
  2026-11-20T11:00:00Z  status_changed  by bob@example.com  from=open  to=pending
",
    );
}

#[test]
fn an_inspected_message_shows_what_is_new_in_it() {
    let shown = |new: &str| {
        super::message(&json!({"file": "a.eml", "text": "It burns.\n\nMuch.\n\n> fine?\n", "new_text": new}))
    };
    let text = "\nIt burns.\n\nMuch.\n\n> fine?\n";
    let rows = [
        ("It burns.\n\nMuch.", "new text\n  It burns.\n\n  Much.\n"),
        ("", "new text  none\n"),
        ("It burns.\n\nMuch.\n\n> fine?", ""),
    ];
    for (new, expected) in rows {
        assert_eq!(shown(new), format!("file  a.eml\n{expected}{text}"), "{new}");
    }
}

#[test]
fn a_message_shows_its_text() {
    let value = json!({"id": "691f6a2c-1-0", "message_id": "<a@b>", "received_at": "2026-11-20T10:00:00Z",
        "envelope": {"from": "anna@example.com", "to": ["support@example.com"], "peer": "127.0.0.1", "helo": "x", "tls": null},
        "from": {"name": "Anna", "address": "anna@example.com"}, "to": [{"name": null, "address": "support@example.com"}],
        "cc": [], "subject": "Printer", "references": ["<c@d>", "<e@f>"], "kind": "message", "text": "It burns.\n\n> fine?\n",
        "new_text": "It burns.", "html": false, "automatic": null, "case": 17, "disposition": "case_opened",
        "deliveries": [{"address": "support@example.com", "disposition": "case_opened", "reason": "new", "case": 17, "earlier": []}]});
    check(
        Command::MessageShow { id: "x".into() },
        value,
        "\
id             691f6a2c-1-0
message id     <a@b>
received at    2026-11-20T10:00:00Z
from           Anna <anna@example.com>
to             support@example.com
subject        Printer
kind           message
disposition    case_opened
case           17
references     <c@d>, <e@f>
deliveries
  address      support@example.com
  case         17
  disposition  case_opened
  reason       new
envelope
  from         anna@example.com
  helo         x
  peer         127.0.0.1
  to           support@example.com

It burns.

> fine?
",
    );
}

#[test]
fn an_explanation_is_a_list_of_steps() {
    let value = json!({"id": "691f6a2c-1-0", "disposition": "case_opened", "reason": "no_thread", "steps": [
        {"stage": "thread", "by": "postcase", "version": "1", "outcome": "none", "why": "no token", "took_us": 12},
        {"stage": "route", "by": "default", "version": null, "outcome": "queue main", "why": null, "took_us": 0}]});
    check(
        Command::MessageExplain { id: "x".into() },
        value,
        "\
691f6a2c-1-0  case_opened: no_thread
  1. thread by postcase 1: none  (12 µs)
     no token
  2. route by default: queue main
",
    );
}

#[test]
fn what_a_command_did_is_a_sheet() {
    let value = json!({"spool_id": "7", "message_id": "<x@y>", "from": "s@b.c", "to": ["a@b.c", "d@e.f"]});
    check(
        Command::SpoolRetry { id: "7".into() },
        value,
        "\
spool id    7
message id  <x@y>
from        s@b.c
to          a@b.c, d@e.f
",
    );
}

/// Whatever a command answers with, strangers may have written it.
#[test]
fn no_answer_has_anything_that_a_terminal_obeys() {
    let wild = "\u{1b}]0;x\u{7}\u{9b}2J\r\u{202e}\u{2028}\u{8}";
    let names = "id number address name subject text new_text from to contact message_id kind reason file place \
        archive service_address state spool why by stage outcome type value provider code link recipient \
        words status setting change content_type at key domain until title";
    let mut object: serde_json::Map<String, Value> =
        names.split(' ').chain([wild]).map(|name| (name.into(), json!(wild))).collect();
    let plain = object.clone();
    for lists in ["attachments", "events", "messages", "hints", "headers", "steps", "faults", "records", "changes"] {
        object.insert(lists.into(), json!([plain]));
    }
    object.insert("recipients".into(), json!([{"recipient": wild, "words": wild, "state": "pending"}]));
    object.insert("forwarding_confirmations".into(), json!([plain]));
    object.insert("service_addresses".into(), json!([{"address": wild, "state": "retiring", "until": wild}]));
    object.insert("person".into(), json!({"name": wild, "address": wild}));
    let object = Value::Object(object);
    let (address, id) = (|| "a@b.c".parse().unwrap(), || "x".to_owned());
    let commands = [
        Command::AddressList { limit: None },
        Command::AddressShow { address: address() },
        Command::AddressApply { addresses: vec![], yes: false },
        Command::MessageList(MessageFilter::default()),
        Command::MessageShow { id: id() },
        Command::MessageExplain { id: id() },
        Command::MessageRelease { id: id() },
        Command::CaseList(CaseFilter::default()),
        Command::CaseShow { number: 1 },
        Command::CaseTake { number: 1, by: address() },
        Command::QueueList,
        Command::AgentList,
        Command::Profile(ProfileCommand::List),
        Command::SpoolList { limit: None },
        Command::SpoolHold,
        Command::SpoolRetry { id: id() },
        Command::Dkim(DkimCommand::New { domain: wild.into(), ed25519: false }),
        Command::Dkim(DkimCommand::List),
        Command::Backup { file: wild.into() },
    ];
    let answers = commands
        .iter()
        .flat_map(|command| [&object, &json!([object])].map(|value| (format!("{command:?}"), answer(command, value))));
    let others = [("import".to_owned(), import(&object)), ("config".to_owned(), configuration(&json!([object])))];
    for (command, shown) in answers.chain(others) {
        assert!(!shown.contains(is_obeyed), "{command}: {shown:?}");
    }
    assert!(!text::json(&object).trim_end_matches('\n').contains(|c: char| c.is_control()));
}

#[test]
fn what_a_replay_leaves_off_is_counted() {
    let change = json!({"what": "queue", "before": "b", "after": "a", "why": "rule a: always"});
    let row = json!({"id": "1-1-0", "message_id": "<1@x>", "changes": [change]});
    let shown = replayed(&json!({"messages": 9, "changed": [row], "left_off": 3}));
    let expected = "ID     MESSAGE ID  WHAT   BEFORE  AFTER  WHY\n\
                    1-1-0  <1@x>       queue  b       a      rule a: always\n\n\
                    3 more aren't shown; replay --since shows those of a shorter time\n4 of 9 messages change\n";
    assert_eq!(shown, expected);
}

/// What moves the cursor of a terminal, hides a line or turns the direction of text.
fn is_obeyed(c: char) -> bool {
    let breaks_or_turns =
        matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    breaks_or_turns || c.is_control() && !matches!(c, '\n' | '\t')
}
