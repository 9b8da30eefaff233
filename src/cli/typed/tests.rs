//! What can be typed and what can't.

use serde_json::{Value, json};

use super::*;
use crate::address::OnResolved;
use crate::auth::Transaction;
use crate::base::ReversePath;
use crate::cli::failure::Exit;
use crate::desk::Command;

fn parse(typed: &str) -> Result<Typed, clap::Error> {
    // A quoted word may have spaces.
    let words = typed.split('\'').enumerate().flat_map(|(number, part)| match number % 2 {
        0 => part.split_whitespace().collect::<Vec<_>>(),
        _ => vec![part],
    });
    Typed::try_parse_from(std::iter::once("postcase").chain(words))
}

/// A command as it goes over the socket, without what is null or empty.
#[track_caller]
fn check(typed: &str, expected: Value) {
    let meaning = parse(typed).unwrap_or_else(|error| panic!("{error}")).meaning().unwrap();
    let command = match meaning {
        Meaning::Ask(command) => command,
        Meaning::Reply(request) => Command::CaseReply(*request),
        other => panic!("{other:?}"),
    };
    assert_eq!(sparse(json!(command)), expected);
}

fn sparse(value: Value) -> Value {
    let fields = match value {
        Value::Object(fields) => fields,
        Value::Array(list) => return list.into_iter().map(sparse).collect(),
        other => return other,
    };
    let kept =
        fields.into_iter().filter(|(_, value)| !value.is_null() && *value != json!([]) && *value != json!(false));
    Value::Object(kept.map(|(name, value)| (name, sparse(value))).collect())
}

#[test]
fn addresses() {
    check(
        "address add Support@Example.com --name 'The desk' --mode direct --queue q --origin web --priority high \
         --reply-from b@example.com --rate-limit 10/day --over-limit bounce",
        json!({"command": "address-add", "address": "Support@example.com", "settings": {"name": "The desk",
            "mode": "direct", "queue": "q", "origin": "web", "priority": "high", "reply_from": "b@example.com",
            "rate_limit": 10, "over_limit": "bounce"}}),
    );
    check(
        "address set a@b.c --owner x@b.c --fallback-queue f --record-type t --accept-from X@y.z,@y.example,*.w.example \
         --unauthorised discard --over-limit hold --unknown-sender hold --reply-to replace --on-resolved reopen-within 7d --save-headers",
        json!({"command": "address-set", "address": "a@b.c", "settings": {"owner": "x@b.c", "fallback_queue": "f",
            "record_type": "t", "accept_from": ["X@y.z", "y.example", "*.w.example"], "unauthorised": "discard",
            "unknown_sender": "hold", "reply_to": "replace", "over_limit": "hold", "on_resolved": "reopen-within 7d", "save_headers": true}}),
    );
    check(
        "address set a@b.c --permission-set p --permission-set q --plugin vip --opens item",
        json!({"command": "address-set", "address": "a@b.c", "settings": {"permission_sets": ["p", "q"], "plugins": ["vip"], "opens": "item"}}),
    );
    let set = |typed: &str| match parse(typed).unwrap().meaning().unwrap() {
        Meaning::Ask(Command::AddressSet { settings, .. }) => settings,
        other => panic!("{other:?}"),
    };
    assert_eq!(set("address set a@b.c --save-headers=false").save_headers, Some(false));
    assert_eq!(set("address set a@b.c --accept-from anyone").accept_from, Some(Default::default()));
    assert_eq!(set("address set a@b.c --on-resolved new --queue q").on_resolved, Some(OnResolved::New));
    for wrong in ["reopen-within", "reopen-within soon", "new 7d", "never"] {
        let failure = parse(&format!("address set a@b.c --on-resolved {wrong}")).unwrap().meaning().unwrap_err();
        assert_eq!(failure.exit, Exit::Usage, "{wrong}");
    }
    check("address add a@b.c", json!({"command": "address-add", "address": "a@b.c", "settings": {}}));
    check("address list", json!({"command": "address-list", "limit": 100}));
    check("address list --all", json!({"command": "address-list"}));
    check("address show a@b.c", json!({"command": "address-show", "address": "a@b.c"}));
    check(
        "address set a@b.c --rate-limit 0/day",
        json!({"command": "address-set", "address": "a@b.c", "settings": {"rate_limit": 0}}),
    );
    check("address verify a@b.c", json!({"command": "address-verify", "address": "a@b.c"}));
    check("address confirm a@b.c X-1", json!({"command": "address-confirm", "address": "a@b.c", "code": "X-1"}));
    check("address disable a@b.c", json!({"command": "address-disable", "address": "a@b.c"}));
    check("address enable a@b.c", json!({"command": "address-enable", "address": "a@b.c"}));
    check("address remove a@b.c", json!({"command": "address-remove", "address": "a@b.c"}));
    let empty = parse("address set a@b.c").unwrap().meaning().unwrap_err();
    assert_eq!(empty.exit, Exit::Usage);
}

