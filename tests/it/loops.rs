//! Machines that answer each other: two servers of ours, with and without the marks on their mail, and a responder that
//! has none. What each sends lies at a mail host until the trial carries it on, signed by its author's domain, so that
//! acknowledgements really go out. After at most four messages each way there is silence, and all of them are recorded.
//! And a machine that says the same for years is heard each time.

use std::net::SocketAddr;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use serde_json::Value;

use crate::internet::{self, Internet, Zone};
use crate::smtp::{self, Outgoing};
use crate::subject::{Setup, Subject};
use crate::unit::wait;
use crate::world;

const DKIM_KEY: &str = include_str!("../scenarios/dkim-key.json");
const DKIM_RECORD: &str = "v=DKIM1; k=ed25519; p=K+TTWkDOOZQNsc9ilhQj+6G7u7NhzkIXDLmN94ZZfxw=";
/// A loop would have more rounds than that.
const ROUNDS: usize = 20;
const INVOICES: usize = 120;
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);
/// More than an address acknowledges in a day, and no more of a domain than one gets in an hour.
const DOMAINS: usize = 26;
const AUTHORS: usize = 20;
const ACKNOWLEDGED: usize = 500;
const EACH_WAY_MAX: usize = 4;
/// What RFC 3834 and programs know a machine's mail by.
const MARKS: [&str; 4] = ["auto-submitted:", "x-auto-response-suppress:", "precedence:", "postcase-automatic:"];

pub fn trials(has_server: bool) -> Vec<Trial> {
    let trial = |name: &str, world: fn() -> World| {
        let run = move || if has_server { wait(silence_follows(world())) } else { Ok(()) };
        Trial::test(format!("loop: {name}"), run).with_ignored_flag(!has_server)
    };
    let many = move || if has_server { wait(a_day_of_strangers()) } else { Ok(()) };
    let equal = move || if has_server { wait(invoices()) } else { Ok(()) };
    vec![
        Trial::test("loop: 120 equal invoices are 120 messages", equal).with_ignored_flag(!has_server),
        Trial::test("loop: an address acknowledges 500 messages a day and takes the rest", many)
            .with_ignored_flag(!has_server),
        trial("two servers of ours", || World { marks_are_lost: false, is_robot: false }),
        trial("two servers of ours, and the marks are lost", || World { marks_are_lost: true, is_robot: false }),
        trial("a responder without any mark", || World { marks_are_lost: false, is_robot: true }),
    ]
}

/// Who lives at b.example, and what happens on the way.
#[derive(Clone, Copy)]
struct World {
    /// Mail is made to look as if a person had sent it.
    marks_are_lost: bool,
    /// Else it is another server of ours.
    is_robot: bool,
}

struct Place {
    domain: &'static str,
    server: Option<Box<dyn Subject>>,
    /// Messages that came to it from the other one.
    got: usize,
}

async fn silence_follows(world: World) -> Result<(), Failed> {
    let mut zone = Zone::default();
    for (domain, host) in [("a.example", 21), ("b.example", 22)] {
        zone.add(&format!(
            "{domain} MX 10 mx.{domain}\nmx.{domain} A 127.0.0.{host}\n_dmarc.{domain} TXT v=DMARC1; p=none\n\
             story._domainkey.{domain} TXT {DKIM_RECORD}\n"
        ))?;
    }
    let internet = Internet::start(zone).await?;
    let robot = Place { domain: "b.example", server: None, got: 0 };
    let other = if world.is_robot { robot } else { start(&internet, "b.example").await? };
    let mut places = [start(&internet, "a.example").await?, other];
    carry(&internet, &mut places, world).await?;
    // Somebody writes to the one in the name of the other.
    let text = message("b.example", "a.example", "first");
    let server = places[0].server.as_ref().ok_or("the first is a server")?;
    send(server.smtp(), "support@b.example", "a.example", text).await?;
    places[0].got = 1;
    let mut sent = carry(&internet, &mut places, world).await?;
    for _ in 0..3 {
        for server in places.iter_mut().filter_map(|place| place.server.as_mut()) {
            server.advance(Duration::from_secs(24 * 3600));
        }
        sent += carry(&internet, &mut places, world).await?;
    }
    let counts = places.each_ref().map(|place| place.got);
    if sent == 0 || counts.contains(&0) || counts.iter().any(|count| *count > EACH_WAY_MAX) {
        return Err(format!("{counts:?} messages came to each").into());
    }
    for place in &mut places {
        all_are_recorded(place).await?;
    }
    for place in places {
        if let Some(server) = place.server {
            server.stop().await;
        }
    }
    Ok(())
}

