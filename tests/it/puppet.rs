//! The harness against a puppet: proof that a story can fail, and with which words.
//!
//! The puppet's SMTP side is a fake mail host; its command line echoes what it was asked.

use std::net::SocketAddr;
use std::time::Duration;

use postcase::base::Time;

use crate::internet::{Internet, Zone};
use crate::player::Player;
use crate::subject::{Crash, Later, Ran, Setup, Subject};
use crate::unit::{Unit, unit, wait};

const ZONE: &str = "home.example A 127.0.0.9\npeer.example A 127.0.0.10\npeer.example MX 10 peer.example\n";

/// A puppet for a whole story folder: it answers as the company's mail host of the common zone.
pub fn start(setup: Setup) -> Later<'static, Result<Box<dyn Subject>, String>> {
    let made = setup.configuration.parse::<toml::Table>().map_err(|error| error.to_string()).and_then(|table| {
        let port = table["outbound"]["port"].as_integer().and_then(|port| port.try_into().ok()).ok_or("no port")?;
        let passed = Duration::from_secs(setup.now.as_second().unsigned_abs());
        Ok(Box::new(Puppet { smtp: SocketAddr::from(([127, 0, 0, 12], port)), crashes: 0, passed }) as Box<dyn Subject>)
    });
    Box::pin(std::future::ready(made))
}

struct Puppet {
    smtp: SocketAddr,
    crashes: usize,
    passed: Duration,
}

impl Subject for Puppet {
    fn smtp(&self) -> SocketAddr {
        self.smtp
    }

    fn run(&mut self, arguments: Vec<String>) -> Later<'_, Ran> {
        let told = serde_json::json!([{ "said": arguments, "crashes": self.crashes, "passed": self.passed.as_secs() }]);
        let ran = match arguments.first().map(String::as_str) {
            Some("fail") => Ran { code: 3, out: Vec::new(), err: "no such case".into() },
            _ => Ran { code: 0, out: format!("{told}\n").into_bytes(), err: String::new() },
        };
        Box::pin(std::future::ready(ran))
    }

    fn settle(&mut self) -> Later<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn advance(&mut self, by: Duration) {
        self.passed += by;
    }

    fn crash(&mut self, how: Crash) -> Later<'_, Result<(), String>> {
        self.crashes += if how == Crash::ByChance(7) { 10 } else { 1 };
        Box::pin(std::future::ready(Ok(())))
    }

    fn configure(&mut self, _: &str) -> Result<(), String> {
        Err("a puppet has no configuration".into())
    }

    fn fault(&mut self, words: &[String]) -> Result<(), String> {
        Err(format!("a puppet has no disk to {}", words.join(" ")))
    }

    fn restart(&mut self) -> Later<'_, Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn stop(self: Box<Self>) -> Later<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

fn played(dialogue: &str, update: bool) -> Result<Option<String>, String> {
    wait(async {
        let mut zone = Zone::default();
        zone.add(ZONE)?;
        let internet = Internet::start(zone).await?;
        let puppet = Puppet { smtp: internet.address("home.example")?, crashes: 0, passed: Duration::ZERO };
        Player::new(Box::new(puppet), internet, Time::UNIX_EPOCH, update).play("story", dialogue).await
    })
}

pub fn units() -> Vec<Unit> {
    vec![
        unit("a whole story is played", a_whole_story_is_played),
        unit("differences are told with their line", differences_are_told),
        unit("differences can be written down", differences_are_written),
    ]
}

const STORY: &str = r#"S: 220 home.example ESMTP
C: EHLO client.example
S: 250-home.example
S: …
S: 250 ENHANCEDSTATUSCODES
C: MAIL FROM:<a@{x*3}.example>
C: RCPT TO:<b@home.example>
C! DATA\r\n
S: 250 2.1.0 <any>
S: 250 2.1.5 …
S: 354 go ahead
C: Subject: dots
C:
C: ..
C: .
S: 250 2.0.0 taken
@received home.example Subject
> MAIL FROM:<a@xxx.example>
> RCPT TO:<b@home.example>
> Subject: dots
>
> .
C: QUIT
S: 221 2.0.0 bye
S: (closed)
@connect second from=127.0.0.8
S: 220 …
@close
@connect first
S: 220 …
@abort
@peer home.example rcpt 450 4.2.1 busy x1
@mail from=a@b.example to=c@home.example <<.
Subject: x
.
> 450 4.2.1 busy
@mail from=a@b.example to=c@peer.example via=peer.example <<.
Subject: y
.
@received peer.example Subject
@crash
@crash chance=7
@crash killed
@clock +2h
@run --json what "two words" | said.1 said.2 crashes passed
> <word:first> two words 12 7200
@let two <word:second>
@run again {first} {second} | said
> ["again","what","words"]
@run fail
> no such case
> exit 3
@forward support@peer.example b@home.example tag=[EXT]
@mail from=a@b.example to=support@peer.example via=peer.example <<.
Subject: z
.
@received home.example Subject
> MAIL FROM:<a@b.example>
> RCPT TO:<b@home.example>
> Subject: [EXT] z
>
@received home.example
> (nothing)
"#;

fn a_whole_story_is_played() {
    assert_eq!(played(STORY, false), Ok(None));
}

fn differences_are_told() {
    let check = |dialogue: &str, expected: &str| {
        let error = played(dialogue, false).unwrap_err();
        assert!(error.contains(expected), "{dialogue}\n{error}");
    };
    check("\nS: 220 other.example", "story:2: expected:\n  220 other.example\ngot:\n  220 home.example ESMTP");
    check(
        "S: 220 …\nC: QUIT\nS: 221 …\nS: 250 …",
        "story:3: expected:\n  221 …\n  250 …\ngot:\n  221 2.0.0 bye\n  (closed)",
    );
    check("@run fail", "story:1: it failed:\n  no such case\n  exit 3");
    check("@run x | said\n> [\"y\"]", "expected:\n  [\"y\"]\ngot:\n  [\"x\"]");
    check("@run x\n@let nothing <word:x>", "story:2: nothing like");
    check("@received home.example", "it failed:\n  (nothing)");
    check("@clock +1h\n> x", "shows nothing to compare");
    check("@run {unknown}", "nothing is kept under {unknown}");
    check("@mail from=a@b to=c@home.example <<.\nSubject: x\n.", "holds mail that nobody looked at");
    check("@crash softly", "not softly");
    check("@fault sync 1", "a puppet has no disk to sync 1");
    check("@dance", "no directive @dance");
}

fn differences_are_written() {
    let story = "S: 220 other.example\n# kept\n@run 2026-11-20T10:00:00Z | said.0 passed\n>\n@run <b> c | said\n> [\"<any:b>\",\"c\"]\n";
    let expected = "S: 220 home.example ESMTP\n# kept\n@run 2026-11-20T10:00:00Z | said.0 passed\n> <time> 0\n\
                    @run <b> c | said\n> [\"<any:b>\",\"c\"]\n";
    assert_eq!(played(story, true), Ok(Some(expected.to_owned())));
    assert_eq!(played(expected, false), Ok(None));
}
