//! What each `@` directive does. The language is described in `tests/scenarios/README.md`.

use std::time::Duration;

use super::{Player, output};
use crate::internet::{Answer, Forward, Rule, Stage};
use crate::pattern;
use crate::script;
use crate::smtp::{self, Outgoing};
use crate::span::span;
use crate::subject::Crash;
use crate::unit::{Unit, unit};

/// Whoever publishes its public half in a story's zone signs with it.
const DKIM_KEY: &str = include_str!("../../scenarios/dkim-key.json");

/// Lines to compare, if the directive is one that shows something and the story wants to see it.
type Shown = Result<Option<Vec<String>>, String>;

pub async fn run(
    player: &mut Player,
    name: &str,
    words: &[String],
    document: Option<&[String]>,
    expected: &[String],
) -> Shown {
    if name == "let" {
        return keep(player, &words.concat());
    }
    let filled = words.iter().map(|word| pattern::filled(word, &player.names)).collect::<Result<Vec<_>, _>>()?;
    match name {
        "run" => command(player, &filled, expected).await,
        "mail" => mail(player, &filled, document.unwrap_or_default(), expected).await,
        "received" => received(player, &filled, expected).await,
        "heard" => heard(player, &filled, expected).await,
        "secret" => secret(player, &filled),
        "rules" => rules(player, document.unwrap_or_default()).await,
        "configuration" => {
            player.subject.configure(&(document.unwrap_or_default().join("\n") + "\n"))?;
            looked_at(player).await.map(|()| None)
        }
        "peer" => peer(player, &filled),
        "forward" => player.internet.forward(Forward::read(&filled)?).map(|()| None),
        "connect" => connect(player, &filled).await,
        "clock" => {
            let text = filled.first().and_then(|word| word.strip_prefix('+')).ok_or("@clock +15m")?;
            player.pass(span(text)?).await.map(|()| None)
        }
        "settle" => player.settle().await.map(|()| None),
        "crash" => {
            player.connections.clear();
            smtp::guarded("crash", player.subject.crash(crash(&filled)?)).await.map(|()| None)
        }
        "fault" => player.subject.fault(&filled).map(|()| None),
        "restart" => {
            player.connections.clear();
            smtp::guarded("restart", player.subject.restart()).await.map(|()| None)
        }
        "starttls" => {
            let connection = player.connections.remove(&player.current).ok_or("no connection is open")?;
            player.connections.insert(player.current.clone(), connection.secure().await?);
            Ok(None)
        }
        "close" | "abort" => {
            let connection = player.connections.remove(&player.current).ok_or("no connection is open")?;
            if name == "abort" {
                connection.abort();
            }
            Ok(None)
        }
        _ => Err(format!("@{name} has no meaning")),
    }
}

/// `@crash [killed | chance=SEED]`.
fn crash(words: &[String]) -> Result<Crash, String> {
    let wrong = || format!("@crash [killed | chance=SEED], not {}", words.join(" "));
    match words {
        [] => Ok(Crash::DroppingAll),
        [word] if word == "killed" => Ok(Crash::Killed),
        [word] => {
            word.strip_prefix("chance=").and_then(|seed| seed.parse().ok()).map(Crash::ByChance).ok_or_else(wrong)
        }
        _ => Err(wrong()),
    }
}

/// `@let PATTERN` keeps what its holes take out of the last output.
fn keep(player: &mut Player, wanted: &str) -> Shown {
    let Player { output, names, .. } = player;
    if output.iter().any(|line| pattern::found(wanted, line, names)) {
        return Ok(None);
    }
    Err(format!("nothing like {wanted:?} in\n  {}", output.join("\n  ")))
}

/// `@run WORDS… [| FIELDS…]`; without an expected block it must succeed.
async fn command(player: &mut Player, words: &[String], expected: &[String]) -> Shown {
    player.settle().await?;
    let mut parts = words.splitn(2, |word| word == "|");
    let arguments = parts.next().unwrap_or_default().to_vec();
    let fields = parts.next().unwrap_or_default();
    let what = arguments.join(" ");
    let ran = smtp::guarded(&what, async { Ok(player.subject.run(arguments).await) }).await?;
    let lines = output::ran(&ran, fields)?;
    shown(player, lines, expected, ran.code == 0)
}

