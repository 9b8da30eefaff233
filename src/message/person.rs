//! Address fields: From, To, Cc, Reply-To (RFC 5322 §3.4) and what programs write in their place.
//!
//! Reads `Name <a@b>`, `a@b (Name)`, groups (their members, not their names), quoted names, source routes and encoded
//! words, also inside quotes. An entry without an address is left out.
//! One pass over the text; at most [`ADDRESSES_MAX`] entries.

use std::borrow::Cow;

use super::facts::Person;
use super::words;
use crate::base::limits::ADDRESSES_MAX;

/// The people of an unfolded field, in order.
pub fn parse(text: &str) -> Vec<Person> {
    let mut people = Vec::new();
    let mut entry = Entry::default();
    let mut chars = Scanner { rest: text, has_open_quote: false };
    while people.len() < ADDRESSES_MAX {
        let Some(c) = chars.next() else {
            people.extend(entry.finish());
            break;
        };
        match c {
            '"' => match chars.quoted() {
                Some(quoted) => entry.quoted(&quoted),
                None => entry.plain.push('"'),
            },
            '(' => entry.comment(&chars.comment()),
            '<' => entry.angle = Some(chars.until_angle_end().to_owned()),
            ',' => people.extend(std::mem::take(&mut entry).finish()),
            ';' => people.extend(std::mem::take(&mut entry).finish()),
            // The name of a group ends here; within an address a colon means nothing that anybody uses.
            // One bracket too many.
            '>' if entry.angle.is_some() => {}
            ':' if !entry.plain.contains('@') && entry.angle.is_none() => entry = Entry::default(),
            c => entry.plain.push(c),
        }
    }
    people
}

/// One mailbox while it is read.
#[derive(Default)]
struct Entry {
    /// Atoms and quoted strings outside angle brackets, quotes removed.
    plain: String,
    /// The same with the quotes kept, for an address whose local part is quoted.
    quotes: Vec<(usize, usize)>,
    comment: String,
    angle: Option<String>,
}

impl Entry {
    fn quoted(&mut self, text: &str) {
        let start = self.plain.len();
        self.plain.push_str(text);
        self.quotes.push((start, self.plain.len()));
    }

    fn comment(&mut self, text: &str) {
        if !self.comment.is_empty() {
            self.comment.push(' ');
        }
        self.comment.push_str(text);
    }

    fn finish(self) -> Option<Person> {
        if let Some(angle) = &self.angle {
            let address = bare(angle)?;
            let name = if self.plain.trim().is_empty() { &self.comment } else { &self.plain };
            return Some(person(name, address));
        }
        let plain = self.plain_with_quotes();
        // All of `Anna <a@b>` in encoded words.
        if plain.contains("=?")
            && let Some((name, address)) = words::decode(&plain).rsplit_once('<')
        {
            return Some(person(name, bare(address)?));
        }
        if let Some((name, address)) = named_without_angles(&plain) {
            return Some(person(&name.replace('"', ""), bare(address)?));
        }
        let address = if plain.contains('@') {
            // `John Smith john@example.com`: the word with the @ is the address.
            match plain.split_whitespace().find(|word| word.contains('@')) {
                Some(word) if self.quotes.is_empty() && !is_spaced_address(&plain) => {
                    let name = plain.replacen(word, "", 1);
                    let name = if name.trim().is_empty() { self.comment } else { name };
                    return Some(person(&name, bare(word)?));
                }
                _ => bare(&plain)?,
            }
        } else {
            // A lone word is a local user; more of them are a name without an address.
            let word = plain.trim();
            (!word.is_empty() && self.quotes.is_empty() && !word.contains(char::is_whitespace)).then_some(())?;
            bare(word)?
        };
        Some(person(&self.comment, address))
    }

    fn plain_with_quotes(&self) -> String {
        let mut text = String::with_capacity(self.plain.len() + 2 * self.quotes.len());
        let mut at = 0;
        for &(start, end) in &self.quotes {
            text.push_str(&self.plain[at..start]);
            text.push('"');
            text.push_str(&self.plain[start..end]);
            text.push('"');
            at = end;
        }
        text.push_str(&self.plain[at..]);
        text
    }
}

/// `"Anna Berg" anna@example.com`
fn named_without_angles(plain: &str) -> Option<(&str, &str)> {
    let (name, address) = plain.trim().rsplit_once(char::is_whitespace).filter(|(name, _)| name.contains('"'))?;
    let is_address = address.contains('@') && !address.starts_with('@') && !address.contains('"');
    (is_address && !name.contains('@')).then_some((name, address))
}

/// `a @ b . c` (RFC 5322 §4.4): every space stands beside a separator.
fn is_spaced_address(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).all(|pair| pair[0].ends_with(['@', '.']) || pair[1].starts_with(['@', '.']))
}

fn person(name: &str, address: String) -> Person {
    let name = words::decode(name);
    let name: Vec<&str> = name.split_whitespace().collect();
    let name: String = name.join(" ").chars().filter(|c| !c.is_control()).collect();
    Person { name: (!name.is_empty()).then_some(name), address }
}

