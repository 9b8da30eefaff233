//! Messages sent over one connection, and what was promised for each: its 250 with our mail id.

use std::net::SocketAddr;

use crate::smtp::{self, Connection, Outgoing};

/// The author's Message-ID and our mail id of a message that got its 250.
pub type Promise = (String, String);

/// Sends so many messages of up to `lines_max` lines, or until the connection breaks.
pub async fn collect(server: SocketAddr, to: &str, name: &str, count: usize, lines_max: usize) -> Vec<Promise> {
    let mut promises = Vec::new();
    let Ok(mut connection) = Connection::open(server, None).await else { return promises };
    if connection.reply().await.is_err() || connection.command("EHLO client.example").await.is_err() {
        return promises;
    }
    for n in 0..count {
        let message_id = format!("<{name}.{n}@customer.example>");
        let text = "All work and no play makes a dull message.\r\n".repeat(1 + n % lines_max);
        let message = format!(
            "From: Anna <anna@customer.example>\r\nTo: {to}\r\nSubject: {name} {n}\r\n\
             Message-ID: {message_id}\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n\r\n{text}"
        );
        let mail = Outgoing {
            from: "anna@customer.example".into(),
            to: vec![to.into()],
            message: message.into_bytes(),
            ..Outgoing::default()
        };
        let Ok(reply) = smtp::transaction(&mut connection, &mail).await else { break };
        if let Some(id) = reply[0].strip_prefix("250 2.0.0 ") {
            promises.push((message_id, id.split(' ').next().unwrap_or(id).to_owned()));
        }
    }
    promises
}
