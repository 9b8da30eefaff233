//! Who wrote what a group mailer passes on under its own address.
//!
//! Lists and shared mailboxes rewrite From where the author's domain has a strict DMARC policy ("Anna via Support"
//! <support@company.example>), and say elsewhere who it was. They are known by structure, never by a name: a field that
//! holds the former From, or a From that is the list's own address (RFC 2369 §3.4, RFC 2919 §3) beside a Reply-To that names one
//! other person. It is the mailer's word, and proves nothing by itself.

use super::facts::{Facts, Person};
use super::fields::Section;
use super::person;
use crate::base::Mailbox;

/// The author whom a group mailer has replaced in From.
pub fn original_from(section: &Section<'_>, facts: &Facts) -> Option<Person> {
    let from = facts.author()?;
    let is_other = |person: &Person| person.address.parse::<Mailbox>().is_ok_and(|other| other != from);
    let is_listed = section.has("List-Id") || section.has("List-Post") || section.has("Mailing-list");
    if let Some(field) = section.first("X-Original-From").filter(|_| is_listed) {
        return person::parse(&field.text()).into_iter().next().filter(is_other);
    }
    if !is_own_address(section, &from) {
        return None;
    }
    let mut others = facts.reply_to.iter().filter(|person| is_other(person));
    match (others.next(), others.next()) {
        (Some(author), None) => Some(author.clone()),
        _ => None,
    }
}

/// True when the list says that this is where one writes to it.
fn is_own_address(section: &Section<'_>, from: &Mailbox) -> bool {
    let post = section.first("List-Post").is_some_and(|field| {
        let text = field.text();
        let uri = text.split_once('<').map_or("", |(_, rest)| rest.split('>').next().unwrap_or_default());
        let mailto = uri.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
        let address = mailto.and_then(|_| uri[7..].split('?').next()?.parse::<Mailbox>().ok());
        address.as_ref() == Some(from)
    });
    let id = section.first("List-Id").is_some_and(|field| {
        let text = field.text();
        let id = text.rsplit_once('<').map_or(&*text, |(_, rest)| rest.split('>').next().unwrap_or_default());
        id.trim().eq_ignore_ascii_case(&format!("{}.{}", from.local(), from.domain()))
    });
    post || id
}

#[cfg(test)]
mod tests {
    use crate::message::read;

    #[track_caller]
    fn check(fields: &str, expected: Option<&str>) {
        let facts = read(format!("{fields}\n\nHello\n").as_bytes());
        let found = facts.original_from.map(|person| person.address);
        assert_eq!(found.as_deref(), expected, "{fields}");
    }

    const VIA: &str = "From: Anna via Desk <desk@company.example>";

    #[test]
    fn the_author_behind_a_group() {
        let anna = Some("anna@customer.example");
        let original = "X-Original-From: Anna <anna@customer.example>";
        check(&format!("{VIA}\n{original}\nList-ID: <desk.company.example>"), anna);
        check(&format!("{VIA}\n{original}\nMailing-list: list desk@company.example; contact x"), anna);
        let asks = "Reply-To: Anna <anna@customer.example>";
        check(&format!("{VIA}\n{asks}\nList-Post: <mailto:desk@company.example>"), anna);
        check(&format!("{VIA}\n{asks}\nList-Post: <MAILTO:Desk@company.example?subject=x>"), anna);
        check(&format!("{VIA}\n{asks}\nList-Id: Our desk <desk.company.example>"), anna);
        let both = "Reply-To: desk@company.example, Anna <anna@customer.example>";
        check(&format!("{VIA}\n{both}\nList-Id: desk.company.example"), anna);
    }

    #[test]
    fn everybody_else_is_who_they_say() {
        let original = "X-Original-From: anna@customer.example";
        let asks = "Reply-To: Anna <anna@customer.example>";
        // Somebody's own field, a name, another list's address, a list that only asks for answers, several people.
        check(&format!("{VIA}\n{original}"), None);
        check(&format!("{VIA}\n{asks}"), None);
        check(&format!("{VIA}\n{asks}\nList-Post: <mailto:other@company.example>"), None);
        check(&format!("From: anna@customer.example\n{asks}\nList-Id: <desk.company.example>"), None);
        check(&format!("{VIA}\n{asks}, ben@customer.example\nList-Id: <desk.company.example>"), None);
        check(&format!("{VIA}\nReply-To: desk@company.example\nList-Id: <desk.company.example>"), None);
        check(&format!("{VIA}\nX-Original-From: nobody\nList-Id: <desk.company.example>"), None);
        check(&format!("{asks}\nList-Id: <desk.company.example>"), None);
        check(&format!("{VIA}\n{asks}\nList-Post: NO"), None);
        check(&format!("{VIA}\n{asks}\nList-Post: <mailté:desk@company.example>"), None);
    }
}
