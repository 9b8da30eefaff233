//! A message as every adviser sees it, and the case so far, in the words of the contract.

use super::contract::types;
use crate::case::Draft;
use crate::plugin::Question;

pub(super) fn of(question: &Question<'_>) -> types::Facts {
    let Question { brief, draft, settings, .. } = question;
    let header_fields = brief.headers.iter().flat_map(|(name, values)| values.iter().map(|value| field(name, value)));
    types::Facts {
        settings: settings.iter().map(|(name, value)| field(name, value)).collect(),
        address: brief.address.clone(),
        sender: types::Person {
            name: brief.sender.name.clone(),
            address: brief.sender.address.clone(),
            domain: brief.sender.domain.clone(),
        },
        sender_is_known: brief.contact.known,
        recipients: brief.recipients.clone(),
        subject: brief.subject.clone(),
        new_text: brief.text.clone(),
        whole_text: brief.whole_text.clone(),
        language: brief.language.clone(),
        header_fields: header_fields.collect(),
        attachments: brief.attachments.iter().map(attachment).collect(),
        kind: serde_json::to_value(brief.kind)
            .ok()
            .and_then(|kind| kind.as_str().map(str::to_owned))
            .unwrap_or_default(),
        automatic: brief.automatic.clone(),
        authentication: types::Authentication {
            spf: brief.auth.spf.to_string(),
            dkim: brief.auth.dkim.to_string(),
            dmarc: brief.auth.dmarc.to_string(),
            arc: brief.auth.arc.to_string(),
        },
        case_so_far: case_so_far(draft),
    }
}

fn case_so_far(draft: &Draft) -> types::CaseSoFar {
    let skill = |(name, level): (&String, &u8)| types::Skill { name: name.clone(), level: *level };
    types::CaseSoFar {
        workstream: draft.workstream.clone(),
        priority: draft.priority.to_string(),
        record_type: draft.record_type.clone(),
        tags: draft.tags.iter().cloned().collect(),
        fields: draft.fields.iter().map(|(name, value)| field(name, value)).collect(),
        skills: draft.skills.iter().map(skill).collect(),
    }
}

fn attachment(attached: &crate::case::Attached) -> types::Attachment {
    types::Attachment {
        name: attached.name.clone(),
        content_type: attached.content_type.clone(),
        size: attached.size as u64,
    }
}

fn field(name: &str, value: &str) -> types::Field {
    types::Field { name: name.to_owned(), value: value.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::base::Time;
    use crate::case::{Brief, SavedField};
    use crate::message;

    #[test]
    fn a_question_is_told_in_the_words_of_the_contract() {
        let raw = "From: A <a@Customer.example>\r\nTo: b@x.example\r\nSubject: Lifts\r\n\r\nIt stands.\r\n";
        let saved = SavedField { name: "X-Site".into(), value: "7".into() };
        let brief = Brief::of(message::read(raw.as_bytes()), vec![saved], None, None);
        let mut draft = Draft { workstream: "lifts".into(), ..Draft::default() };
        draft.skills.insert("german".into(), 3);
        let settings = [("level".to_owned(), "2".to_owned())].into();
        let (at, patience) = (Time::UNIX_EPOCH, Duration::MAX);
        let question =
            Question { brief: &brief, draft: &draft, settings: &settings, state: &[], at, seed: b"1", patience };
        let facts = of(&question);
        assert_eq!((facts.sender.domain.as_str(), facts.subject.as_str()), ("customer.example", "Lifts"));
        assert_eq!(facts.language, "", "two words are too few");
        assert_eq!((facts.kind.as_str(), facts.authentication.dmarc.as_str()), ("message", "none"));
        assert_eq!((facts.header_fields[0].name.as_str(), facts.settings[0].value.as_str()), ("x-site", "2"));
        assert_eq!((facts.case_so_far.skills[0].level, facts.case_so_far.priority.as_str()), (3, "normal"));
    }
}