async fn start(internet: &Internet, domain: &'static str) -> Result<Place, Failed> {
    let configuration = format!(
        "hostname = \"mail.{domain}\"\nservice_domain = \"in.{domain}\"\n[smtp]\nlisten = [\"127.0.0.1:0\"]\n[http]\n\
         listen = \"127.0.0.1:0\"\n[outbound]\nport = {}\nprivate_networks = \"allow\"\n[dns]\nservers = [\"{}\"]\n",
        internet.port, internet.dns
    );
    let now = "2026-11-20T10:00:00Z".parse().expect("a time");
    let mut server = world::start(Setup { configuration, now }).await?;
    let address = format!("support@{domain}");
    run(&mut *server, &["address", "add", &address, "--mode", "direct", "--acknowledge", "We have it: {case}."])
        .await?;
    Ok(Place { domain, server: Some(server), got: 0 })
}

async fn run(server: &mut dyn Subject, words: &[&str]) -> Result<Value, Failed> {
    let words = ["--json"].iter().chain(words).map(|word| (*word).to_owned()).collect();
    let ran = server.run(words).await;
    if ran.code != 0 {
        return Err(ran.err.into());
    }
    Ok(serde_json::from_slice(&ran.out)?)
}

/// Carries mail between the two until there is none; how much there was.
async fn carry(internet: &Internet, places: &mut [Place; 2], world: World) -> Result<usize, Failed> {
    let mut carried = 0;
    for _ in 0..ROUNDS {
        for server in places.iter_mut().filter_map(|place| place.server.as_mut()) {
            server.settle().await;
        }
        let mut moved = 0;
        for n in 0..places.len() {
            let host = format!("mx.{}", places[n].domain);
            while let Some(mail) = internet.host(&host, |state| state.inbox.pop_front())? {
                moved += 1;
                deliver(places, n, mail, world).await?;
            }
        }
        if moved == 0 {
            return Ok(carried);
        }
        carried += moved;
    }
    Err(format!("no silence after {ROUNDS} rounds").into())
}

/// What a place's mail host has taken reaches it; a responder answers at once.
async fn deliver(places: &mut [Place; 2], n: usize, mail: internet::Mail, world: World) -> Result<(), Failed> {
    let (own, other) = (places[n].domain, places[1 - n].domain);
    let from = internet::bare(&mail.from);
    if from.starts_with("verify.") {
        let server = places[n].server.as_ref().ok_or("only a server sends probes")?;
        return send(server.smtp(), from, own, mail.raw).await;
    }
    places[n].got += 1;
    let author = format!("support@{other}");
    if let Some(server) = &places[n].server {
        let (from, raw) = if world.marks_are_lost { (&*author, unmarked(&mail.raw)) } else { (from, mail.raw) };
        return send(server.smtp(), from, own, signed(other, raw)).await;
    }
    places[1 - n].got += 1;
    let server = places[1 - n].server.as_ref().ok_or("one of them is a server")?;
    let text = message(own, other, &format!("answer{}", places[n].got));
    send(server.smtp(), &format!("support@{own}"), other, text).await
}

/// As a person would send it.
fn message(from: &str, to: &str, name: &str) -> Vec<u8> {
    signed(from, letter(&format!("support@{from}"), to, name))
}

fn letter(author: &str, to: &str, name: &str) -> Vec<u8> {
    let domain = author.rsplit('@').next().unwrap_or(author);
    let fields = format!("From: {author}\r\nTo: support@{to}\r\nSubject: {name}\r\n");
    format!("{fields}Message-ID: <{name}@{domain}>\r\n\r\nHere we are.\r\n").into_bytes()
}

fn signed(domain: &str, message: Vec<u8>) -> Vec<u8> {
    let key = serde_json::from_str(DKIM_KEY).expect("the stories' key");
    postcase::auth::signed(domain, &[key], message)
}

