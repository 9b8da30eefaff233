//! A name server for tests: a small zone over UDP on loopback. One record a line: `name TYPE value`, with the types MX,
//! A and AAAA; `SERVFAIL` as a value makes that question fail. Names that are not in the zone don't exist.

use std::net::SocketAddr;

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::MX;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::net::UdpSocket;

/// What the server knows.
pub(crate) struct Zone(Vec<(Name, RecordType, Option<RData>)>);

impl Zone {
    pub(crate) fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Self(lines.map(|line| record(&line.split_whitespace().collect::<Vec<_>>())).collect())
    }

    /// Answers until the runtime ends.
    pub(crate) async fn serve(self) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
                let answer = self.answer(&Message::from_vec(&buffer[..length]).unwrap());
                socket.send_to(&answer.to_vec().unwrap(), peer).await.unwrap();
            }
        });
        address
    }

    fn answer(&self, question: &Message) -> Message {
        let query = &question.queries[0];
        let mut answer = Message::response(question.metadata.id, OpCode::Query);
        answer.add_query(query.clone());
        let named: Vec<_> = self.0.iter().filter(|(name, ..)| name == query.name()).collect();
        answer.metadata.response_code = if named.is_empty() { ResponseCode::NXDomain } else { ResponseCode::NoError };
        for (name, _, data) in named.into_iter().filter(|(_, kind, _)| *kind == query.query_type()) {
            match data {
                Some(data) => drop(answer.add_answer(Record::from_rdata(name.clone(), 60, data.clone()))),
                None => answer.metadata.response_code = ResponseCode::ServFail,
            }
        }
        answer
    }
}

fn record(words: &[&str]) -> (Name, RecordType, Option<RData>) {
    let name = |text: &str| {
        let mut name = Name::from_ascii(text).unwrap();
        name.set_fqdn(true);
        name
    };
    let data = match words[1..] {
        [_, "SERVFAIL"] => None,
        ["MX", preference, host] => Some(RData::MX(MX::new(preference.parse().unwrap(), name(host)))),
        ["A", address] => Some(RData::A(address.parse().unwrap())),
        ["AAAA", address] => Some(RData::AAAA(address.parse().unwrap())),
        _ => panic!("not a record: {words:?}"),
    };
    (name(words[0]), words[1].parse().unwrap(), data)
}