#[test]
fn backups_and_the_spool() {
    let meaning = |typed: &str| parse(typed).unwrap().meaning().unwrap();
    let here = std::env::current_dir().unwrap();
    assert_eq!(meaning("backup a.tar"), Meaning::Backup { file: here.join("a.tar") });
    assert_eq!(meaning("restore a.tar"), Meaning::Restore { file: "a.tar".into() });
    let import = Meaning::Import { archive: "a.mbox".into(), address: "a@b.c".parse().unwrap() };
    assert_eq!(meaning("import a.mbox --address a@b.c"), import);
    assert!(parse("import a.mbox").is_err());
    let export = Meaning::Export { since: "2026-11-20T10:00:00Z".parse().ok(), after: Some("case/1".into()) };
    assert_eq!(meaning("export --since 2026-11-20T10:00:00Z --after case/1"), export);
    check("spool hold", json!({"command": "spool-hold"}));
    check("spool resume", json!({"command": "spool-resume"}));
}

#[test]
fn messages() {
    check("message list", json!({"command": "message-list", "direction": "inbound", "limit": 100}));
    check(
        "message list --address a@b.c --case 7 --disposition case_opened --direction any --since 2026-11-20T10:00:00Z --limit 3",
        json!({"command": "message-list", "address": "a@b.c", "case": 7, "disposition": "case_opened",
            "direction": "any", "since": "2026-11-20T10:00:00Z", "limit": 3}),
    );
    check("message show <x@y>", json!({"command": "message-show", "id": "<x@y>"}));
    check("message raw 691f6a2c-1-2a", json!({"command": "message-raw", "id": "691f6a2c-1-2a"}));
    check("message raw x --trace", json!({"command": "message-raw", "id": "x", "trace": true}));
    check("message attachment x 2", json!({"command": "message-attachment", "id": "x", "number": 2}));
    let attachment = Meaning::Attachment { id: "x".into(), number: 2, file: "f".into() };
    assert_eq!(parse("message attachment x 2 -o f").unwrap().meaning().unwrap(), attachment);
    check("message explain x", json!({"command": "message-explain", "id": "x"}));
    check("message held", json!({"command": "message-list", "disposition": "held", "limit": 100}));
    check(
        "message held --address a@b.c --all",
        json!({"command": "message-list", "address": "a@b.c", "disposition": "held"}),
    );
    check("message release x", json!({"command": "message-release", "id": "x"}));
    check("message reprocess <x@y>", json!({"command": "message-reprocess", "id": "<x@y>"}));
    let inspect = parse("message inspect a b").unwrap().meaning().unwrap();
    assert_eq!(inspect, Meaning::Inspect { files: vec!["a".into(), "b".into()], sender: None });
    let inspect = parse("message inspect a --peer ::1 --helo mx.a.example --mail-from <>").unwrap().meaning().unwrap();
    let sender = Transaction { peer: "::1".parse().ok(), helo: "mx.a.example".into(), from: ReversePath::Null };
    assert_eq!(inspect, Meaning::Inspect { files: vec!["a".into()], sender: Some(sender) });
    assert!(parse("message inspect a --peer ::1 --helo mx.a.example").is_err());
    assert!(parse("message inspect a --mail-from a@b.example").is_err());
}

