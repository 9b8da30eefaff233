//! Which parts of a message are its text and which are attachments.
//!
//! Of alternatives the plain one counts, else the one that became text from HTML (RFC 2046 §5.1.4). Several texts in a
//! row are joined. A text part with a file name is an attachment; when the message has no other text and it doesn't
//! call itself an attachment, it is its text as well. So is that of the message inside an S/MIME signature. The text ends at [`TEXT_BYTES_MAX`], with `is_cut` set.

use super::attached::File;
use super::parts::{Part, Parts};
use super::{calendar, charset, cms, flowed, html, parts, tnef, uuencoded};
use crate::base::limits::{ATTACHED_DEPTH_MAX, TEXT_BYTES_MAX};

/// The content of a message.
#[derive(Debug, Default)]
pub struct Body {
    /// Lines end with `\n`; nothing stands behind the last word.
    pub text: String,
    pub has_html: bool,
    pub is_cut: bool,
    /// Where the text of an HTML body says that the message begins which this one answers.
    pub original_at: Option<usize>,
    /// Indexes of the attached parts, in order.
    pub attachments: Vec<usize>,
    /// Files that were written into the text.
    pub files: Vec<File>,
}

/// The text and the attachments of a structure.
pub fn read(parts: &Parts<'_>) -> Body {
    read_within(parts, 0)
}

/// With the number of signed messages around it.
fn read_within(parts: &Parts<'_>, depth: usize) -> Body {
    let mut children = vec![Vec::new(); parts.list.len()];
    for (index, part) in parts.list.iter().enumerate() {
        if let Some(parent) = part.parent {
            children[parent].push(index);
        }
    }
    let reader = Reader { list: &parts.list, children, depth };
    let mut body = if parts.list.is_empty() { Body::default() } else { reader.part(0) };
    if body.text.trim().is_empty() {
        body.text = reader.text_elsewhere(&body.attachments);
        body.is_cut |= cut(&mut body.text);
    }
    body.text.truncate(body.text.trim_end().len());
    body
}

struct Reader<'a> {
    list: &'a [Part<'a>],
    children: Vec<Vec<usize>>,
    depth: usize,
}

impl Reader<'_> {
    /// Recursion ends with the depth of the structure, which is limited.
    fn part(&self, index: usize) -> Body {
        let part = &self.list[index];
        if !part.is_container {
            return self.leaf(index);
        }
        let found = self.children[index].iter().map(|child| (*child, self.part(*child)));
        if part.content.kind == "multipart/alternative" { self.alternative(found) } else { in_a_row(found) }
    }

    fn leaf(&self, index: usize) -> Body {
        let part = &self.list[index];
        let is_whole = index == 0;
        let is_attached = part.disposition.kind == "attachment" || part.name().is_some();
        let is_html = part.content.kind == "text/html";
        let is_text = is_html || matches!(part.content.kind.as_str(), "text/plain" | "text/enriched" | "text/richtext");
        // A multipart in which no part was found is read as the text that it is.
        let is_readable = is_text || (is_whole && part.content.is_of("multipart"));
        if !is_readable || (is_attached && !is_whole) {
            return Body { attachments: vec![index], ..Body::default() };
        }
        let shown = shown(part, part.content.kind != "text/plain" && is_text);
        let original_at = shown.original_at;
        let mut text = shown.text;
        let is_cut = cut(&mut text);
        let files = uuencoded::take(&mut text);
        // A whole message that calls itself a file is both.
        let attachments = if part.disposition.kind == "attachment" { vec![index] } else { Vec::new() };
        Body { text, has_html: is_html, is_cut, original_at, attachments, files }
    }

    /// The text of a message that has none: of a part that only has a name, an invitation's, what Outlook put into
    /// its `winmail.dat`, or what is signed.
    fn text_elsewhere(&self, attachments: &[usize]) -> String {
        let texts = attachments.iter().map(|index| {
            let part = &self.list[*index];
            match part.content.kind.as_str() {
                "text/plain" if part.disposition.kind != "attachment" => shown(part, false).text,
                "text/html" if part.disposition.kind != "attachment" => shown(part, true).text,
                "text/calendar" => {
                    calendar::to_text(&charset::decode(&part.encoding.decode(part.body), part.charset()))
                }
                kind if tnef::is_tnef(kind) => {
                    tnef::read(&part.encoding.decode(part.body)).and_then(|content| content.text).unwrap_or_default()
                }
                _ if self.depth < ATTACHED_DEPTH_MAX => {
                    let inner = |message: Vec<u8>| read_within(&parts::split(&message), self.depth + 1).text;
                    cms::signed_content(part).map(inner).unwrap_or_default()
                }
                _ => String::new(),
            }
        });
        texts.into_iter().find(|text| !text.trim().is_empty()).unwrap_or_default()
    }

    fn alternative(&self, found: impl Iterator<Item = (usize, Body)>) -> Body {
        let mut whole = Body::default();
        let mut is_plain = false;
        for (index, body) in found {
            let is_better = !is_plain && !body.text.trim().is_empty();
            if is_better {
                is_plain = !body.has_html && self.list[index].content.kind != "text/enriched";
                (whole.text, whole.is_cut, whole.original_at) = (body.text, body.is_cut, body.original_at);
            }
            whole.has_html |= body.has_html;
            whole.attachments.extend(body.attachments);
            whole.files.extend(body.files);
        }
        whole
    }
}

fn in_a_row(found: impl Iterator<Item = (usize, Body)>) -> Body {
    let mut whole = Body::default();
    for (_, body) in found {
        if !body.text.trim().is_empty() {
            // In the first text only: places in the others would move.
            if whole.text.is_empty() {
                whole.original_at = body.original_at;
            } else {
                whole.text.truncate(whole.text.trim_end().len());
                whole.text.push_str("\n\n");
            }
            whole.text.push_str(&body.text);
        }
        whole.is_cut |= body.is_cut;
        whole.has_html |= body.has_html;
        whole.attachments.extend(body.attachments);
        whole.files.extend(body.files);
    }
    whole.is_cut |= cut(&mut whole.text);
    whole
}

/// What a part shows as text.
pub(super) fn shown(part: &Part<'_>, is_markup: bool) -> html::Shown {
    // No charset takes more than four bytes for one of UTF-8.
    const PLAIN_BYTES_MAX: usize = 4 * TEXT_BYTES_MAX;
    let bytes = part.encoding.decode(part.body);
    let bytes = if is_markup { &bytes[..] } else { &bytes[..bytes.len().min(PLAIN_BYTES_MAX)] };
    let named = part.charset().or_else(|| if is_markup { html::charset(bytes) } else { None });
    let decoded = charset::decode(bytes, named);
    let mut shown =
        if is_markup { html::to_text(&decoded) } else { html::Shown { text: decoded.into_owned(), original_at: None } };
    if shown.text.contains(['\r', '\0']) {
        shown.text = shown.text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "");
    }
    let says = |name, word: &str| part.content.parameter(name).is_some_and(|value| value.eq_ignore_ascii_case(word));
    if !is_markup && says("format", "flowed") {
        shown.text = flowed::joined(&shown.text, says("delsp", "yes"));
    }
    shown
}

fn cut(text: &mut String) -> bool {
    let is_too_long = text.len() > TEXT_BYTES_MAX;
    if is_too_long {
        text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    }
    is_too_long
}
