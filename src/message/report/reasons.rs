//! Why a message wasn't delivered, in one word, from what servers say: phrases first, because codes are often vague,
//! then the enhanced code (RFC 3463, RFC 7505, RFC 7372).
//!
//! The order of the phrases matters: the first one that is found decides, so special ones stand above general ones.

/// Phrases in lower case and the word for them.
#[rustfmt::skip]
const PHRASES: &[(&str, &[&str])] = &[
    ("domain_error", &["domain does not exist", "domain doesn't exist"]),
    ("message_too_large", &[
        "message size exceeds", "message too large", "message too big", "exceeds size limit", "size limit exceeded",
        "message length exceeds", "message exceeded max", "exceeds the maximum",
        "larger than the current system limit", "message file too big", "mail size limit",
        "exceeded maximum message size", "too large message",
    ]),
    ("mailbox_full", &[
        "mailbox full", "mailbox is full", "mail box is full", "mailbox exceeds", "over quota", "overquota",
        "out of quota", "quota exceeded", "exceeded quota", "exceeded storage", "exceeded the quota",
        "storage allocation", "quota violation", "disk quota", "user is over quota", "mailbox size limit",
        "exceeded their quota", "exceeds allowed size", "exceeded the local limit", "insufficient disk space",
        "not enough storage", "account is full", "inbox is full", "mail quota", "quota full", "over their quota",
        "is over the maximum", "boîte pleine", "postfach ist voll", "casella piena", "buzón lleno",
    ]),
    ("disabled", &[
        "account has been disabled", "account is disabled", "account disabled", "account suspended",
        "account has been suspended", "mailbox disabled", "mailbox is disabled", "mailbox suspended",
        "account is inactive", "mailbox is inactive", "inactive user", "user suspended", "not currently active",
        "disabled or discontinued", "account is locked", "email account that you tried to reach is disabled",
        "is not accepting any mail", "account deactivated", "account inactive", "mailbox currently suspended",
        "recipient suspend", "mailbox is frozen", "disabled recipient",
    ]),
    ("moved", &[
        "has moved", "address has changed", "has been replaced by", "user has moved", "no longer at this address",
        "new address", "email address has been changed",
    ]),
    ("auth", &[
        "dmarc", "dkim", "spf ", "(spf", "spf)", "sender policy framework", "unauthenticated email",
        "unauthenticated mail", "is not authenticated", "authentication checks", "authentication required",
        "must authenticate", "requires authentication", "unauthenticated senders",
    ]),
    ("blocked", &[
        "blacklist", "block list", "blocklist", "blocked using", " rbl ", "dnsbl", "spamhaus", "spamcop",
        "barracudacentral", "client host rejected", "reverse dns", "ptr record", "rdns", "reverse hostname",
        "reverse lookup", "ip address is not", "your ip", "sending ip", "bad reputation", "poor reputation",
        "low reputation", "reputation", "open relay", "helo command rejected", "your mail server",
        "no access from mail server", "too many connections from your", "too many emails", "rate limited",
        "unusual rate", "sending rate", "banned sending ip", "is listed on", "is listed in", "invalid ip",
        "denied by ip", "dynamic ip", "greylist", "access denied. ip", "cannot find your hostname",
    ]),
    ("spam", &[
        "spam", "unsolicited", "junk mail", "bulk mail", "content rejected", "message looks like",
        "likely unsolicited", "bayes", "uribl",
    ]),
    // Of the sender, whatever code and words say about an address or a domain.
    ("rejected", &[
        "after mail from:", "sender rejected", "sender was rejected", "sender address rejected", "sender denied",
        "rejected by the recipient domain",
    ]),
    ("user_unknown", &[
        "user unknown", "unknown user", "unknown recipient", "recipient unknown", "no such user", "no such recipient",
        "no such mailbox", "no such account", "no such address", "no such person", "does not exist", "doesn't exist",
        "address not found", "address unknown", "unknown address", "unknown account", "unknown local",
        "unknown or illegal", "unknown mailbox", "mailbox unknown", "mailbox not found", "no mailbox",
        "mailbox unavailable", "user not found", "account not found", "recipient not found", "invalid recipient",
        "invalid mailbox", "invalid user", "invalid address", "not a valid mailbox", "not a valid user",
        "not a known user", "not our customer", "doesn't have a", "not listed in", "isn't listed", "user doesn't",
        "recipient address rejected", "recipient name is not recognized", "not in my list", "couldn't be found",
        "could not be found", "wasn't found", "destination addresses were unknown", "illegal alias",
        "unrouteable address", "unroutable address", "who does not exist", "not known at this site",
        "no mail box available", "is not a registered", "no valid recipients", "not listed in domino directory",
        "recipient does not exist", "user is unknown", "not exist", "unknown: user", "見つかりません", "リストにありません", "用户不存在",
        "ディレクトリのリスト", "destinataire inconnu", "utilisateur inconnu", "utente sconosciuto", "usuario desconocido",
        "empfänger unbekannt",
    ]),
    ("domain_error", &[
        "host unknown", "unknown host", "host not found", "domain not found", "domain unknown", "unknown domain",
        "no such domain", "no such host", "couldn't find any host", "couldn't find a mail exchanger",
        "name or service not known", "no mx record", "nullmx", "null mx", "does not accept mail",
        "domain is not", "domain of recipient", "bad host", "host name lookup",
        "name service error", "could not find a gateway", "no route to host", "dns error", "nxdomain",
        "unable to find mx", "illegal host", "mail server for", "invalid domain", "recipient domain",
    ]),
    ("policy", &[
        "relaying denied", "relay denied", "relay access denied", "relaying not", "not permitted to relay",
        "unable to relay", "virus", "malware", "infected", "policy", "violat", "not allowed", "prohibited", "banned",
        "attachment", "header error", "not rfc", "rfc 5322", "rfc 2822", "ssl", "tls required",
        "administrative prohibition", "executable", "security problem", "content filter", "not authorized",
        "not authorised",
    ]),
    ("temporary", &[
        "retry timeout", "retry time", "queue too long", "queue lifetime", "message timed out", "timed out",
        "timeout", "could not be delivered for more than", "delivery time expired", "delivery expired",
        "message expired", "undeliverable for", "try again", "temporarily", "connection refused", "connection reset",
        "connection closed", "lost connection", "unable to connect", "couldn't connect", "wasn't able to establish",
        "network is unreachable", "network unreachable", "unreachable", "not responding", "did not respond",
        "socket error", "too many connections", "too many concurrent", "too many hops", "mail loop",
        "loops back to myself", "deferred", "has been delayed", "local configuration error", "system error",
        "internal error", "internal system", "server busy", "service unavailable", "service currently unavailable", "insufficient system",
        "no space left", "hosts have been failing", "delivery failed 20 attempts", "attempts:",
    ]),
    ("rejected", &[
        "access denied", "rejected", "refused", "message denied", "denied", "forbidden", "not accept", "blocked",
    ]),
];