#[test]
fn items() {
    let id = "691f6a2c-1-2a";
    let item = |rest: Value| {
        let mut command = json!({"command": "item", "id": id});
        command.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        command
    };
    check("item list", json!({"command": "item", "item": "list", "limit": 100}));
    check(
        "item list --status done --queue q --owner a@b.c --offered-to d@e.f --all",
        json!({"command": "item", "item": "list", "status": "done", "queue": "q", "owner": "a@b.c", "offered_to": "d@e.f"}),
    );
    check(&format!("item show {id}"), item(json!({"item": "show"})));
    check(&format!("item take {id} --as a@b.c"), item(json!({"item": "take", "by": "a@b.c"})));
    check(&format!("item decline {id} --as a@b.c"), item(json!({"item": "decline", "by": "a@b.c"})));
    check(&format!("item assign {id} a@b.c"), item(json!({"item": "assign", "agent": "a@b.c"})));
    check(&format!("item assign {id} --queue q"), item(json!({"item": "assign", "queue": "q"})));
    check(&format!("item done {id}"), item(json!({"item": "done"})));
    check(&format!("item open {id} --as a@b.c"), item(json!({"item": "open", "by": "a@b.c"})));
    assert!(parse("item assign 1").is_err() && parse("item take 1").is_err());
}

#[test]
fn cases() {
    check("case list", json!({"command": "case-list", "limit": 100}));
    check(
        "case list --status open --queue q --workstream w --owner a@b.c --contact d@e.f --all",
        json!({"command": "case-list", "status": "open", "queue": "q", "workstream": "w", "owner": "a@b.c", "contact": "d@e.f"}),
    );
    check("case list --text 'a b'", json!({"command": "case-list", "text": "a b", "limit": 100}));
    check("case take 17 --as a@b.c", json!({"command": "case-take", "number": 17, "by": "a@b.c"}));
    assert!(parse("case take 17").is_err(), "who takes it is named");
    check("case show 17", json!({"command": "case-show", "number": 17}));
    check(
        "case reply 17 --body 'Hello there' --as a@b.c --from s@b.c --to x@y.z --to v@y.z --cc w@y.z --all --status resolved",
        json!({"command": "case-reply", "number": 17, "body": "Hello there", "by": "a@b.c", "from": "s@b.c",
            "to": ["x@y.z", "v@y.z"], "cc": ["w@y.z"], "all": true, "status": "resolved"}),
    );
    check(
        "case note 17 --body '- call back' --as a@b.c",
        json!({"command": "case-note", "number": 17, "text": "- call back", "by": "a@b.c"}),
    );
    check(
        "case set 17 status=open 'subject=a = b'",
        json!({"command": "case-set", "number": 17, "changes": {"status": "open", "subject": "a = b"}}),
    );
    check("case assign 17 a@b.c", json!({"command": "case-assign", "number": 17, "agent": "a@b.c"}));
    check("case assign 17 --queue q", json!({"command": "case-assign", "number": 17, "queue": "q"}));
}

