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

/// A key by its path, its place in the settings, how it is read, and how it is shown where it isn't as it is kept.
macro_rules! key {
    ($path:literal, $($place:ident).+, $read:expr) => {
        key!($path, $($place).+, $read, |kept| json!(kept))
    };
    ($path:literal, $($place:ident).+, $read:expr, $show:expr) => {
        Key {
            path: $path,
            set: |settings, value| put(&mut settings.$($place).+, value, $read),
            get: |settings| shown(&settings.$($place).+, $show),
        }
    };
}

/// In the order of the shipped file.
pub const KEYS: &[Key] = &[
    Key {
        path: "hostname",
        set: |settings, value| {
            settings.hostname = value::domain(value)?;
            settings.smtp.hostname.clone_from(&settings.hostname);
            Ok(())
        },
        get: |settings| json!(settings.hostname),
    },
    key!("service_domain", service_domain, value::domain),
    key!("data_dir", data_dir, value::folder),
    key!("store.free_space_min", store.free_bytes_min, free_space, |bytes| {
        value::show_size(usize::try_from(*bytes).unwrap_or(usize::MAX))
    }),
    key!("smtp.listen", smtp.listen, |v| value::sockets(v, 1)),
    key!("smtp.trusted_networks", smtp.trusted_networks, value::networks, |networks| {
        networks.iter().map(ToString::to_string).collect()
    }),
    key!("smtp.bare_newlines", smtp.bare_newlines, |v| value::choice(v, r#""refuse" or "normalise""#)),
    key!("smtp.message_size_max", smtp.message_bytes_max, message_size, |bytes| value::show_size(*bytes)),
    key!("smtp.recipients_max", smtp.recipients_max, |v| value::count(v, 1, 10_000)),
    key!("smtp.connections_max", smtp.connections_max, |v| value::count(v, 1, 100_000)),
    key!("smtp.idle", smtp.idle, |v| value::duration(v, 1, HOUR), |idle| value::show_duration(*idle).into()),
    key!("smtp.postmaster_queue", postmaster_queue, value::queue),
    key!("smtp.tls.certificate", smtp.tls.certificate, value::file_or_none),
    key!("smtp.tls.key", smtp.tls.key, value::file_or_none),
    key!("lmtp.listen", smtp.lmtp, value::lmtp_sockets),
    key!("http.listen", http.listen, value::socket_or_none, |listen| {
        listen.map_or(String::new(), |at| at.to_string()).into()
    }),
    key!("outbound.smarthost", outbound.smarthost, value::host_or_none, |host| {
        host.as_ref().map_or(String::new(), value::show_host).into()
    }),
    key!("outbound.smarthost_tls", outbound.smarthost_tls, |v| {
        value::choice(v, r#""opportunistic", "starttls" or "tls""#)
    }),
    key!("outbound.smarthost_user", outbound.smarthost_user, value::user_or_none),
    key!("outbound.smarthost_password_file", outbound.smarthost_password_file, value::file_or_none),
    key!("outbound.smarthost_authorities", outbound.smarthost_authorities, value::file_or_none),
    key!("outbound.port", outbound.port, |v| value::count(v, 1, 65_535).map(|port| port as u16)),
    key!("outbound.private_networks", outbound.private_networks, |v| value::choice(v, r#""refuse" or "allow""#)),
    key!("outbound.retry", outbound.retry, value::schedule, |times| {
        times.iter().copied().map(value::show_duration).collect()
    }),
    key!("outbound.give_up_after", outbound.give_up_after, |v| value::duration(v, 1, 30 * 24 * HOUR), |after| {
        value::show_duration(*after).into()
    }),
    key!("cases.one_mail_many_addresses", many_addresses, |v| value::choice(v, r#""one-case" or "case-each""#)),
    key!("rules.file", rules, value::file),
    key!("hours", hours, hours::all),
    key!("dns.servers", dns.servers, |v| value::sockets(v, 0)),
];

const HOUR: u64 = 3600;

fn put<T>(place: &mut T, value: &Value<'_>, read: fn(&Value<'_>) -> Read<T>) -> Read<()> {
    *place = read(value)?;
    Ok(())
}

fn shown<T>(kept: &T, show: fn(&T) -> serde_json::Value) -> serde_json::Value {
    show(kept)
}

fn free_space(value: &Value<'_>) -> Read<u64> {
    value::size(value, 0, 1 << 50).map(|bytes| bytes as u64)
}

/// RFC 5321 §4.5.3.1.7 asks for 64 KiB at least; more than all sessions may buffer could never come in.
fn message_size(value: &Value<'_>) -> Read<usize> {
    value::size(value, 64 << 10, limits::BUFFERED_BYTES_MAX)
}
