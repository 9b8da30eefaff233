//! What a company's mail system does to a message that it passes on: another recipient, a Received field of its own, and,
//! when a story asks for it, the damage that real ones do.

use std::time::Duration;

use postcase::base::Time;

use super::sink::{Mail, bare};
use crate::smtp::Outgoing;
use crate::span::span;
use crate::unit::{Unit, unit};

/// One line of a company's alias table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forward {
    pub alias: String,
    pub target: String,
    /// Hosts that know the alias.
    pub hosts: Vec<String>,
    /// Put in front of the subject.
    tag: Option<String>,
    /// Header fields that are lost, in lower case.
    lost: Vec<String>,
    copies: usize,
    late: Duration,
    reverse_path: ReversePath,
}

/// What the envelope's sender becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ReversePath {
    #[default]
    Keep,
    /// Rewritten to the company's domain, as SRS does.
    Srs,
    Null,
}

impl Forward {
    /// From the words of `@forward`.
    pub fn read(words: &[String]) -> Result<Self, String> {
        let [alias, target, options @ ..] = words else { return Err("@forward ALIAS TARGET option=value…".into()) };
        let mut forward = Self { alias: alias.clone(), target: target.clone(), copies: 1, ..Self::default() };
        for option in options {
            let (key, value) = option.split_once('=').unwrap_or((option, ""));
            match key {
                "tag" => forward.tag = Some(value.to_owned()),
                "lose" => forward.lost.push(value.to_ascii_lowercase()),
                "copies" => forward.copies = value.parse().map_err(|_| format!("copies={value} is no number"))?,
                "late" => forward.late = span(value)?,
                "envelope" => {
                    forward.reverse_path = match value {
                        "keep" => ReversePath::Keep,
                        "srs" => ReversePath::Srs,
                        "null" => ReversePath::Null,
                        _ => return Err("envelope is keep, srs or null".into()),
                    }
                }
                _ => return Err(format!("no option {key:?}: tag, lose, copies, late, envelope")),
            }
        }
        Ok(forward)
    }
}

/// A message on its way through a company.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub host: String,
    pub mail: Mail,
    pub late: Duration,
    /// Set when the clock is first seen.
    pub due: Option<Time>,
    pub forward: Forward,
}

/// What a host passes on of a message.
pub fn parcels(forwards: &[Forward], host: &str, mail: &Mail) -> Vec<Parcel> {
    let known = |to: &&String| {
        let mut meant = forwards.iter().filter(|forward| forward.hosts.iter().any(|name| name == host));
        meant.find(|forward| forward.alias.eq_ignore_ascii_case(bare(to)))
    };
    let forwards = mail.to.iter().filter_map(|to| known(&to));
    let parcel = |forward: &Forward| Parcel {
        host: host.to_owned(),
        mail: mail.clone(),
        late: forward.late,
        due: None,
        forward: forward.clone(),
    };
    forwards.flat_map(|forward| std::iter::repeat_n(parcel(forward), forward.copies)).collect()
}

impl Parcel {
    /// The message as it leaves the company.
    pub fn outgoing(&self, now: Time) -> Outgoing {
        let author = bare(&self.mail.from);
        let domain = self.forward.alias.rsplit_once('@').map_or("", |(_, domain)| domain);
        let from = match (self.forward.reverse_path, author.rsplit_once('@')) {
            (ReversePath::Keep, _) => author.to_owned(),
            (ReversePath::Srs, Some((local, host))) => format!("SRS0=ab12=XY={host}={local}@{domain}"),
            (ReversePath::Null | ReversePath::Srs, _) => String::new(),
        };
        let host = &self.host;
        let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000");
        let mut message = format!("Received: from client by {host} with ESMTP id 1;\r\n\t{date}\r\n").into_bytes();
        message.extend(self.changed());
        Outgoing { helo: host.clone(), from, to: vec![self.forward.target.clone()], message }
    }

    /// The message without its lost fields and with its new subject.
    fn changed(&self) -> Vec<u8> {
        let mut message = Vec::with_capacity(self.mail.raw.len());
        let mut in_header = true;
        let mut losing = false;
        for line in self.mail.raw.split_inclusive(|byte| *byte == b'\n') {
            in_header &= !line.trim_ascii_end().is_empty();
            if !in_header {
                message.extend_from_slice(line);
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':').unwrap_or(0);
            let field = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
            if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                losing = self.forward.lost.contains(&field);
            }
            if losing {
                continue;
            }
            match &self.forward.tag {
                Some(tag) if field == "subject" => {
                    message.extend_from_slice(format!("Subject: {tag} ").as_bytes());
                    message.extend_from_slice(line[colon + 1..].trim_ascii_start());
                }
                _ => message.extend_from_slice(line),
            }
        }
        message
    }
}

pub fn units() -> Vec<Unit> {
    vec![unit("what a forwarder changes", what_a_forwarder_changes)]
}

fn what_a_forwarder_changes() {
    let raw = b"From: a@b\r\nReferences: <1@b>\r\n <2@b>\r\nSubject: hi\r\n\r\nSubject: body\r\n";
    let mail = Mail { from: "<a@b> SIZE=9".into(), to: vec!["<S@c> X".into()], raw: raw.to_vec(), ..Mail::default() };
    let check = |options: &str, from: &str, rest: &str| {
        let words: Vec<_> = ["s@c", "t@d"].into_iter().chain(options.split_whitespace()).map(str::to_owned).collect();
        let forward = Forward { hosts: vec!["mx".into()], ..Forward::read(&words).unwrap() };
        let out = parcels(&[forward], "mx", &mail)[0].outgoing(Time::UNIX_EPOCH);
        let text = String::from_utf8(out.message).unwrap();
        let received = "Received: from client by mx with ESMTP id 1;\r\n\tThu, 01 Jan 1970 00:00:00 +0000\r\n";
        assert_eq!((out.from.as_str(), text.strip_prefix(received)), (from, Some(rest)));
    };
    check("", "a@b", std::str::from_utf8(raw).unwrap());
    check("envelope=srs", "SRS0=ab12=XY=b=a@c", std::str::from_utf8(raw).unwrap());
    check("tag=[X] lose=references envelope=null", "", "From: a@b\r\nSubject: [X] hi\r\n\r\nSubject: body\r\n");
    assert!(Forward::read(&["a".into()]).is_err());
    assert!(Forward::read(&["a".into(), "b".into(), "burn=yes".into()]).is_err());
}
