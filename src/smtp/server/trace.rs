//! The trace fields of a message (RFC 5321 §4.4), composed from its envelope when somebody asks for them: what is stored
//! is exactly what was received.
//!
//! A recipient is named only when there is no other, because the others may have been blind copies. Every text from the
//! peer was checked when it was said: none can end a line or a comment.

use std::net::IpAddr;

use crate::base::{Envelope, MailId};

/// Return-Path and Received, each ended by CRLF; nothing for a message that this server made.
pub fn trace(envelope: &Envelope, id: MailId, hostname: &str) -> String {
    let Some(helo) = &envelope.helo else { return String::new() };
    let return_path = envelope.from.mailbox().map_or(String::new(), ToString::to_string);
    let peer = envelope.peer.map_or(String::new(), |peer| format!(" ({})", literal(peer)));
    let tls = envelope.tls.as_ref().map_or(String::new(), |agreed| format!(" ({agreed})"));
    let recipient = match &envelope.to[..] {
        [only] => format!("\r\n\tfor <{only}>"),
        _ => String::new(),
    };
    let at = envelope.received_at.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let with = &envelope.with;
    format!(
        "Return-Path: <{return_path}>\r\n\
         Received: from {helo}{peer}\r\n\tby {hostname} with {with}{tls} id {id}{recipient};\r\n\t{at}\r\n"
    )
}

/// RFC 5321 §4.1.3.
fn literal(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("[{address}]"),
        IpAddr::V6(address) => format!("[IPv6:{address}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ReversePath;

    #[test]
    fn trace_fields_say_what_the_envelope_knows() {
        let check = |envelope: &Envelope, expected: &str| {
            assert_eq!(trace(envelope, "691f6a2c-1-2a".parse().unwrap(), "mail.example.net"), expected);
        };
        let mailbox = |text: &str| text.parse().unwrap();
        let mut envelope = Envelope {
            from: ReversePath::Mailbox(mailbox("anna@example.com")),
            to: vec![mailbox("support@example.net")],
            peer: Some("2001:db8::1".parse().unwrap()),
            helo: Some("client.example.com".into()),
            tls: Some("TLSv1.3 TLS_AES_256_GCM_SHA384".into()),
            require_tls: false,
            with: "ESMTPS".into(),
            received_at: "2026-11-20T10:00:00Z".parse().unwrap(),
        };
        check(
            &envelope,
            "Return-Path: <anna@example.com>\r\nReceived: from client.example.com ([IPv6:2001:db8::1])\r\n\
             \tby mail.example.net with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id 691f6a2c-1-2a\r\n\
             \tfor <support@example.net>;\r\n\tFri, 20 Nov 2026 10:00:00 +0000\r\n",
        );
        envelope.from = ReversePath::Null;
        envelope.to.push(mailbox("sales@example.net"));
        (envelope.peer, envelope.tls, envelope.with) = (Some("192.0.2.1".parse().unwrap()), None, "SMTP".into());
        check(
            &envelope,
            "Return-Path: <>\r\nReceived: from client.example.com ([192.0.2.1])\r\n\
             \tby mail.example.net with SMTP id 691f6a2c-1-2a;\r\n\tFri, 20 Nov 2026 10:00:00 +0000\r\n",
        );
        envelope.helo = None;
        check(&envelope, "");
    }
}
