//! HTML to readable text: what a person sees, as lines. Not a browser: no styles, no scripts, no tables of boxes.
//!
//! One pass, linear in its input; the output ends at [`TEXT_BYTES_MAX`]. A quotation (`<blockquote>`) becomes lines
//! with `> `, so that the rules for quoted text work on it as on plain mail. Nothing fails: broken markup is text.

use mail_parser::decoders::html::add_html_token;

use super::original::{Field, block};
use crate::base::limits::TEXT_BYTES_MAX;

/// Elements whose content nobody sees.
const HIDDEN: &[&str] = &["script", "style", "title", "template", "noscript", "svg", "math", "object"];
/// Elements that stand on lines of their own.
const BLOCKS: &[&str] = &[
    "address", "article", "aside", "center", "dd", "div", "dl", "dt", "fieldset", "figure", "footer", "form", "header",
    "hr", "html", "body", "li", "main", "nav", "pre", "section", "table", "tbody", "thead", "tr", "title",
];
/// Blocks with an empty line around them.
const PARAGRAPHS: &[&str] = &["p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote"];
/// Deeper quotations look the same.
const QUOTE_DEPTH_MAX: usize = 8;

/// Classes and ids of the elements in which mail programs put the message that they answer, in lower case.
#[rustfmt::skip]
const ORIGINALS: &[&str] = &[
    "gmail_quote", "yahoo_quoted", "divrplyfwdmsg", "appendonsend", "ms-outlook-mobile-reference-message",
    "olk_src_body_section", "protonmail_quote", "tutanota_quote", "zmail_extra", "moz-cite-prefix",
    "mailru-blockquote",
];

/// More rules than any program writes above the message that is answered.
const RULES_MAX: usize = 20;

/// What an HTML body shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub text: String,
    /// Where in the text the message begins that this one answers, when the markup says so.
    pub original_at: Option<usize>,
}

/// The text of an HTML body.
pub fn to_text(html: &str) -> Shown {
    let mut writer = TextWriter::default();
    let mut rest = html;
    while !rest.is_empty() && writer.text.len() < TEXT_BYTES_MAX {
        let Some(start) = rest.find('<') else {
            writer.words(rest);
            break;
        };
        writer.words(&rest[..start]);
        rest = &rest[start..];
        rest = match Markup::at(rest) {
            Markup::Text => {
                writer.words("<");
                &rest[1..]
            }
            Markup::Silent { length } => &rest[length..],
            Markup::Tag { name, is_end, length } => {
                let behind = &rest[length..];
                if !is_end && HIDDEN.contains(&name.as_str()) {
                    behind_end_tag(behind, &name)
                } else {
                    if !is_end && writer.original_at.is_none() && holds_original(&rest[..length]) {
                        writer.original_at = Some(writer.text.len());
                    }
                    if !is_end && writer.rules.len() < RULES_MAX && is_ruled(&rest[..length]) {
                        writer.rules.push(writer.text.len());
                    }
                    writer.tag(&name, is_end);
                    behind
                }
            }
        };
    }
    writer.finish()
}

/// Outlook and its kin draw a line above the fields of the message that they answer, and give that no name.
fn is_ruled(tag: &str) -> bool {
    tag.contains("border-top") && tag.contains("solid")
}

/// `From: …` and another field in the line below.
fn begins_with_fields(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let mut label = || lines.next().and_then(block::label).map(|(field, _)| field);
    label() == Some(Field::From) && label().is_some()
}

/// The charset that a page says by itself in its first bytes. A page in which that can be read is not UTF-16.
pub fn charset(html: &[u8]) -> Option<&str> {
    const HEAD_BYTES_MAX: usize = 1024;
    let head = &html[..html.len().min(HEAD_BYTES_MAX)];
    let head = head.utf8_chunks().next()?.valid();
    let lowered = head.to_ascii_lowercase();
    let meta = lowered.find("<meta")?;
    let value = meta + lowered[meta..].find("charset=")? + "charset=".len();
    let name = head[value..].trim_start_matches(['"', '\'', ' ']);
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_')).unwrap_or(name.len());
    Some(&name[..end]).filter(|name| !name.is_empty() && !name.to_ascii_lowercase().starts_with("utf"))
}

