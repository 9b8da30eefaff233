//! Counting the hosts that a message has passed (RFC 5321 §6.3), so that a loop ends.

/// The Received fields in the header section of a message whose lines end with CR LF.
pub fn received_hops(message: &[u8]) -> usize {
    let mut hops = 0;
    let mut rest = message;
    while !rest.is_empty() && !rest.starts_with(b"\r\n") {
        hops += usize::from(is_received(rest));
        let line = memchr::memchr(b'\n', rest).map_or(rest.len(), |lf| lf + 1);
        rest = &rest[line..];
    }
    hops
}

/// RFC 5322 §4.5 lets blanks stand before the colon.
fn is_received(line: &[u8]) -> bool {
    const NAME: &[u8] = b"received";
    line.split_at_checked(NAME.len()).is_some_and(|(name, rest)| {
        name.eq_ignore_ascii_case(NAME) && rest.iter().find(|byte| !matches!(byte, b' ' | b'\t')) == Some(&b':')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(message: &str, expected: usize) {
        assert_eq!(received_hops(message.as_bytes()), expected, "{message:?}");
    }

    #[test]
    fn counts_fields_of_the_header_section_only() {
        check("", 0);
        check("Received: a\r\nRECEIVED \t: b\r\nSubject: c\r\nreceived:d\r\n\r\nReceived: body\r\n", 3);
        check("Received: a\r\n Received: folded\r\nReceived-SPF: pass\r\nX-Received: b\r\n\r\n", 1);
        check("\r\nReceived: body\r\n", 0);
        check("Received: no empty line\r\n", 1);
        check("Received", 0);
    }
}