fn unmarked(message: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(message);
    let is_mark = |line: &&str| MARKS.iter().any(|mark| line.to_ascii_lowercase().starts_with(mark));
    text.split_inclusive('\n').filter(|line| !is_mark(line)).collect::<String>().into_bytes()
}

async fn send(to: SocketAddr, from: &str, domain: &str, message: Vec<u8>) -> Result<(), Failed> {
    let to_address = vec![format!("support@{domain}")];
    let outgoing = Outgoing { helo: "client.example".into(), from: from.to_owned(), to: to_address, message };
    let reply = smtp::send(to, &outgoing).await?;
    if reply[0].starts_with('2') { Ok(()) } else { Err(format!("refused: {}", reply.join(" / ")).into()) }
}

/// Each message that came to a server is on a case.
async fn all_are_recorded(place: &mut Place) -> Result<(), Failed> {
    let Some(server) = &mut place.server else { return Ok(()) };
    let listed = run(&mut **server, &["message", "list", "--all"]).await?;
    let messages = listed.as_array().ok_or("a list")?.iter().filter(|message| message["case"].is_number()).count();
    if messages != place.got {
        return Err(format!("{}: {messages} messages on cases, {} came", place.domain, place.got).into());
    }
    Ok(())
}

/// The same text every month, for ten years, is a message each time.
async fn invoices() -> Result<(), Failed> {
    let internet = Internet::start(Zone::default()).await?;
    let mut place = start(&internet, "a.example").await?;
    let server = place.server.as_mut().ok_or("the first is a server")?;
    for month in 0..INVOICES {
        let text = message("b.example", "a.example", "Invoice");
        let text = String::from_utf8_lossy(&text).replace("<Invoice@", &format!("<{month}@"));
        send(server.smtp(), "support@b.example", "a.example", text.into_bytes()).await?;
        server.settle().await;
        server.advance(MONTH);
    }
    let listed = run(&mut **server, &["message", "list", "--all"]).await?;
    let opened = |message: &&Value| message["disposition"] == "case_opened";
    let cases = listed.as_array().ok_or("a list")?.iter().filter(opened).count();
    if cases != INVOICES {
        return Err(format!("{cases} cases").into());
    }
    place.server.ok_or("the first is a server")?.stop().await;
    Ok(())
}

/// Each is somebody else, as they all are when somebody writes in many names.
async fn a_day_of_strangers() -> Result<(), Failed> {
    let mut zone = Zone::default();
    zone.add("a.example MX 10 mx.a.example\nmx.a.example A 127.0.0.21\nmx.b.example A 127.0.0.22")?;
    for n in 0..DOMAINS {
        zone.add(&format!(
            "d{n}.example MX 10 mx.b.example\n_dmarc.d{n}.example TXT v=DMARC1; p=none\n\
             story._domainkey.d{n}.example TXT {DKIM_RECORD}\n"
        ))?;
    }
    let internet = Internet::start(zone).await?;
    let robot = Place { domain: "b.example", server: None, got: 0 };
    let mut places = [start(&internet, "a.example").await?, robot];
    carry(&internet, &mut places, World { marks_are_lost: false, is_robot: true }).await?;
    let server = places[0].server.as_mut().ok_or("the first is a server")?;
    for n in 0..AUTHORS * DOMAINS {
        let domain = format!("d{}.example", n % DOMAINS);
        let author = format!("author{n}@{domain}");
        let text = signed(&domain, letter(&author, "a.example", &n.to_string()));
        send(server.smtp(), &author, "a.example", text).await?;
    }
    // A host is given so many at a time; the rest comes a little later.
    for _ in 0..ROUNDS {
        server.settle().await;
        let spool = run(&mut **server, &["spool", "list"]).await?;
        if spool.as_array().is_some_and(Vec::is_empty) {
            break;
        }
        server.advance(Duration::from_secs(2));
    }
    let sent = internet.host("mx.b.example", |state| state.inbox.len())?;
    let listed = run(&mut **server, &["message", "list", "--all"]).await?;
    let cases =
        listed.as_array().ok_or("a list")?.iter().filter(|message| message["disposition"] == "case_opened").count();
    if (sent, cases) != (ACKNOWLEDGED, AUTHORS * DOMAINS) {
        return Err(format!("{sent} acknowledgements, {cases} cases").into());
    }
    let [place, _] = places;
    place.server.ok_or("the first is a server")?.stop().await;
    Ok(())
}
