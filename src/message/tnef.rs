//! Outlook's `winmail.dat` (MS-OXTNEF): the files and the text inside it.
//!
//! A flat list of attributes, each with level, id, length, data and checksum; files have MAPI properties of their own
//! for the long name. Reading ends at the first attribute that doesn't fit; what was found until then counts. Nothing
//! is copied that isn't there, so memory is at most that of the input.

use super::charset;
use crate::base::limits::MIME_PARTS_MAX;

/// A file and what it is called.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct File {
    pub name: Option<String>,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
}

/// What the stream holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Content {
    pub text: Option<String>,
    pub files: Vec<File>,
}

const SIGNATURE: u32 = 0x223E_9F78;
const BODY: u32 = 0x0002_800C;
const MESSAGE_PROPERTIES: u32 = 0x0006_9003;
const FILE_BEGINS: u32 = 0x0006_9002;
const FILE_TITLE: u32 = 0x0001_8010;
const FILE_DATA: u32 = 0x0006_800F;
const FILE_PROPERTIES: u32 = 0x0006_9005;

const PROPERTY_BODY: u16 = 0x1000;
const PROPERTY_LONG_NAME: u16 = 0x3707;
const PROPERTY_CONTENT_TYPE: u16 = 0x370E;

/// True for the content type of such a stream.
pub fn is_tnef(kind: &str) -> bool {
    matches!(kind, "application/ms-tnef" | "application/vnd.ms-tnef")
}

/// Reads a stream; nothing when it isn't one.
pub fn read(bytes: &[u8]) -> Option<Content> {
    let mut rest = bytes;
    (u32(&mut rest)? == SIGNATURE).then_some(())?;
    rest.split_off(..2)?;
    let mut content = Content::default();
    while let Some((id, data)) = attribute(&mut rest) {
        match id {
            BODY => content.text = Some(text(data)),
            MESSAGE_PROPERTIES if content.text.is_none() => content.text = property(data, PROPERTY_BODY),
            FILE_BEGINS if content.files.len() < MIME_PARTS_MAX => content.files.push(File::default()),
            _ => {}
        }
        let Some(file) = content.files.last_mut() else { continue };
        match id {
            FILE_TITLE if file.name.is_none() => file.name = Some(text(data)),
            FILE_DATA => file.bytes = data.to_vec(),
            FILE_PROPERTIES => {
                file.name = property(data, PROPERTY_LONG_NAME).or(file.name.take());
                file.content_type = property(data, PROPERTY_CONTENT_TYPE);
            }
            _ => {}
        }
    }
    Some(content)
}

fn attribute<'a>(rest: &mut &'a [u8]) -> Option<(u32, &'a [u8])> {
    rest.split_off(..1)?;
    let id = u32(rest)?;
    let length = u32(rest)? as usize;
    let data = rest.split_off(..length)?;
    rest.split_off(..2)?;
    Some((id, data))
}

/// A text of MAPI properties (MS-OXTNEF §2.1.3.4): values of fixed size are skipped, those of other sizes are counted
/// and padded to four bytes.
fn property(data: &[u8], wanted: u16) -> Option<String> {
    let mut rest = data;
    let count = u32(&mut rest)?;
    for _ in 0..count {
        let kind = u16(&mut rest)?;
        let id = u16(&mut rest)?;
        if id >= 0x8000 {
            name(&mut rest)?;
        }
        let is_list = kind & 0x1000 != 0;
        let values = if is_list { u32(&mut rest)? } else { 1 };
        let kind = kind & 0x0FFF;
        for _ in 0..values {
            let fixed = match kind {
                0x02 | 0x03 | 0x04 | 0x0A | 0x0B => Some(4),
                0x05 | 0x06 | 0x07 | 0x14 | 0x40 => Some(8),
                0x48 => Some(16),
                _ => None,
            };
            if let Some(length) = fixed {
                rest.split_off(..length)?;
                continue;
            }
            let pieces = if is_list { 1 } else { u32(&mut rest)? };
            for _ in 0..pieces {
                let length = u32(&mut rest)? as usize;
                let value = rest.split_off(..length)?;
                rest.split_off(..length.next_multiple_of(4) - length)?;
                match kind {
                    0x1E if id == wanted => return Some(text(value)),
                    0x1F if id == wanted => return Some(wide_text(value)),
                    _ => {}
                }
            }
        }
    }
    None
}