/// Where an HTML body leads: the targets of its links in order, with their character references replaced.
pub fn targets(html: &str, most: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<').filter(|_| found.len() < most) {
        rest = &rest[start..];
        rest = match Markup::at(rest) {
            Markup::Text => &rest[1..],
            Markup::Silent { length } => &rest[length..],
            Markup::Tag { name, is_end, length } => {
                if !is_end && matches!(name.as_str(), "a" | "area" | "base" | "form") {
                    found.extend(target(&rest[1 + name.len()..length]));
                }
                &rest[length..]
            }
        };
    }
    found
}

/// The value of `href` or `action` among the attributes of a tag; the first one counts, as in a browser.
fn target(attributes: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        if rest.is_empty() {
            return None;
        }
        // An equals sign in front is a part of the name.
        let end = rest.char_indices().skip(1).find(|(_, c)| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '='));
        let (name, behind) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        let Some(value) = behind.trim_start().strip_prefix('=').map(str::trim_start) else {
            rest = behind;
            continue;
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, behind) = match quote {
            Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
            None => value.split_at(value.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(value.len())),
        };
        if name.eq_ignore_ascii_case("href") || name.eq_ignore_ascii_case("action") {
            let mut target = String::new();
            push_unescaped(&mut target, value);
            return Some(target.trim().to_owned());
        }
        rest = behind;
    }
}

fn holds_original(tag: &str) -> bool {
    const TAG_BYTES_MAX: usize = 1024;
    if !tag.contains('=') {
        return false;
    }
    let tag = tag[..tag.floor_char_boundary(TAG_BYTES_MAX)].to_ascii_lowercase();
    (tag.contains("class") || tag.contains("id=")) && ORIGINALS.iter().any(|known| tag.contains(known))
}

/// What a `<` begins.
enum Markup {
    /// A sign of its own, as in `a < b`.
    Text,
    /// A comment, a declaration.
    Silent {
        length: usize,
    },
    Tag {
        name: String,
        is_end: bool,
        length: usize,
    },
}

impl Markup {
    fn at(html: &str) -> Self {
        if let Some(comment) = html.strip_prefix("<!--") {
            return Self::Silent { length: comment.find("-->").map_or(html.len(), |end| 4 + end + 3) };
        }
        if html.starts_with("<!") || html.starts_with("<?") {
            return Self::Silent { length: html.find('>').map_or(html.len(), |end| end + 1) };
        }
        let is_end = html.starts_with("</");
        let text = &html[if is_end { 2 } else { 1 }..];
        let name_length = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if !text.starts_with(|c: char| c.is_ascii_alphabetic()) || looks_like_an_address(&text[name_length..]) {
            return Self::Text;
        }
        let name = text[..name_length].to_ascii_lowercase();
        Self::Tag { name, is_end, length: tag_length(html) }
    }
}

/// `<anna@example.com>` written without escaping.
fn looks_like_an_address(behind_name: &str) -> bool {
    behind_name.starts_with(['@', '.', '_', '+'])
}

/// Up to the `>` that ends the tag: one within quotes doesn't.
fn tag_length(html: &str) -> usize {
    let bytes = html.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'>' => return at + 1,
            quote @ (b'"' | b'\'') if bytes[at - 1] == b'=' => {
                match bytes[at + 1..].iter().position(|byte| *byte == quote) {
                    Some(end) => at += end + 2,
                    // The quote is never closed: then it can't hide the end of the tag.
                    None => return html[at..].find('>').map_or(html.len(), |end| at + end + 1),
                }
            }
            _ => at += 1,
        }
    }
    html.len()
}

