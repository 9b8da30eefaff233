//! What a company's mail system does to the mail that it forwards, each way by a real Postfix: one Postfix with a door for
//! each way, found over MX, and one postcase whose probes are signed. Each address is verified or not with the report that
//! says what customers' mail would suffer.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use libtest_mimic::Failed;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::postfix::{self, Door, Postfix, Roads};
use super::until;
use crate::child::{Home, Server};
use crate::internet::{self, Mail, Shared, Zone, dns};
use crate::smtp::{self, Outgoing};

const SERVICE_DOMAIN: &str = "in.example.net";
/// A second way to the service address, under a name that Postfix takes for another recipient.
const SECOND: &str = "second@loop.example";

/// One way of forwarding, and what must be told of it.
struct Way {
    /// The company is `NAME.example`.
    name: &'static str,
    header_checks: &'static str,
    /// A line of a table that rewrites the reverse-path.
    reverse_path: &'static str,
    footer: bool,
    twice: bool,
    problems: &'static [&'static str],
    /// What `path` says, among other things; null when the probe isn't known again.
    path: &'static str,
}

const PLAIN: Way = Way {
    name: "plain",
    header_checks: "",
    reverse_path: "",
    footer: false,
    twice: false,
    problems: &[],
    path: r#"{"copies":1,"hops":1,"dkim":"pass","changes":[],"from_kept":true,"message_id_kept":true,"to_kept":true}"#,
};