/// The name of a named property: a GUID and a number or a text.
fn name(rest: &mut &[u8]) -> Option<()> {
    rest.split_off(..16)?;
    if u32(rest)? == 0 {
        rest.split_off(..4)?;
        return Some(());
    }
    let length = u32(rest)? as usize;
    rest.split_off(..length.checked_next_multiple_of(4)?)?;
    Some(())
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    charset::guess(&bytes[..end], None).replace("\r\n", "\n")
}

fn wide_text(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).take_while(|unit| *unit != 0);
    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>().replace("\r\n", "\n")
}

fn u16(rest: &mut &[u8]) -> Option<u16> {
    Some(u16::from_le_bytes(rest.split_off(..2)?.try_into().ok()?))
}

fn u32(rest: &mut &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(rest.split_off(..4)?.try_into().ok()?))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn add(stream: &mut Vec<u8>, id: u32, data: &[u8]) {
        stream.push(1);
        stream.extend(id.to_le_bytes());
        stream.extend((data.len() as u32).to_le_bytes());
        stream.extend(data);
        stream.extend([0, 0]);
    }

    /// A stream with a text and two files, one of them with a long name.
    pub fn stream() -> Vec<u8> {
        let mut stream = SIGNATURE.to_le_bytes().to_vec();
        stream.extend([1, 0]);
        add(&mut stream, BODY, b"Hello\r\nWorld\0");
        add(&mut stream, FILE_BEGINS, &[0; 14]);
        add(&mut stream, FILE_TITLE, b"a.txt\0");
        add(&mut stream, FILE_DATA, b"one");
        add(&mut stream, FILE_BEGINS, &[0; 14]);
        add(&mut stream, FILE_TITLE, b"LONGNA~1.TXT\0");
        add(&mut stream, FILE_DATA, b"two");
        let mut properties = 4u32.to_le_bytes().to_vec();
        properties.extend([0x03, 0x00, 0x01, 0x00, 7, 0, 0, 0]);
        properties.extend([0x03, 0x00, 0x01, 0x80]);
        properties.extend([[0; 16].as_slice(), &[0; 4], &[9; 4], &[7, 0, 0, 0]].concat());
        properties.extend([0x1E, 0x00, 0x0E, 0x37, 1, 0, 0, 0, 9, 0, 0, 0]);
        properties.extend(b"text/csv\0\0\0\0");
        properties.extend([0x1F, 0x00, 0x07, 0x37, 1, 0, 0, 0, 8, 0, 0, 0]);
        properties.extend([b'l', 0, 0xF6, 0, b'.', 0, b'c', 0]);
        add(&mut stream, FILE_PROPERTIES, &properties);
        stream
    }

    #[test]
    fn texts_and_files() {
        let content = read(&stream()).expect("a stream");
        assert_eq!(content.text.as_deref(), Some("Hello\nWorld"));
        let files: Vec<_> = content
            .files
            .iter()
            .map(|file| (file.name.as_deref(), file.content_type.as_deref(), &file.bytes[..]))
            .collect();
        assert_eq!(files, [(Some("a.txt"), None, &b"one"[..]), (Some("lö.c"), Some("text/csv"), b"two")]);
    }

    #[test]
    fn cut_and_broken_streams_end_quietly() {
        assert_eq!(read(b"no stream"), None);
        let whole = stream();
        for end in 0..whole.len() {
            let _ = read(&whole[..end]);
        }
        let mut broken = whole;
        for at in 6..broken.len() {
            let byte = std::mem::replace(&mut broken[at], 0xFF);
            let _ = read(&broken);
            broken[at] = byte;
        }
    }
}