#[test]
fn a_reply_takes_its_text_and_attachments_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let (body, scan, text) = (file("b.txt", "Grüße\n".as_bytes()), file("scan.PDF", b"%PDF"), file("x.raw", b"\xff"));
    check(
        "case reply 1 --body x --seen <a@b.c> --no-quote --preview",
        json!({"command": "case-reply", "number": 1, "body": "x", "seen": "<a@b.c>", "no_quote": true, "preview": true}),
    );
    check(
        &format!("case reply 1 --body-file {body} --attach {scan} --attach {text}"),
        json!({"command": "case-reply", "number": 1, "body": "Grüße\n", "attachments": [
            {"name": "scan.PDF", "content_type": "application/pdf", "content": "JVBERg=="},
            {"name": "x.raw", "content_type": "application/octet-stream", "content": "/w=="}]}),
    );
    let fails = |typed: &str, part: &str| {
        let failure = parse(typed).unwrap().meaning().unwrap_err();
        assert!(failure.exit == Exit::Refused && failure.message.contains(part), "{failure:?}");
    };
    fails(&format!("case reply 1 --body-file {text}"), "is not text in UTF-8");
    fails(&format!("case reply 1 --body x --attach {}/none", folder.path().display()), "can't be read");
    let large = file("large", &vec![0; limits::REPLY_BYTES_MAX]);
    fails(&format!("case reply 1 --body-file {body} --attach {large}"), "18 MiB in all");
}

#[test]
fn addresses_are_applied_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    std::fs::write(&path, "[address.\"a@b.c\"]\nqueue = \"q\"\n").unwrap();
    check(
        &format!("address apply {} --yes", path.display()),
        json!({"command": "address-apply", "yes": true, "addresses": [{"address": "a@b.c", "settings": {"queue": "q"}}]}),
    );
    check("address export", json!({"command": "address-export"}));
    std::fs::write(&path, "[address.\"a@b.c\"]\nquue = \"q\"\n").unwrap();
    for file in [path.clone(), folder.path().join("none.toml")] {
        let failure = parse(&format!("address apply {}", file.display())).unwrap().meaning().unwrap_err();
        assert!(failure.exit == Exit::Refused && failure.message.contains(&file.display().to_string()), "{failure:?}");
    }
}

#[test]
fn queues_agents_spool_and_the_rest() {
    check("queue add urgent", json!({"command": "queue-add", "name": "urgent", "settings": {}}));
    check(
        "queue set q --members a@b.c,d@b.c --assign skills --accept ask --overflow r --overflow-after 1h --relax-after 5m",
        json!({"command": "queue-set", "name": "q", "settings": {"members": ["a@b.c", "d@b.c"], "assign": "skills",
            "accept": "ask", "overflow": "r", "overflow_after": "1h", "relax_after": "5m"}}),
    );
    check("queue set q --members=", json!({"command": "queue-set", "name": "q", "settings": {}}));
    let failure = parse("queue add q --members a@b.c,nobody").unwrap().meaning().unwrap_err();
    assert!(failure.exit == Exit::Usage && failure.message.contains("nobody"), "{failure:?}");
    check("queue show q", json!({"command": "queue-show", "name": "q"}));
    check("queue remove q", json!({"command": "queue-remove", "name": "q"}));
    check("queue list", json!({"command": "queue-list"}));
    check(
        "agent add a@b.c --name Anna",
        json!({"command": "agent-add", "address": "a@b.c", "settings": {"name": "Anna", "skills": {}}}),
    );
    check(
        "agent set a@b.c --capacity 3 --skill german=2 --skill lifts=1 --profile day --notices on",
        json!({"command": "agent-set", "address": "a@b.c", "settings": {"capacity": 3, "skills": {"german": 2, "lifts": 1},
            "profile": "day", "notices": true}}),
    );
    check("agent show a@b.c", json!({"command": "agent-show", "address": "a@b.c"}));
    check("agent remove a@b.c", json!({"command": "agent-remove", "address": "a@b.c"}));
    check(
        "profile add day --limit 9 --units claim=3 --reset end-of-day --hours office --blocking call",
        json!({"command": "profile", "action": "add", "name": "day", "settings": {"limit": 9, "units": {"claim": 3},
            "reset": "end-of-day", "hours": "office", "blocking": ["call"]}}),
    );
    check("profile show day", json!({"command": "profile", "action": "show", "name": "day"}));
    check("profile remove day", json!({"command": "profile", "action": "remove", "name": "day"}));
    check("profile list", json!({"command": "profile", "action": "list"}));
    let away = json!({"command": "agent-presence", "address": "a@b.c", "presence": "away"});
    check("agent presence a@b.c away", away);
    check("case decline 1 --as a@b.c", json!({"command": "case-decline", "number": 1, "by": "a@b.c"}));
    check("agent list", json!({"command": "agent-list"}));
    check("spool list --limit 5", json!({"command": "spool-list", "limit": 5}));
    check("spool retry x", json!({"command": "spool-retry", "id": "x"}));
    let means = |typed| parse(typed).unwrap().meaning().unwrap();
    assert!(matches!(means("case reply 1 --body x"), Meaning::Reply(_)), "it is shown first");
    assert!(matches!(means("case reply 1 --body x --yes"), Meaning::Ask(_)));
    assert_eq!(means("serve"), Meaning::Serve);
    assert_eq!(means("demo --keep"), Meaning::Demo { keep: true });
    assert_eq!(means("check"), Meaning::Check { store: false });
    assert_eq!(means("check --store"), Meaning::Check { store: true });
    assert_eq!(means("config show"), Meaning::ShowConfiguration);
    assert_eq!(means("completions fish"), Meaning::Completions { shell: Shell::Fish });
    assert_eq!(means("man"), Meaning::Manual { folder: None });
    assert_eq!(means("man d"), Meaning::Manual { folder: Some("d".into()) });
}

