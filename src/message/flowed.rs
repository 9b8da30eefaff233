//! Text with soft line breaks (RFC 3676): lines that the writer's program cut are joined again.
//!
//! Only lines of one quotation depth are joined, and the separator of a signature never is.

/// Joins flowed lines; with `delete_space` the space that marks a soft break goes, too (RFC 3676 §4.1).
pub fn joined(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The depth of the line that flows on.
    let mut open: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        let content = &line[depth..];
        // RFC 3676 §4.4: one space of stuffing.
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_separator = content == "-- ";
        if open == Some(depth) && !is_separator {
            out.push_str(content);
        } else {
            if open.is_some() {
                out.push('\n');
            }
            out.push_str(&line[..depth]);
            if depth > 0 && !content.is_empty() {
                out.push(' ');
            }
            out.push_str(content);
        }
        let flows = content.ends_with(' ') && !is_separator && !end.is_empty();
        if flows && delete_space {
            out.pop();
        }
        open = flows.then_some(depth);
        if !flows {
            out.push_str(end);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_line_breaks() {
        for (text, delete_space, expected) in [
            ("a \nb\nc", false, "a b\nc"),
            ("a \nb\nc", true, "ab\nc"),
            ("> a \n> b\nc", false, "> a b\nc"),
            ("> a \nb", false, "> a \nb"),
            (">> a \n> b", false, ">> a \n> b"),
            (" > no quote\n From x", false, "> no quote\nFrom x"),
            ("a\n-- \nAnna", false, "a\n-- \nAnna"),
            ("a \n-- \nAnna", false, "a \n-- \nAnna"),
            ("a \n", false, "a "),
            ("", false, ""),
        ] {
            assert_eq!(joined(text, delete_space), expected, "{text:?}");
        }
    }
}
