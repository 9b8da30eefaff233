//! What is said about an attachment: a part of a message, or a file that has no part of its own.

use std::borrow::Cow;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::facts::Attachment;
use super::parts::Parts;
use super::{fields, words};

/// One file with its bytes.
pub type File = (Attachment, Vec<u8>);

/// An attached part, with its bytes decoded.
pub fn of_part<'p>(parts: &'p Parts<'_>, index: usize) -> (Attachment, Cow<'p, [u8]>) {
    let part = &parts.list[index];
    let bytes = part.encoding.decode(part.body);
    let name = part.name().map(str::to_owned);
    let subject = || fields::field(&bytes, "Subject").map(|subject| words::decode(&subject).into_owned());
    let name = name.or_else(|| part.is_attached_message().then(subject).flatten());
    let content_id =
        part.section.first("Content-ID").map(|field| field.text().trim_matches(['<', '>', ' ']).to_owned());
    let content_id = content_id.filter(|id| !id.is_empty());
    let is_related = part.parent.is_some_and(|parent| parts.list[parent].content.kind == "multipart/related");
    let is_shown_in_place = part.disposition.kind == "inline" || (is_related && content_id.is_some());
    let described = Attachment {
        name,
        content_type: part.content.kind.clone(),
        size: bytes.len(),
        sha256: digest(&bytes),
        inline: is_shown_in_place && part.disposition.kind != "attachment",
        content_id,
    };
    (described, bytes)
}

/// A file without a part of its own.
pub fn of_file(name: Option<String>, content_type: Option<String>, bytes: Vec<u8>) -> File {
    let content_type = content_type.filter(|kind| kind.contains('/')).map(|kind| kind.to_lowercase());
    let content_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let name = name.map(|name| name.chars().filter(|c| !c.is_control()).collect());
    let (size, sha256) = (bytes.len(), digest(&bytes));
    (Attachment { name, content_type, size, sha256, inline: false, content_id: None }, bytes)
}

/// The digest that attachments carry.
pub fn digest(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}