/// `@mail from=A to=B,C [helo=H] [via=HOST] [dkim=DOMAIN] <<END`; without an expected block it must be taken.
async fn mail(player: &mut Player, words: &[String], document: &[String], expected: &[String]) -> Shown {
    let mut outgoing = Outgoing { helo: "client.example".into(), ..Outgoing::default() };
    let (mut to, mut signs) = (player.subject.smtp(), None);
    for word in words {
        match word.split_once('=') {
            Some(("from", value)) => outgoing.from = value.to_owned(),
            Some(("to", value)) => outgoing.to = value.split(',').map(str::to_owned).collect(),
            Some(("helo", value)) => outgoing.helo = value.to_owned(),
            Some(("via", value)) => to = player.internet.address(value)?,
            Some(("dkim", value)) => signs = Some(value),
            _ => return Err(format!("@mail from=A to=B,C [helo=H] [via=HOST] [dkim=DOMAIN] <<END, not {word:?}")),
        }
    }
    for line in document {
        outgoing.message.extend_from_slice(pattern::filled(line, &player.names)?.as_bytes());
        outgoing.message.extend_from_slice(b"\r\n");
    }
    if let Some(domain) = signs {
        let key = serde_json::from_str(DKIM_KEY).map_err(|error| format!("dkim-key.json: {error}"))?;
        outgoing.message = postcase::auth::signed(domain, &[key], outgoing.message);
    }
    let reply = smtp::send(to, &outgoing).await?;
    let taken = reply[0].starts_with('2');
    shown(player, reply, expected, taken)
}

/// `@received HOST [FIELDS…]` takes the next mail out of a host's inbox; without an expected block there must be one.
async fn received(player: &mut Player, words: &[String], expected: &[String]) -> Shown {
    player.settle().await?;
    let (host, fields) = words.split_first().ok_or("@received HOST [FIELDS…]")?;
    let mail = player.internet.host(host, |state| state.inbox.pop_front())?;
    let lines = mail.as_ref().map_or(vec![output::NOTHING.to_owned()], |mail| output::mail(mail, fields));
    shown(player, lines, expected, mail.is_some())
}

/// `@heard HOST` takes what was said to a host since the last time, but for messages.
async fn heard(player: &mut Player, words: &[String], expected: &[String]) -> Shown {
    player.settle().await?;
    let [host] = words else { return Err("@heard HOST".into()) };
    let mut lines = player.internet.host(host, |state| std::mem::take(&mut state.heard))?;
    if lines.is_empty() {
        lines.push(output::NOTHING.to_owned());
    }
    shown(player, lines, expected, true)
}

/// `@secret TEXT` changes the story's secret.
fn secret(player: &mut Player, words: &[String]) -> Shown {
    let [text] = words else { return Err("@secret TEXT".into()) };
    let file = player.names.get("secret").ok_or("the story has no file `secret`")?;
    std::fs::write(file, format!("{text}\n")).map_err(|error| format!("{file}: {error}"))?;
    Ok(None)
}

/// `@rules <<END` changes the story's rules. The server has the time to find them twice the same.
async fn rules(player: &mut Player, lines: &[String]) -> Shown {
    let file = player.names.get("rules").ok_or("the story has no file `rules`")?;
    std::fs::write(file, lines.join("\n") + "\n").map_err(|error| format!("{file}: {error}"))?;
    looked_at(player).await.map(|()| None)
}

async fn looked_at(player: &mut Player) -> Result<(), String> {
    for _ in 0..2 {
        player.subject.advance(Duration::from_secs(1));
        player.settle().await?;
    }
    Ok(())
}

/// Compares only when the story says what it expects; else it must have gone well.
fn shown(player: &mut Player, lines: Vec<String>, expected: &[String], well: bool) -> Shown {
    if !expected.is_empty() {
        return Ok(Some(lines));
    }
    if !well {
        return Err(format!("it failed:\n  {}", lines.join("\n  ")));
    }
    player.output = lines;
    Ok(None)
}

