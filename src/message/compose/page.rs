//! The HTML version of a text that leaves: for programs that show only that, or show plain text badly.
//!
//! Made from the plain text and from nothing else, so that no stranger's markup leaves under our name. Quoted lines
//! become nested quotations; links can be followed only where we wrote them ourselves, outside of quotations.

use super::flowed::quotation;

const BEGIN: &str = "<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"></head>\n<body>\n";
const END: &str = "</body>\n</html>\n";
const QUOTATION: &str =
    "<blockquote type=\"cite\" style=\"margin:0 0 0 0.8ex;border-left:1px solid #ccc;padding-left:1ex\">\n";
/// Deeper quotations look the same.
const DEPTH_MAX: usize = 8;

/// The page that shows a text.
pub fn page(text: &str) -> String {
    let mut out = BEGIN.to_owned();
    let (mut depth, mut is_open) = (0, false);
    for line in text.lines() {
        let (wanted, content) = quotation(line);
        let wanted = wanted.min(DEPTH_MAX);
        if is_open && (wanted != depth || content.trim().is_empty()) {
            out.push_str("</p>\n");
            is_open = false;
        }
        while depth != wanted {
            out.push_str(if depth < wanted { QUOTATION } else { "</blockquote>\n" });
            depth = if depth < wanted { depth + 1 } else { depth - 1 };
        }
        if content.trim().is_empty() {
            continue;
        }
        out.push_str(if is_open { "<br>\n" } else { "<p dir=\"auto\">" });
        is_open = true;
        write_line(&mut out, content, depth == 0);
    }
    if is_open {
        out.push_str("</p>\n");
    }
    out.extend(std::iter::repeat_n("</blockquote>\n", depth));
    out + END
}

fn write_line(out: &mut String, line: &str, has_links: bool) {
    let mut is_start = true;
    for (n, word) in line.split(' ').enumerate() {
        if n > 0 {
            // A second space in a row, or one at the start, would not be shown.
            out.push_str(if is_start || word.is_empty() { "&nbsp;" } else { " " });
        }
        match word.find("http").filter(|_| has_links && !word.is_empty()) {
            Some(at) => write_link(out, word, at),
            None => write_escaped(out, word),
        }
        is_start &= word.is_empty();
    }
}

fn write_link(out: &mut String, word: &str, at: usize) {
    let (before, link) = word.split_at(at);
    let ends = |c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"');
    let link = &link[..link.find(ends).unwrap_or(link.len())];
    let link = link.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '*', '_']);
    let is_link =
        ["http://", "https://"].iter().any(|scheme| link.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if !is_link || before.ends_with(char::is_alphanumeric) {
        return write_escaped(out, word);
    }
    write_escaped(out, before);
    out.push_str("<a href=\"");
    write_escaped(out, link);
    out.push_str("\">");
    write_escaped(out, link);
    out.push_str("</a>");
    write_escaped(out, &word[at + link.len()..]);
}

fn write_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&emsp;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::html;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let out = page(text);
        let body = out.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)).expect("one page");
        let shown = body.replace(QUOTATION, "[").replace("</blockquote>\n", "]").replace(" dir=\"auto\"", "");
        assert_eq!(shown.replace('\n', ""), expected, "{text:?}");
    }

    #[test]
    fn a_text_as_a_page() {
        check("", "");
        check("a\nb\n\nc\n", "<p>a<br>b</p><p>c</p>");
        check("  two  b", "<p>&nbsp;&nbsp;two&nbsp; b</p>");
        check("new\n> old\n>> older\n> old\nend", "<p>new</p>[<p>old</p>[<p>older</p>]<p>old</p>]<p>end</p>");
        check("> a\n>\n> b", "[<p>a</p><p>b</p>]");
        check("<script>alert(\"x\") & </script>", "<p>&lt;script&gt;alert(&quot;x&quot;) &amp; &lt;/script&gt;</p>");
        check(">".repeat(50).as_str(), &format!("{}{}", "[".repeat(DEPTH_MAX), "]".repeat(DEPTH_MAX)));
    }

    #[test]
    fn only_our_own_links_can_be_followed() {
        check(
            "see (https://a.example/x?y=1&z).",
            "<p>see (<a href=\"https://a.example/x?y=1&amp;z\">https://a.example/x?y=1&amp;z</a>).</p>",
        );
        check("> https://a.example", "[<p>https://a.example</p>]");
        check("xhttp://a http:// javascript:alert(1)", "<p>xhttp://a http:// javascript:alert(1)</p>");
        check("http://a\"onclick=x", "<p><a href=\"http://a\">http://a</a>&quot;onclick=x</p>");
    }

    #[test]
    fn the_page_says_what_the_text_says() {
        let text = "Dear Anna,\n\na < b & c\n\nOn Friday, Anna wrote:\n\n> It burns.\n> Really";
        assert_eq!(html::to_text(&page(text)).text.replace("\n>\n", "\n\n"), text);
    }
}