/// Enhanced codes without their class and the word for them.
#[rustfmt::skip]
const CODES: &[(&str, &str)] = &[
    ("1.0", "user_unknown"), ("1.1", "user_unknown"), ("1.2", "domain_error"), ("1.3", "user_unknown"),
    ("1.6", "moved"), ("1.7", "rejected"), ("1.8", "rejected"), ("1.10", "domain_error"), ("2.0", "rejected"),
    ("2.1", "disabled"), ("2.2", "mailbox_full"), ("2.3", "message_too_large"), ("3.1", "mailbox_full"),
    ("3.4", "message_too_large"), ("4.0", "temporary"), ("4.1", "temporary"), ("4.2", "temporary"),
    ("4.4", "domain_error"), ("4.5", "temporary"), ("4.6", "temporary"), ("4.7", "temporary"), ("6.0", "policy"),
    ("7.0", "rejected"), ("7.1", "rejected"), ("7.8", "auth"), ("7.9", "auth"), ("7.13", "disabled"),
    ("7.20", "auth"), ("7.23", "auth"), ("7.25", "blocked"), ("7.26", "auth"),
];

/// The reason from a recipient's status and what is said about it.
pub fn of(status: Option<&str>, said: &str) -> &'static str {
    let status = status.unwrap_or("");
    if status.starts_with('2') {
        return "delivered";
    }
    let said = super::folded(said);
    let found = PHRASES.iter().position(|(_, phrases)| phrases.iter().any(|phrase| said.contains(phrase)));
    let (class, detail) = status.split_once('.').unwrap_or(("", ""));
    let code = CODES.iter().find(|(code, _)| *code == detail).map(|(_, word)| *word);
    // A refusal, the last ones, says nothing that the code doesn't say better.
    let phrase = found.filter(|at| code.is_none() || at + 1 < PHRASES.len()).map(|at| PHRASES[at].0);
    phrase.or(code).unwrap_or(if class == "4" { "temporary" } else { "other" })
}

/// True when a server's reply (RFC 5321 §4.2) is among what is said.
pub fn has_reply_code(said: &str) -> bool {
    said.split(|c: char| !c.is_alphanumeric())
        .any(|word| word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_and_code_gives_its_word() {
        for (word, phrases) in PHRASES {
            for phrase in *phrases {
                assert_eq!(super::super::folded(phrase), phrase.trim());
                let found = of(None, &format!("x {phrase} x"));
                let earlier = PHRASES.iter().take_while(|(other, _)| other != word);
                let shadowed = earlier.flat_map(|(_, phrases)| *phrases).any(|other| phrase.contains(other));
                assert!(found == *word && !shadowed, "{phrase:?} of {word} gives {found}");
            }
        }
        for (code, word) in CODES {
            assert_eq!(of(Some(&format!("5.{code}")), ""), *word);
        }
    }

    #[test]
    fn phrases_say_more_than_codes() {
        for (status, said, expected) in [
            (Some("5.0.0"), "550 Mailbox is  FULL", "mailbox_full"),
            (Some("5.7.1"), "550 5.7.1 Access denied", "rejected"),
            (Some("5.1.1"), "550 rejected", "user_unknown"),
            (Some("5.1.7"), "error after MAIL FROM:<a@b.example>: 550 no such domain b.example", "rejected"),
            (Some("5.1.0"), "550 <a@b.example> sender rejected", "rejected"),
            (Some("5.7.1"), "550 Sender address rejected: SPF check failed", "auth"),
            (Some("4.9.9"), "", "temporary"),
            (Some("2.0.0"), "250 queued", "delivered"),
            (None, "who knows", "other"),
        ] {
            assert_eq!(of(status, said), expected, "{status:?} {said:?}");
        }
    }
}
