//! Files that were uuencoded into a text, as programs older than MIME do: taken out of it.

use super::attached::{self, File};
use super::transfer;

/// Takes the uuencoded files out of a text.
pub fn take(text: &mut String) -> Vec<File> {
    let mut found = Vec::new();
    if !text.contains("begin ") {
        return found;
    }
    let mut kept = String::new();
    let mut rest = text.as_str();
    while let Some((start, name, length)) = next_file(rest) {
        let bytes = transfer::uuencode(&rest.as_bytes()[start..start + length]);
        found.push(attached::of_file(Some(name.to_owned()), None, bytes));
        kept.push_str(&rest[..start]);
        rest = &rest[start + length..];
    }
    if !found.is_empty() {
        kept.push_str(rest);
        *text = kept;
    }
    found
}

/// Where a file begins, its name, and the length up to behind its `end`.
fn next_file(text: &str) -> Option<(usize, &str, usize)> {
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let name = begin_line(line);
        if let (Some(name), Some(first)) = (name, lines.peek())
            && is_data(first)
        {
            let behind = text[at..].find("\nend\n").map(|end| end + "\nend\n".len());
            let behind = behind.or_else(|| text[at..].ends_with("\nend").then_some(text.len() - at))?;
            return Some((at, name, behind));
        }
        at += line.len();
    }
    None
}

/// `begin 644 name`
fn begin_line(line: &str) -> Option<&str> {
    let (mode, name) = line.strip_prefix("begin ")?.split_once(' ')?;
    let is_mode = (3..=4).contains(&mode.len()) && mode.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    Some(name.trim()).filter(|name| is_mode && !name.is_empty())
}

/// A line whose first sign counts the bytes behind it.
fn is_data(line: &str) -> bool {
    let line = line.trim_end_matches(['\r', '\n']);
    let Some(first) = line.bytes().next() else { return false };
    let signs = usize::from(first.wrapping_sub(b' ') & 63).div_ceil(3) * 4;
    line.bytes().all(|byte| (b' '..=b'`').contains(&byte)) && line.len() > 1 && line.len() <= signs + 3
}
