//! Delivery events that a sending service mails as JSON (Amazon SES through SNS): one object with a
//! `notificationType` or `eventType`, sometimes with text behind it, sometimes folded at a line's end.

use serde_json::Value;

use super::{Report, reasons, status};
use crate::base::limits::REPORTED_RECIPIENTS_MAX;
use crate::message::facts::{Bounce, Kind, ReportedRecipient};
use crate::message::ids;

/// The list of recipients in each sort of event, what it makes the message, and the action it stands for.
const EVENTS: &[(&str, &str, &str, Kind, &str)] = &[
    ("Bounce", "/bounce", "bouncedRecipients", Kind::Bounce, "failed"),
    ("Delivery", "/delivery", "recipients", Kind::Bounce, "delivered"),
    ("DeliveryDelay", "/deliveryDelay", "delayedRecipients", Kind::Bounce, "delayed"),
    ("Complaint", "/complaint", "complainedRecipients", Kind::FeedbackReport, "failed"),
];

/// Reads a text that is such an event.
pub fn read(text: &str) -> Option<Report> {
    if !text.starts_with('{') || !["notificationType", "eventType"].iter().any(|name| text.contains(name)) {
        return None;
    }
    let outer = first_object(text)?;
    let inner = outer["Message"].as_str().and_then(first_object);
    let event = inner.unwrap_or(outer);
    let name = event["notificationType"].as_str().or_else(|| event["eventType"].as_str())?;
    let (_, path, list, kind, action) = EVENTS.iter().find(|(known, ..)| *known == name)?;
    let detail = event.pointer(path)?;
    let said = detail["smtpResponse"].as_str();
    let listed = detail[*list].as_array().map(Vec::as_slice).unwrap_or_default();
    let recipients: Vec<_> =
        listed.iter().take(REPORTED_RECIPIENTS_MAX).filter_map(|each| recipient(each, said, action)).collect();
    let reason = recipients
        .first()
        .map_or("other", |first| reasons::of(first.status.as_deref(), first.diagnostic.as_deref().unwrap_or("")));
    let bounce = Bounce {
        recipients,
        original_message_id: event.pointer("/mail/commonHeaders/messageId").and_then(Value::as_str).and_then(ids::own),
        reason: reason.to_owned(),
    };
    Some(Report { kind: *kind, bounce: (*kind == Kind::Bounce).then_some(bounce) })
}

fn first_object(text: &str) -> Option<Value> {
    let unfolded = text.replace('\n', "");
    serde_json::Deserializer::from_str(&unfolded).into_iter::<Value>().next()?.ok()
}

fn recipient(value: &Value, said: Option<&str>, action: &str) -> Option<ReportedRecipient> {
    let address = value.as_str().or_else(|| value["emailAddress"].as_str())?.to_owned();
    let diagnostic = value["diagnosticCode"].as_str().or(said).map(str::to_owned);
    let status = value["status"].as_str().or_else(|| diagnostic.as_deref().and_then(status::code_in));
    Some(ReportedRecipient { address, action: action.to_owned(), status: status.map(str::to_owned), diagnostic })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(Kind, &str, &str)>) {
        let found = read(text).map(|report| {
            let recipient = report.bounce.map(|bounce| bounce.recipients[0].clone());
            let recipient =
                recipient.map(|first| (first.address, first.action + " " + &first.status.unwrap_or_default()));
            let (address, rest) = recipient.unwrap_or_default();
            (report.kind, address, rest)
        });
        let expected = expected.map(|(kind, address, rest)| (kind, address.to_owned(), rest.to_owned()));
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn every_event() {
        check(
            "{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[{\"emailAddress\":\"a@b\",\"status\":\"5.1.1\"}]}}\n--\nbye",
            Some((Kind::Bounce, "a@b", "failed 5.1.1")),
        );
        check(
            "{\"eventType\":\"Delivery\",\"delivery\":{\"recipients\":[\"a@b\"],\"smtp\nResponse\":\"250 2.6.0 ok\"}}",
            Some((Kind::Bounce, "a@b", "delivered 2.6.0")),
        );
        check(
            "{\"eventType\":\"DeliveryDelay\",\"deliveryDelay\":{\"delayedRecipients\":[{\"emailAddress\":\"a@b\"}]}}",
            Some((Kind::Bounce, "a@b", "delayed ")),
        );
        check(
            "{\"Type\":\"Notification\", \"Message\":\"{\\\"notificationType\\\":\\\"Complaint\\\",\\\"complaint\\\":{}}\"}",
            Some((Kind::FeedbackReport, "", "")),
        );
        check("{\"notificationType\":\"Complaint\",\"complaint\":{}}", Some((Kind::FeedbackReport, "", "")));
        check("{\"notificationType\":\"Other\"}", None);
        check("{\"notificationType\":", None);
        check("The notificationType is Bounce", None);
    }
}