fn behind_end_tag<'a>(html: &'a str, name: &str) -> &'a str {
    let mut rest = html;
    while let Some(start) = rest.find("</") {
        let tag = &rest[start + 2..];
        if tag.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return tag.find('>').map_or("", |end| &tag[end + 1..]);
        }
        rest = tag;
    }
    ""
}

#[derive(Default)]
struct TextWriter {
    text: String,
    /// Line ends to write before the next word.
    breaks: usize,
    space: bool,
    quote_depth: usize,
    pre_depth: usize,
    item: bool,
    original_at: Option<usize>,
    /// Where elements with a line above them begin.
    rules: Vec<usize>,
}

impl TextWriter {
    fn tag(&mut self, name: &str, is_end: bool) {
        let step = |depth: usize| if is_end { depth.saturating_sub(1) } else { depth + 1 };
        match name {
            "br" => self.breaks = (self.breaks + 1).min(2),
            "td" | "th" => self.space = true,
            "pre" | "textarea" => self.pre_depth = step(self.pre_depth),
            _ => {}
        }
        if PARAGRAPHS.contains(&name) {
            self.breaks = 2;
        } else if BLOCKS.contains(&name) {
            self.breaks = self.breaks.max(1);
        }
        match name {
            // Quotation marks change with the next word, so the line ends before it are written with it.
            "blockquote" => self.quote_depth = step(self.quote_depth),
            "li" if !is_end => self.item = true,
            _ => {}
        }
    }

    /// Text between tags; its spaces count as one.
    fn words(&mut self, html: &str) {
        if self.pre_depth > 0 {
            return self.lines_as_they_are(html);
        }
        for (n, word) in html.split([' ', '\t', '\n', '\r', '\x0c']).enumerate() {
            self.space |= n > 0;
            if !word.is_empty() {
                self.word(word);
            }
        }
    }

    fn lines_as_they_are(&mut self, html: &str) {
        for (n, line) in html.split('\n').enumerate() {
            self.breaks += usize::from(n > 0);
            let line = line.trim_end_matches('\r');
            if !line.is_empty() {
                self.word(line);
            }
        }
    }

    fn word(&mut self, word: &str) {
        if self.text.is_empty() || self.breaks > 0 {
            self.new_line();
        } else if self.space {
            self.text.push(' ');
        }
        self.space = false;
        push_unescaped(&mut self.text, word);
    }

    fn new_line(&mut self) {
        let breaks = if self.text.is_empty() { 0 } else { self.breaks };
        let marks = "> ".repeat(self.quote_depth.min(QUOTE_DEPTH_MAX));
        for _ in 1..breaks {
            self.text.push('\n');
            self.text.push_str(marks.trim_end());
        }
        if breaks > 0 {
            self.text.push('\n');
        }
        self.text.push_str(&marks);
        if std::mem::take(&mut self.item) {
            self.text.push_str("- ");
        }
        self.breaks = 0;
    }

    fn finish(self) -> Shown {
        let copied = || self.rules.iter().copied().find(|place| begins_with_fields(&self.text[*place..]));
        let original_at = self.original_at.or_else(copied);
        Shown { text: self.text, original_at }
    }
}

