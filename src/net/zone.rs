//! A name server for tests: a small zone over UDP on loopback. One record a line: `name TYPE value`, with the types MX,
//! A, AAAA, CNAME, PTR and TXT (the rest of the line); `SERVFAIL` as a value makes that question fail, `SILENCE` leaves it
//! unanswered. Names that are not in the zone don't exist. A name that begins with `*.` is any name below.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{CNAME, MX, PTR, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;

/// What the server knows.
pub(crate) struct Zone {
    records: Vec<(Name, RecordType, Data)>,
    asked: Arc<AtomicUsize>,
}

#[derive(Clone)]
enum Data {
    Is(RData),
    Fails,
    Silent,
}

impl Zone {
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Self { records: lines.map(record).collect(), asked: Arc::default() }
    }

    /// Counts the questions.
    pub(crate) fn asked(&self) -> Arc<AtomicUsize> {
        self.asked.clone()
    }

    /// Answers until the runtime ends.
    pub(crate) async fn serve(self) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
                self.asked.fetch_add(1, Ordering::Relaxed);
                if let Some(answer) = self.answer(&Message::from_vec(&buffer[..length]).unwrap()) {
                    // Who is gone needs no answer.
                    socket.send_to(&answer.to_vec().unwrap(), peer).await.ok();
                }
            }
        });
        address
    }

    /// `None` for silence.
    fn answer(&self, question: &Message) -> Option<Message> {
        let query = &question.queries[0];
        let mut answer = Message::response(question.metadata.id, OpCode::Query);
        answer.add_query(query.clone());
        let named: Vec<_> = self.records.iter().filter(|(name, ..)| is_named(name, query.name())).collect();
        answer.metadata.response_code = if named.is_empty() { ResponseCode::NXDomain } else { ResponseCode::NoError };
        let fits = |kind: &RecordType| *kind == query.query_type() || *kind == RecordType::CNAME;
        for (_, _, data) in named.into_iter().filter(|(_, kind, _)| fits(kind)) {
            match data {
                Data::Is(data) => drop(answer.add_answer(Record::from_rdata(query.name().clone(), 60, data.clone()))),
                Data::Fails => answer.metadata.response_code = ResponseCode::ServFail,
                Data::Silent => return None,
            }
        }
        Some(answer)
    }
}

fn is_named(name: &Name, asked: &Name) -> bool {
    name == asked || (name.is_wildcard() && name.base_name().zone_of(asked) && name.base_name() != *asked)
}

fn record(line: &str) -> (Name, RecordType, Data) {
    let absolute = |text: &str| {
        let mut name = Name::from_ascii(text).unwrap();
        name.set_fqdn(true);
        name
    };
    let (name, rest) = line.split_once(' ').unwrap();
    let (kind, value) = rest.trim().split_once(' ').unwrap();
    let data = match (kind, value.trim()) {
        (_, "SERVFAIL") => Data::Fails,
        (_, "SILENCE") => Data::Silent,
        ("A", address) => Data::Is(RData::A(address.parse().unwrap())),
        ("AAAA", address) => Data::Is(RData::AAAA(address.parse().unwrap())),
        ("CNAME", host) => Data::Is(RData::CNAME(CNAME(absolute(host)))),
        ("PTR", host) => Data::Is(RData::PTR(PTR(absolute(host)))),
        ("TXT", text) => {
            let pieces = text.as_bytes().chunks(255).map(|piece| String::from_utf8(piece.to_vec()).unwrap());
            Data::Is(RData::TXT(TXT::new(pieces.collect())))
        }
        ("MX", value) => {
            let (preference, host) = value.split_once(' ').unwrap();
            Data::Is(RData::MX(MX::new(preference.parse().unwrap(), absolute(host.trim()))))
        }
        _ => panic!("not a record: {line:?}"),
    };
    (absolute(name), kind.parse().unwrap(), data)
}
