//! The conversation that Outlook and Exchange count a message to: Thread-Index ([MS-OXOMSG] §2.2.1.3), base64 of one byte
//! that is always 1, five bytes of time, sixteen random ones of the conversation, and five more for each answer.

use data_encoding::BASE64;

use super::fields::Section;

/// What all messages of the conversation share; none without the field, or where it is another's invention.
pub fn of(section: &Section<'_>) -> Option<[u8; 16]> {
    let field = section.first("Thread-Index")?;
    let text: String = field.text().split_whitespace().collect();
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    let conversation: &[u8; 16] = bytes.get(6..)?.first_chunk()?;
    (bytes[0] == 1 && (bytes.len() - 22).is_multiple_of(5)).then_some(*conversation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_share_the_conversation() {
        let of_raw = |raw: &[u8]| of(&Section::of(raw));
        let of = |bytes: &[u8]| of_raw(format!("Thread-Index: {}\r\n\r\n", BASE64.encode(bytes)).as_bytes());
        let first: Vec<u8> = [1; 6].into_iter().chain(2..18).collect();
        let answer = [&first[..], &[9; 5]].concat();
        assert!(of(&first).is_some());
        assert_eq!(of(&answer), of(&first));
        assert_eq!(of(&answer[..25]), None);
        assert_eq!(of(&first[..20]), None);
        assert_eq!(of(&[0; 22]), None);
        let folded = b"Thread-Index: AQEBAQEBAgMEBQYHCAkK\r\n CwwNDg8QEQ==\r\n\r\n";
        assert_eq!(of_raw(folded), of(&first));
        assert_eq!(of_raw(b"Thread-Index: no base64\r\n\r\n"), None);
        assert_eq!(of_raw(b"Subject: x\r\n\r\n"), None);
    }
}