#[test]
fn contacts() {
    check("contact list --all", json!({"command": "contact-list"}));
    check("contact show a@b.c", json!({"command": "contact-show", "address": "a@b.c"}));
    check(
        "contact add a@b.c --name Anna --alias x@b.c --alias y@b.c",
        json!({"command": "contact-add", "address": "a@b.c", "settings": {"name": "Anna", "aliases": ["x@b.c", "y@b.c"]}}),
    );
    check(
        "contact set a@b.c --inactive",
        json!({"command": "contact-set", "address": "a@b.c", "settings": {"inactive": true}}),
    );
    check(
        "contact list --account 'Customer Inc.'",
        json!({"command": "contact-list", "account": "Customer Inc.", "limit": 100}),
    );
    check(
        "contact set a@b.c --account none",
        json!({"command": "contact-set", "address": "a@b.c", "settings": {"account": "none"}}),
    );
    check(
        "account add 'Customer Inc.' --domain a.example --domain b.example",
        json!({"command": "account-add", "name": "Customer Inc.", "settings": {"domains": ["a.example", "b.example"]}}),
    );
    check(
        "account set customer --name Customer --domain none",
        json!({"command": "account-set", "name": "customer", "settings": {"name": "Customer"}}),
    );
    assert!(parse("account set customer").unwrap().meaning().is_err());
    let set = |typed: &str| match parse(typed).unwrap().meaning() {
        Ok(Meaning::Ask(Command::ContactSet { settings, .. })) => Ok(settings),
        Ok(other) => panic!("{other:?}"),
        Err(failure) => Err(failure.message),
    };
    assert_eq!(set("contact set a@b.c --active").unwrap().inactive, Some(false));
    assert_eq!(set("contact set a@b.c --alias none").unwrap().aliases, Some(Vec::new()));
    assert!(set("contact set a@b.c --alias none --alias x@b.c").unwrap_err().contains("stands alone"));
    assert!(set("contact set a@b.c").unwrap_err().contains("nothing to set"));
}

#[test]
fn config_and_json_stand_before_or_after() {
    for typed in ["--config f --json case show 1", "case show 1 --json --config f", "case --json show --config f 1"] {
        let typed = parse(typed).unwrap();
        assert!(typed.json && typed.config == Some("f".into()));
    }
}