/// `@connect NAME [from=127.0.0.9] [lmtp]` opens a connection or goes back to it.
async fn connect(player: &mut Player, words: &[String]) -> Shown {
    let [name, rest @ ..] = words else { return Err("@connect NAME [from=127.0.0.9] [lmtp]".into()) };
    player.current.clone_from(name);
    if !player.connections.contains_key(name) {
        let from = rest.iter().find_map(|word| word.strip_prefix("from=")).map(str::parse).transpose();
        let lmtp = rest.iter().any(|word| word == "lmtp");
        player.open(from.map_err(|_| "from= wants an IP address")?, lmtp).await?;
    }
    Ok(None)
}

/// `@peer HOST accept | offers KEYWORDS… | login USER PASSWORD | STAGE [RECIPIENT] ANSWER [xN]`.
fn peer(player: &mut Player, words: &[String]) -> Shown {
    let [host, order, rest @ ..] = words else {
        return Err("@peer HOST accept | offers KEYWORDS… | login USER PASSWORD | STAGE [RECIPIENT] ANSWER [xN]".into());
    };
    match order.as_str() {
        "accept" => player.internet.host(host, |state| state.rules.clear())?,
        "offers" => player.internet.host(host, |state| state.offers = Some(rest.to_vec()))?,
        "login" => {
            let [user, password] = rest else { return Err("@peer HOST login USER PASSWORD".into()) };
            player.internet.host(host, |state| state.login = Some((user.clone(), password.clone())))?;
        }
        stage => {
            let rule = rule(stage, rest)?;
            player.internet.host(host, |state| state.rules.push(rule))?;
        }
    }
    Ok(None)
}

/// From the words behind the host.
pub fn rule(stage: &str, words: &[String]) -> Result<Rule, String> {
    let stage = Stage::named(stage)
        .ok_or_else(|| format!("no stage {stage:?}: greeting, ehlo, tls, mail, rcpt, data, dot (or accept, offers)"))?;
    let times = words.last().and_then(|word| word.strip_prefix('x')?.parse().ok());
    let words = if times.is_some() { &words[..words.len() - 1] } else { words };
    let (recipient, words) = match words {
        [first, rest @ ..] if first.contains('@') => (Some(first.clone()), rest),
        _ => (None, words),
    };
    let answer = match words.join(" ").as_str() {
        "stall" => Answer::Stall,
        "close" => Answer::Close,
        "drip" => Answer::Drip,
        line if line.starts_with("flood ") => Answer::Flood(line["flood ".len()..].to_owned()),
        reply if reply.len() > 3 && reply.as_bytes()[..3].iter().all(u8::is_ascii_digit) => {
            Answer::Say(String::from_utf8_lossy(&script::unescaped(reply)?).into_owned())
        }
        other => {
            return Err(format!("an answer is \"450 4.2.0 text\", stall, drip, flood LINE or close, not {other:?}"));
        }
    };
    Ok(Rule { stage, recipient, answer, left: times })
}

pub fn units() -> Vec<Unit> {
    vec![unit("a peer's rule is read", a_rule_is_read)]
}

fn a_rule_is_read() {
    let check = |text: &str, expected: Option<Rule>| {
        let words: Vec<_> = text.split(' ').map(str::to_owned).collect();
        assert_eq!(rule(&words[0], &words[1..]).ok(), expected, "{text}");
    };
    let say = |text: &str| Answer::Say(text.to_owned());
    let plain = |stage, answer| Rule { stage, recipient: None, answer, left: None };
    check("dot close", Some(plain(Stage::Dot, Answer::Close)));
    check("greeting 421 4.3.2 busy x2", Some(Rule { left: Some(2), ..plain(Stage::Greeting, say("421 4.3.2 busy")) }));
    let only = Some("a@b".to_owned());
    check("rcpt a@b 550 5.1.1 no", Some(Rule { recipient: only, ..plain(Stage::Rcpt, say("550 5.1.1 no")) }));
    check(r"data 354 go\r\n250 ok", Some(plain(Stage::Data, say("354 go\r\n250 ok"))));
    check("ehlo flood 250-on", Some(plain(Stage::Ehlo, Answer::Flood("250-on".to_owned()))));
    check("rcpt", None);
    check("dance stall", None);
    check("dot maybe", None);
}