/// An address without brackets, source route (RFC 5322 §4.4) and stray space.
fn bare(text: &str) -> Option<String> {
    let decoded = words::decode(text);
    let mut text = decoded.trim_matches(|c: char| c.is_whitespace() || matches!(c, '<' | '>'));
    if text.starts_with('@')
        && let Some((_, address)) = text.split_once(':')
    {
        text = address;
    }
    let text = text.strip_prefix("mailto:").unwrap_or(text);
    let is_quoted = text.contains('"');
    let text = if is_quoted { Cow::Borrowed(text) } else { without_comments(text) };
    let address: String = text.chars().filter(|c| !c.is_control() && (is_quoted || !c.is_whitespace())).collect();
    (!address.is_empty()).then_some(address)
}

fn without_comments(text: &str) -> Cow<'_, str> {
    if !text.contains('(') {
        return Cow::Borrowed(text);
    }
    let mut chars = Scanner { rest: text, has_open_quote: false };
    let mut kept = String::new();
    while let Some(c) = chars.next() {
        if c == '(' {
            chars.comment();
        } else {
            kept.push(c);
        }
    }
    Cow::Owned(kept)
}

struct Scanner<'a> {
    rest: &'a str,
    /// A quote was found open: no further one is tried, so that escaped quotes can't cost quadratic time.
    has_open_quote: bool,
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    /// The rest of a quoted string, unescaped; `None` and nothing taken when the quote isn't closed.
    fn quoted(&mut self) -> Option<String> {
        if self.has_open_quote {
            return None;
        }
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(text);
                }
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        self.has_open_quote = true;
        None
    }

    /// The rest of a comment, nested ones included, or everything when it isn't closed.
    fn comment(&mut self) -> String {
        let mut text = String::new();
        let mut depth = 1;
        while let Some(c) = self.next() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                '\\' => {
                    text.extend(self.next());
                    continue;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
            text.push(c);
        }
        text
    }

    fn until_angle_end(&mut self) -> &'a str {
        let rest = self.rest;
        let end = rest.find('>').unwrap_or(rest.len());
        self.rest = rest.get(end + 1..).unwrap_or("");
        &rest[..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = parse(text);
        let found: Vec<_> = found.iter().map(|p| (p.name.as_deref().unwrap_or(""), p.address.as_str())).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn people_as_they_are_written() {
        check("", &[]);
        check("a@b.c", &[("", "a@b.c")]);
        check("Anna Berg <anna@example.com>", &[("Anna Berg", "anna@example.com")]);
        check("anna@example.com (Anna (A.) Berg)", &[("Anna (A.) Berg", "anna@example.com")]);
        check("\"Berg, Anna\" <a@b.c>, d@e.f", &[("Berg, Anna", "a@b.c"), ("", "d@e.f")]);
        check("\"a \\\"b\\\" c\" <a@b.c>", &[("a \"b\" c", "a@b.c")]);
        check("=?utf-8?q?J=C3=B6rg?= <j@b.c>", &[("Jörg", "j@b.c")]);
        check("\"=?utf-8?q?J=C3=B6rg=2C_x?=\" <j@b.c>", &[("Jörg, x", "j@b.c")]);
        check("=?utf-8?q?Berg=2C_Anna?= <a@b.c>", &[("Berg, Anna", "a@b.c")]);
        check("a@b.c <a@b.c>", &[("a@b.c", "a@b.c")]);
        check("Pete <p(x)@b.c(y)>", &[("Pete", "p@b.c")]);
        check("a@b  . c", &[("", "a@b.c")]);
        check("<a@b.c>,,<d@e.f>,", &[("", "a@b.c"), ("", "d@e.f")]);
        check("Undisclosed recipients:;", &[]);
        check("Team: Anna <a@b.c>, d@e.f; g@h.i", &[("Anna", "a@b.c"), ("", "d@e.f"), ("", "g@h.i")]);
        check("<@route.example,@b.c:a@b.c>", &[("", "a@b.c")]);
        check("\"john smith\"@b.c", &[("", "\"john smith\"@b.c")]);
        check("John Smith john@b.c", &[("John Smith", "john@b.c")]);
        check("\"Smith, John\" john@b.c", &[("Smith, John", "john@b.c")]);
        check("\"John Smith\" Jr. john@b.c", &[("John Smith Jr.", "john@b.c")]);
        check("\"john smith\" @b.c", &[("", "\"john smith\" @b.c")]);
        check("Anna <<a@b.c>>, <d@e.f>>", &[("Anna", "a@b.c"), ("", "d@e.f")]);
        check("=?utf-8?Q?J=C3=B6rg_=3Cj=40b.c=3E?=, d@e.f", &[("Jörg", "j@b.c"), ("", "d@e.f")]);
        check("John Smith", &[]);
        check("root", &[("", "root")]);
        check("a @ b.c", &[("", "a@b.c")]);
        check("Open <a@b.c", &[("Open", "a@b.c")]);
        check("\"Open <a@b.c>", &[("\"Open", "a@b.c")]);
        check("<>", &[]);
        check("用户@例え.jp", &[("", "用户@例え.jp")]);
    }

    #[test]
    fn a_list_is_bounded() {
        assert_eq!(parse(&"a@b.c,".repeat(ADDRESSES_MAX * 2)).len(), ADDRESSES_MAX);
        assert_eq!(parse(&"\"a".repeat(20_000)).len(), 0);
        assert_eq!(parse(&"\\\"".repeat(100_000)).len(), 1);
    }
}
