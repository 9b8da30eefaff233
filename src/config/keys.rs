//! The list of all keys: how each is read from TOML into [`Settings`] and how it is shown again.
//!
//! A key is here from the day on which it has an effect. What is in no row of the list is an unknown key.

use serde_json::json;

use super::value::{self, Read, Value};
use super::{Settings, hours};
use crate::base::limits;

/// One key of the configuration.
pub struct Key {
    /// With its table: `smtp.listen`.
    pub path: &'static str,
    pub set: fn(&mut Settings, &Value<'_>) -> Read<()>,
    pub get: fn(&Settings) -> serde_json::Value,
}

/// In the order of the shipped file.
pub const KEYS: &[Key] = &[
    Key {
        path: "hostname",
        set: |s, v| {
            s.hostname = value::domain(v)?;
            put(&mut s.smtp.hostname, Ok(s.hostname.clone()))
        },
        get: |s| json!(s.hostname),
    },
    Key {
        path: "service_domain",
        set: |s, v| put(&mut s.service_domain, value::domain(v)),
        get: |s| json!(s.service_domain),
    },
    Key { path: "data_dir", set: |s, v| put(&mut s.data_dir, value::folder(v)), get: |s| json!(s.data_dir) },
    Key {
        path: "store.free_space_min",
        set: |s, v| put(&mut s.store.free_bytes_min, value::size(v, 0, 1 << 50).map(|bytes| bytes as u64)),
        get: |s| json!(value::show_size(usize::try_from(s.store.free_bytes_min).unwrap_or(usize::MAX))),
    },
    Key {
        path: "smtp.listen",
        set: |s, v| put(&mut s.smtp.listen, value::sockets(v, 1)),
        get: |s| json!(s.smtp.listen),
    },
    Key {
        path: "smtp.trusted_networks",
        set: |s, v| put(&mut s.smtp.trusted_networks, value::networks(v)),
        get: |s| json!(s.smtp.trusted_networks.iter().map(ToString::to_string).collect::<Vec<_>>()),
    },
    Key {
        path: "smtp.bare_newlines",
        set: |s, v| put(&mut s.smtp.bare_newlines, value::choice(v, r#""refuse" or "normalise""#)),
        get: |s| json!(s.smtp.bare_newlines),
    },
    Key {
        path: "smtp.message_size_max",
        // RFC 5321 §4.5.3.1.7 asks for 64 KiB at least; more than all sessions may buffer could never come in.
        set: |s, v| put(&mut s.smtp.message_bytes_max, value::size(v, 64 << 10, limits::BUFFERED_BYTES_MAX)),
        get: |s| json!(value::show_size(s.smtp.message_bytes_max)),
    },
    Key {
        path: "smtp.recipients_max",
        set: |s, v| put(&mut s.smtp.recipients_max, value::count(v, 1, 10_000)),
        get: |s| json!(s.smtp.recipients_max),
    },
    Key {
        path: "smtp.connections_max",
        set: |s, v| put(&mut s.smtp.connections_max, value::count(v, 1, 100_000)),
        get: |s| json!(s.smtp.connections_max),
    },
    Key {
        path: "smtp.idle",
        set: |s, v| put(&mut s.smtp.idle, value::duration(v, 1, HOUR)),
        get: |s| json!(value::show_duration(s.smtp.idle)),
    },
    Key {
        path: "smtp.postmaster_queue",
        set: |s, v| put(&mut s.postmaster_queue, value::queue(v)),
        get: |s| json!(s.postmaster_queue),
    },
    Key {
        path: "smtp.tls.certificate",
        set: |s, v| put(&mut s.smtp.tls.certificate, value::file_or_none(v)),
        get: |s| json!(s.smtp.tls.certificate),
    },
    Key {
        path: "smtp.tls.key",
        set: |s, v| put(&mut s.smtp.tls.key, value::file_or_none(v)),
        get: |s| json!(s.smtp.tls.key),
    },
    Key { path: "lmtp.listen", set: |s, v| put(&mut s.smtp.lmtp, value::lmtp_sockets(v)), get: |s| json!(s.smtp.lmtp) },
    Key {
        path: "http.listen",
        set: |s, v| put(&mut s.http.listen, value::socket_or_none(v)),
        get: |s| json!(s.http.listen.map_or(String::new(), |at| at.to_string())),
    },
    Key {
        path: "outbound.smarthost",
        set: |s, v| put(&mut s.outbound.smarthost, value::host_or_none(v)),
        get: |s| json!(s.outbound.smarthost.as_ref().map_or(String::new(), value::show_host)),
    },
    Key {
        path: "outbound.smarthost_tls",
        set: |s, v| put(&mut s.outbound.smarthost_tls, value::choice(v, r#""opportunistic", "starttls" or "tls""#)),
        get: |s| json!(s.outbound.smarthost_tls),
    },
    Key {
        path: "outbound.smarthost_user",
        set: |s, v| put(&mut s.outbound.smarthost_user, value::user_or_none(v)),
        get: |s| json!(s.outbound.smarthost_user),
    },
    Key {
        path: "outbound.smarthost_password_file",
        set: |s, v| put(&mut s.outbound.smarthost_password_file, value::file_or_none(v)),
        get: |s| json!(s.outbound.smarthost_password_file),
    },
    Key {
        path: "outbound.smarthost_authorities",
        set: |s, v| put(&mut s.outbound.smarthost_authorities, value::file_or_none(v)),
        get: |s| json!(s.outbound.smarthost_authorities),
    },
    Key {
        path: "outbound.port",
        set: |s, v| put(&mut s.outbound.port, value::count(v, 1, 65_535).map(|port| port as u16)),
        get: |s| json!(s.outbound.port),
    },
    Key {
        path: "outbound.private_networks",
        set: |s, v| put(&mut s.outbound.private_networks, value::choice(v, r#""refuse" or "allow""#)),
        get: |s| json!(s.outbound.private_networks),
    },
    Key {
        path: "outbound.retry",
        set: |s, v| put(&mut s.outbound.retry, value::schedule(v)),
        get: |s| json!(s.outbound.retry.iter().copied().map(value::show_duration).collect::<Vec<_>>()),
    },
    Key {
        path: "outbound.give_up_after",
        set: |s, v| put(&mut s.outbound.give_up_after, value::duration(v, 1, 30 * 24 * HOUR)),
        get: |s| json!(value::show_duration(s.outbound.give_up_after)),
    },
    Key {
        path: "cases.one_mail_many_addresses",
        set: |s, v| put(&mut s.many_addresses, value::choice(v, r#""one-case" or "case-each""#)),
        get: |s| json!(s.many_addresses),
    },
    Key { path: "rules.file", set: |s, v| put(&mut s.rules, value::file(v)), get: |s| json!(s.rules) },
    Key { path: "hours", set: |s, v| put(&mut s.hours, hours::all(v)), get: |s| json!(s.hours) },
    Key {
        path: "dns.servers",
        set: |s, v| put(&mut s.dns.servers, value::sockets(v, 0)),
        get: |s| json!(s.dns.servers),
    },
];

const HOUR: u64 = 3600;

fn put<T>(place: &mut T, read: Read<T>) -> Read<()> {
    *place = read?;
    Ok(())
}