#[test]
fn everything_else_is_wrong_usage() {
    for typed in [
        "",
        "address",
        "doctor",
        "help",
        "replay",
        "case list --text",
        "case take 1",
        "case show x",
        "case show -1",
        "case reply 1",
        "case reply 1 --body x --body-file y",
        "case reply 1 --body x --status done",
        "case note 1",
        "case set 1",
        "case set 1 status",
        "case set 1 =x",
        "case assign 1",
        "case assign 1 a@b.c --queue q",
        "message list --since yesterday",
        "message list --disposition lost",
        "message list --direction up",
        "message list --limit 3 --all",
        "message inspect",
        "message held x",
        "case list --limit 0",
        "message release",
        "message reprocess",
        "address add nobody",
        "address add a@b.c --owner x",
        "address add a@b.c --owner x@b.c --queue q",
        "address add a@b.c --accept-from nobody",
        "address add a@b.c --unauthorised requeue",
        "address add a@b.c --save-headers=perhaps",
        "case task 1 --status done",
        "address add a@b.c --plugin 'a b'",
        "address add a@b.c --mode both",
        "address add a@b.c --rate-limit 10",
        "address add a@b.c --rate-limit -1/day",
        "address add a@b.c --rate-limit 10/hour",
        "address add a@b.c --over-limit keep",
        "address export x",
        "address apply",
        "address rotate a@b.c --overlap soon",
        "agent add a@b.c --capacity some",
        "agent add a@b.c --skill german",
        "agent set a@b.c --notices yes",
        "profile add day --units claim",
        "profile add day --reset tomorrow",
        "agent add a@b.c --permission-set 'a b'",
        "agent add a@b.c --skill german=11",
        "agent presence a@b.c here",
        "queue add q --assign first",
        "case decline 1",
        "contact set a@b.c --inactive --active",
        "contact add a@b.c --alias nobody",
        "spool hold now",
        "config",
        "completions powershell",
        "serve --port 25",
    ] {
        let error = parse(typed).err().unwrap_or_else(|| panic!("{typed} is taken"));
        assert_eq!(error.exit_code(), 2, "{typed}: {error}");
    }
}

#[test]
fn every_word_stands_for_a_value() {
    use super::words::*;
    use crate::address::{Mode, Opens, OverLimit, ReplyTo, Unauthorised, UnknownSender};
    use crate::case::{Priority, Status};
    use crate::desk::command::ItemStatus;
    use crate::routing::{Accept, Assign, Presence};
    use clap::builder::TypedValueParser;
    let command = clap::Command::new("test");
    fn all<T: Send + Sync + Clone>(
        words: &[&str],
        parser: impl TypedValueParser<Value = T>,
        command: &clap::Command,
    ) -> usize {
        words.iter().filter(|word| parser.parse_ref(command, None, word.as_ref()).is_ok()).count()
    }
    assert_eq!(all(STATUSES, word::<Status>(STATUSES), &command), STATUSES.len());
    assert_eq!(all(PRIORITIES, word::<Priority>(PRIORITIES), &command), PRIORITIES.len());
    assert_eq!(all(MODES, word::<Mode>(MODES), &command), MODES.len());
    assert_eq!(all(UNAUTHORISED, word::<Unauthorised>(UNAUTHORISED), &command), UNAUTHORISED.len());
    assert_eq!(all(ASSIGN, word::<Assign>(ASSIGN), &command), ASSIGN.len());
    assert_eq!(all(ACCEPT, word::<Accept>(ACCEPT), &command), ACCEPT.len());
    assert_eq!(all(PRESENCE, word::<Presence>(PRESENCE), &command), PRESENCE.len());
    assert_eq!(all(REPLY_TO, word::<ReplyTo>(REPLY_TO), &command), REPLY_TO.len());
    assert_eq!(all(ITEM_STATUSES, word::<ItemStatus>(ITEM_STATUSES), &command), ITEM_STATUSES.len());
    assert_eq!(all(OPENS, word::<Opens>(OPENS), &command), OPENS.len());
    assert_eq!(all(UNKNOWN_SENDER, word::<UnknownSender>(UNKNOWN_SENDER), &command), UNKNOWN_SENDER.len());
    assert_eq!(all(OVER_LIMIT, word::<OverLimit>(OVER_LIMIT), &command), OVER_LIMIT.len());
    <Typed as clap::CommandFactory>::command().debug_assert();
}