const WAYS: [Way; 8] = [
    PLAIN,
    Way {
        name: "tag",
        header_checks: "/^Subject: (.*)$/ REPLACE Subject: [EXT] $1",
        problems: &["subject_changed", "dkim_broken"],
        path: r#"{"subject_kept":false,"message_id_kept":true,"dkim":"fail"}"#,
        ..PLAIN
    },
    Way {
        name: "lost-id",
        header_checks: "/^Message-ID:/ IGNORE",
        problems: &["message_id_lost", "dkim_broken"],
        path: r#"{"message_id_kept":false,"from_kept":true}"#,
        ..PLAIN
    },
    Way {
        name: "srs",
        reverse_path: "/^(.*)@in\\.example\\.net$/ SRS0=ab12=XY=in.example.net=$1@srs.example",
        path: r#"{"dkim":"pass","changes":[]}"#,
        ..PLAIN
    },
    Way { name: "copies", twice: true, problems: &["copies"], path: r#"{"copies":2,"dkim":"pass"}"#, ..PLAIN },
    Way {
        name: "footer",
        footer: true,
        problems: &["dkim_broken"],
        path: r#"{"dkim":"fail","changes":[],"subject_kept":true}"#,
        ..PLAIN
    },
    Way {
        name: "from",
        header_checks: "/^From:/ REPLACE From: Forwarder <forwarder@from.example>",
        problems: &["from_lost", "dkim_broken"],
        path: r#"{"from_kept":false,"message_id_kept":true,"changes":["From is now forwarder@from.example"]}"#,
        ..PLAIN
    },
    // Nothing tells it from somebody's mail that quotes the code.
    Way {
        name: "everything",
        header_checks: "/^From:/ REPLACE From: Forwarder <forwarder@everything.example>\n/^Message-ID:/ IGNORE",
        path: "null",
        ..PLAIN
    },
];

impl Way {
    fn alias(&self) -> String {
        format!("support@{}.example", self.name)
    }
}

struct World {
    home: Home,
    _server: Server,
    postfix: Postfix,
    _tasks: JoinSet<()>,
}

impl World {
    async fn open() -> Result<Self, String> {
        let mut tasks = JoinSet::new();
        let port = postfix::free_port()?;
        let home = Home::with("refuse", &format!("[outbound]\nport = {port}\nprivate_networks = \"allow\"\n"))?;
        let key = &home.json(&["dkim", "new", SERVICE_DOMAIN, "--ed25519"])?["records"][0];
        let (name, value) = (key["name"].as_str().ok_or("no name")?, key["value"].as_str().ok_or("no value")?);
        let mut zone = Zone::default();
        zone.add(&format!("mail.example.net A 127.0.0.1\n{name} TXT {value}\n"))?;
        for (way, ip) in WAYS.iter().zip(addresses()) {
            let company = way.name;
            zone.add(&format!("{company}.example MX 10 mx.{company}.example\nmx.{company}.example A {ip}\n"))?;
        }
        let dns = dns::start(Arc::new(zone), &mut tasks).await.map_err(|error| error.to_string())?;
        home.configure(&format!("[dns]\nservers = [\"{dns}\"]\n"))?;
        let server = home.start()?;
        let mut aliases = Vec::new();
        for way in &WAYS {
            let added = home.json(&["address", "add", &way.alias()])?;
            let service = added["service_address"].as_str().ok_or("no service address")?;
            let second = if way.twice { vec![(SECOND.to_owned(), service.to_owned())] } else { Vec::new() };
            aliases.push((way.alias(), service.to_owned(), second));
        }
        let nobody = postfix::free_port()?;
        let filter = footers(port, &mut tasks).await?;
        let door = |(way, ip): (&'static Way, Ipv4Addr)| Door {
            name: way.name,
            ip,
            header_checks: way.header_checks,
            reverse_path: way.reverse_path,
            filter: way.footer.then_some(filter),
        };
        let roads = Roads {
            port,
            aliases: &aliases,
            postcase: server.smtp,
            elsewhere: SocketAddr::from(([127, 0, 0, 1], nobody)),
            doors: WAYS.iter().zip(addresses()).map(door).collect(),
        };
        let postfix = Postfix::start(&roads)?;
        Ok(Self { home, _server: server, postfix, _tasks: tasks })
    }

    async fn check(&self, way: &Way) -> Result<(), String> {
        let alias = way.alias();
        if way.path == "null" {
            let opened = ["message", "list", "--address", &alias, "--disposition", "case_opened"];
            self.until(&opened, |found| found[0]["subject"].as_str().is_some()).await?;
            let address = self.home.json(&["address", "show", &alias])?;
            let (state, verification) = (&address["state"], &address["verification"]);
            let told = [state, &verification["state"], &verification["path"], &verification["problems"]];
            assert_eq!(told, [&json!("unverified"), &json!("sent"), &Value::Null, &json!([])], "{address:#}");
            return Ok(());
        }
        let all_came = |address: &Value| {
            let copies = address["verification"]["path"]["copies"].as_u64();
            address["state"] == "verified" && copies >= Some(if way.twice { 2 } else { 1 })
        };
        let address = self.until(&["address", "show", &alias], all_came).await?;
        let verification = &address["verification"];
        assert_eq!(
            (&verification["how"], &verification["problems"]),
            (&json!("round-trip"), &json!(way.problems)),
            "{address:#}"
        );
        let expected: Value = serde_json::from_str(way.path).map_err(|error| error.to_string())?;
        for (name, expected) in expected.as_object().into_iter().flatten() {
            assert_eq!(&verification["path"][name], expected, "{}: {name} in {address:#}", way.name);
        }
        let from = verification["path"]["envelope_from"].as_str().unwrap_or_default();
        assert_eq!(from.starts_with("SRS0="), !way.reverse_path.is_empty(), "{}: {from}", way.name);
        Ok(())
    }

    async fn until(&self, arguments: &[&str], wanted: impl Fn(&Value) -> bool) -> Result<Value, String> {
        until(&self.home, arguments, wanted).await.map_err(|error| format!("{error}\n{}", self.postfix.said()))
    }
}

fn addresses() -> impl Iterator<Item = Ipv4Addr> {
    (31..).map(|last| Ipv4Addr::new(127, 0, 0, last))
}

/// A filter that puts a line below each message and gives it back to Postfix.
async fn footers(port: u16, tasks: &mut JoinSet<()>) -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let back = SocketAddr::from(([127, 0, 0, 1], port));
    let route = Arc::new(move |_: &str, mail: &Mail| {
        let mut message = mail.raw.clone();
        message.extend_from_slice(b"\r\n-- \r\nThis message is for its recipient alone.\r\n");
        let to = mail.to.iter().map(|to| internet::bare(to).to_owned()).collect();
        let from = internet::bare(&mail.from).to_owned();
        let mail = Outgoing { helo: "filter.footer.example".into(), from, to, message };
        // What gets lost here is missed by whoever waits for it.
        tokio::spawn(async move { smtp::send(back, &mail).await });
        true
    });
    tasks.spawn(internet::serve("filter".into(), listener, Shared::default(), route, Arc::default()));
    Ok(address)
}

/// Every way at once.
pub async fn each_way_is_told() -> Result<(), Failed> {
    let world = World::open().await?;
    for way in &WAYS {
        world.home.json(&["address", "verify", &way.alias()])?;
    }
    for way in &WAYS {
        world.check(way).await?;
    }
    Ok(())
}
