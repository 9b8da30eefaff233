//! Charsets of seven bits in which signs shift the meaning of the bytes behind them: UTF-7 (RFC 2152), ISO-2022-KR
//! (RFC 1557) and HZ (RFC 1843). Those of Japan are the library's.
//!
//! What is damaged becomes U+FFFD, or what the shifted bytes happen to mean. One pass each.

/// UTF-7 as text. A byte beyond ASCII has no meaning in it.
pub fn utf7(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == b'+') {
        text.push_str(&String::from_utf8_lossy(&rest[..at]));
        let shifted = &rest[at + 1..];
        let end = shifted.iter().position(|byte| value(*byte).is_none()).unwrap_or(shifted.len());
        rest = &shifted[end..];
        let is_closed = rest.starts_with(b"-");
        if end == 0 {
            // `+-` is a plus, and so is one that shifts nothing.
            text.push('+');
        } else {
            let units = units(&shifted[..end]);
            text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        }
        rest = &rest[usize::from(is_closed)..];
    }
    text.push_str(&String::from_utf8_lossy(rest));
    text
}

/// Sixteen bits each; bits that fill up the last sign are dropped.
fn units(signs: &[u8]) -> impl Iterator<Item = u16> {
    let (mut bits, mut count) = (0u32, 0);
    signs.iter().filter_map(|sign| value(*sign)).filter_map(move |value| {
        bits = bits << 6 | u32::from(value);
        count += 6;
        let is_whole = count >= 16;
        count -= if is_whole { 16 } else { 0 };
        is_whole.then_some((bits >> count) as u16)
    })
}

/// Of a sign of base64.
fn value(sign: u8) -> Option<u8> {
    match sign {
        b'A'..=b'Z' => Some(sign - b'A'),
        b'a'..=b'z' => Some(sign - b'a' + 26),
        b'0'..=b'9' => Some(sign - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// ISO-2022-KR as EUC-KR: between SO and SI each byte gets its high bit.
pub fn euc_kr(bytes: &[u8]) -> Vec<u8> {
    const HEADER: &[u8] = b"\x1b$)C";
    const SHIFT_OUT: u8 = 0x0e;
    const SHIFT_IN: u8 = 0x0f;
    let mut euc = Vec::with_capacity(bytes.len());
    let mut is_shifted = false;
    let mut rest = bytes;
    while let Some((&first, behind)) = rest.split_first() {
        rest = rest.strip_prefix(HEADER).unwrap_or(behind);
        match first {
            0x1b if rest.len() < behind.len() => {}
            SHIFT_OUT => is_shifted = true,
            SHIFT_IN => is_shifted = false,
            b'!'..=b'~' if is_shifted => euc.push(first | 0x80),
            _ => euc.push(first),
        }
        // A line begins in ASCII.
        is_shifted &= first != b'\n';
    }
    euc
}

/// HZ as GB 2312: between `~{` and `~}` each byte gets its high bit; `~~` is a tilde, and one at the end of a line
/// joins it with the next.
pub fn gb2312(bytes: &[u8]) -> Vec<u8> {
    let mut gb = Vec::with_capacity(bytes.len());
    let mut is_shifted = false;
    let mut rest = bytes;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match (first, behind.first()) {
            (b'~', Some(b'{')) => is_shifted = true,
            (b'~', Some(b'}')) => is_shifted = false,
            (b'~', Some(b'\n')) => {}
            (b'~', Some(b'~')) => gb.push(b'~'),
            (b'!'..=b'~', _) if is_shifted => {
                gb.push(first | 0x80);
                continue;
            }
            _ => {
                is_shifted &= first != b'\n';
                gb.push(first);
                continue;
            }
        }
        rest = &behind[1..];
    }
    gb
}

#[cfg(test)]
mod tests {
    use super::super::charset::decode;

    #[test]
    fn shifted_text() {
        for (name, bytes, expected) in [
            ("utf-7", "Gr+APYA3w-e, +ZYc-", "Größe, 文"),
            ("utf-7", "caf+AOk na+AO8-ve +APE", "café naïve ñ"),
            ("utf-7", "1 +- 1 + 1 +-+", "1 + 1 + 1 ++"),
            ("utf-7", "+2D3eAA- +2D0- +AOk-- +A", "😀 \u{fffd} é- "),
            ("unicode-1-1-utf-7", "+AOk", "é"),
            ("iso-2022-kr", "\x1b$)Ca \x0eGQ19>n\x0f b", "a 한국어 b"),
            ("iso-2022-kr", "\x0eGQ\nGQ", "한\nGQ"),
            ("hz-gb-2312", "a ~{VPND~} ~~ b~\nc", "a 中文 ~ bc"),
            ("hz", "~{VP\n~}~", "中\n~"),
        ] {
            assert_eq!(decode(bytes.as_bytes(), Some(name)), expected, "{name}: {bytes:?}");
        }
        assert_eq!(decode(b"\xff+AOk", Some("utf-7")), "\u{fffd}é");
    }
}
