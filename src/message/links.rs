//! Every link that a message shows: addresses of pages in its texts, and the targets of links in its HTML, also where a
//! plain alternative is what counts as its text: people see either.
//!
//! A link in a text ends at a blank, at `<`, `>` or `"`, and at the first letter that isn't ASCII; punctuation behind it
//! isn't a part of it. Targets that lead to no page (`mailto:`, `tel:`, `cid:`, a place in the message) are left out.

use super::parts::{self, Part};
use super::{body, charset, html};

/// At most so many, in order; the targets of an HTML part before the links in its text, which lines may break.
pub fn links(raw: &[u8], most: usize) -> Vec<String> {
    let parts = parts::split(raw);
    let mut found = Vec::new();
    for part in parts.list.iter().filter(|part| !part.is_container) {
        of_part(part, most, &mut found);
    }
    found.truncate(most);
    found
}

fn of_part(part: &Part<'_>, most: usize, found: &mut Vec<String>) {
    let is_html = part.content.kind == "text/html";
    if is_html {
        let bytes = part.encoding.decode(part.body);
        let targets = html::targets(&charset::decode(&bytes, part.charset()), most);
        found.extend(targets.into_iter().filter(|target| leads_away(target)));
    }
    if is_html || part.content.kind == "text/plain" {
        in_text(&body::shown(part, is_html).text, most, found);
    }
}

fn leads_away(target: &str) -> bool {
    const AT_HOME: [&str; 4] = ["#", "mailto:", "tel:", "cid:"];
    let starts = |start: &&str| target.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
    !target.is_empty() && !AT_HOME.iter().any(starts)
}

fn in_text(text: &str, most: usize, found: &mut Vec<String>) {
    let mut rest = text;
    while let Some(at) = rest.find("://").filter(|_| found.len() < most) {
        let scheme = rest[..at].bytes().rev().take_while(u8::is_ascii_alphabetic).count();
        let link = &rest[at - scheme..];
        let ends = |c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"');
        let end = link.find(ends).unwrap_or(link.len());
        let bare = link[..end].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'', '*', '_']);
        found.push(bare.to_owned());
        rest = &link[end.max(scheme + 3)..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expected: &[&str]) {
        assert_eq!(links(raw.as_bytes(), 10), expected, "{raw:?}");
        assert_eq!(links(raw.replace('\n', "\r\n").as_bytes(), 10), expected, "{raw:?} in CRLF");
    }

    #[test]
    fn links_in_a_text() {
        check(
            "\nsee https://a.example/x-1?y=%5B2. Or (http://b.example/).",
            &["https://a.example/x-1?y=%5B2", "http://b.example/"],
        );
        check("\n链接：https://a.example/x。谢谢", &["https://a.example/x"]);
        check("\n<HTTPS://a.example>://", &["HTTPS://a.example", "://"]);
        check("\nno link: a://", &["a://"]);
        check("Content-Transfer-Encoding: quoted-printable\n\nhttps://a.exam=\nple/x=3Dy", &["https://a.example/x=y"]);
        check("Content-Type: image/png\n\nhttps://a.example", &[]);
        assert_eq!(links(b"\nhttps://a https://b https://c", 2), ["https://a", "https://b"]);
    }

    #[test]
    fn links_in_html() {
        let raw = |html: &str| format!("Content-Type: text/html\n\n{html}");
        #[track_caller]
        fn html(raw: String, expected: &[&str]) {
            check(&raw, expected);
        }
        html(raw("<p>x<a class=b href=\"https://a.example/?x=1&amp;y=2\">yes</a>"), &["https://a.example/?x=1&y=2"]);
        html(raw("<A HREF = ' https://a.example/ '>yes</A>"), &["https://a.example/"]);
        html(raw("<a target=_blank\nhref=https://a.example/x>yes</a>"), &["https://a.example/x"]);
        html(raw("<a href=https://a.example/ href=https://b.example/>"), &["https://a.example/"]);
        html(raw("<a data-href=https://b.example/ href='//c.example'>"), &["//c.example"]);
        html(
            raw("<a href=\"https://a.example/\">https://b.example/</a>"),
            &["https://a.example/", "https://b.example/"],
        );
        html(raw("<form action='https://a.example/'><area href=x><base href=y>"), &["https://a.example/", "x", "y"]);
        html(raw("<a href='#top'><a href=mailto:a@b><a href=''><a name=x><img src=https://i.example/>"), &[]);
        html(raw("<a href='javascript:x'><a href=\"https://never.closed"), &["javascript:x", "https://never.closed"]);
    }

    #[test]
    fn both_alternatives_count() {
        check(
            "Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nhttps://a.example/\n\
             --b\nContent-Type: text/html\n\n<a href=https://b.example/>yes</a>\n--b--\n",
            &["https://a.example/", "https://b.example/"],
        );
    }
}