/// The text with its character references replaced; an unknown one stays as it is. Non-breaking spaces become spaces.
fn push_unescaped(out: &mut String, text: &str) {
    const REFERENCE_BYTES_MAX: usize = 32;
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        push_visible(out, &rest[..start]);
        rest = &rest[start..];
        let length = rest.bytes().take(REFERENCE_BYTES_MAX).position(|byte| byte == b';').map(|end| end + 1);
        match length {
            Some(length) if rest[1..length - 1].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#') => {
                let mut decoded = String::new();
                add_html_token(&mut decoded, &rest.as_bytes()[..length], false);
                push_visible(out, &decoded);
                rest = &rest[length..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    push_visible(out, rest);
}

fn push_visible(out: &mut String, text: &str) {
    out.extend(text.chars().map(|c| if c == '\u{a0}' { ' ' } else { c }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &str) {
        assert_eq!(to_text(html).text, expected, "{html:?}");
    }

    #[test]
    fn what_a_person_sees() {
        check("", "");
        check("a  b\n c", "a b c");
        check("<p>one</p><p>two <b>bo</b>ld</p>", "one\n\ntwo bold");
        check("<div>a</div><div>b<br>c</div>", "a\nb\nc");
        check("a<br><br><br>b", "a\n\nb");
        check("<html><head><title>T</title><style>p{}</style></head><body>x</body></html>", "x");
        check("<script>if (a < b) x()</script>y", "y");
        check("a &lt;b&gt; &amp;&nbsp;&eacute;&#8364;&#x20ac;&bogus; &", "a <b> & é€€&bogus; &");
        check("<a title='>'>x</a>", "x");
        check("<a title=\">x", "x");
        check("1 < 2 <anna@example.com>", "1 < 2 <anna@example.com>");
        check("<!-- <p>no</p> -->yes<!DOCTYPE x>", "yes");
        check("<ul><li>a<li>b</ul>c", "- a\n- b\n\nc");
        check("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc");
        check("<pre>a  b\n  c</pre>d", "a  b\n  c\nd");
        check(
            "new<blockquote>old<br><br>older<blockquote>oldest</blockquote></blockquote>end",
            "new\n>\n> old\n>\n> older\n> >\n> > oldest\n\nend",
        );
        check("unclosed <b", "unclosed");
    }

    #[test]
    fn the_charset_of_a_page() {
        for (page, expected) in [
            ("<html><head><meta charset=\"koi8-r\"><title>x", Some("koi8-r")),
            ("<META http-equiv=Content-Type content='text/html; charset=windows-1251'>", Some("windows-1251")),
            ("<meta charset=utf-16>", None),
            ("<p>charset=x", None),
            ("<meta charset=", None),
            ("", None),
        ] {
            assert_eq!(charset(page.as_bytes()), expected, "{page}");
        }
    }

    #[test]
    fn the_original_is_found_by_its_element() {
        for name in ORIGINALS {
            let upper = name.to_uppercase();
            for tag in [format!("<div class=\"x {name}\">"), format!("<div id={upper}>")] {
                let shown = to_text(&format!("<p>new</p>{tag}old</div>"));
                assert_eq!((shown.text.as_str(), shown.original_at), ("new\n\nold", Some(3)), "{tag}");
            }
            assert_eq!(to_text(&format!("<p title=x>{name}</p>")).original_at, None);
        }
    }

    #[test]
    fn a_line_above_copied_fields() {
        for (style, fields, expected) in [
            ("border-top-style: solid", "<b>Von:</b> Anna<br><b>Gesendet:</b> Montag", Some(3)),
            ("border:none;border-top:solid #E1E1E1 1.0pt", "<p>From: Anna<p>Sent: Monday", Some(3)),
            ("border-top:solid", "Total: 5", None),
            ("border-top:solid", "From: Berlin<br>by train", None),
            ("color:red", "From: Anna<br>Sent: Monday", None),
        ] {
            let shown = to_text(&format!("<p>new</p><div style='{style}'>{fields}</div>"));
            assert_eq!(shown.original_at, expected, "{style} {fields}");
        }
    }

    #[test]
    fn hostile_markup_takes_linear_time() {
        for piece in ["<", "<a b=\"", "<!--", "</", "<style>", "<a =\"'", "&", "&#", "<blockquote>"] {
            let _ = to_text(&piece.repeat(100_000));
        }
        assert!(to_text(&"<blockquote><p>x".repeat(100_000)).text.len() < TEXT_BYTES_MAX + 100);
    }
}
