//! Reports told by their structure.

use super::*;
use crate::message::facts::AutomaticKind;
use crate::message::parts;

fn report(report_type: &str, status_kind: &str, status: &str) -> String {
    format!(
        "Content-Type: multipart/report; report-type={report_type}; boundary=b\n\n--b\n\nsorry\n\
         --b\nContent-Type: {status_kind}\n\n{status}\n\
         --b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <1@example.com>\n\n--b--\n"
    )
}

#[test]
fn delivery_reports() {
    let status = "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; <a@example.com>\nAction: Failed (x)\n\
                  Status: 5.1.1 (bad)\nDiagnostic-Code: smtp; 550 5.1.1\n no such user\n\n\
                  Original-Recipient: b@example.com\nAction: delayed\nStatus: five\n";
    for raw in
        [report("delivery-status", "message/delivery-status", status), report("x", "message/delivery-status", status)]
            .into_iter()
            .flat_map(|raw| [raw.replace('\n', "\r\n"), raw])
    {
        let found = read(&parts::split(raw.as_bytes()), &Facts::default()).expect("a report");
        assert_eq!(found.kind, Kind::Bounce);
        let bounce = found.bounce.expect("a delivery report");
        assert_eq!(bounce.original_message_id.as_deref(), Some("<1@example.com>"));
        assert_eq!(bounce.reason, "user_unknown");
        let [first, second] = &bounce.recipients[..] else { panic!("two recipients") };
        assert_eq!((first.address.as_str(), first.action.as_str()), ("a@example.com", "failed"));
        assert_eq!(first.status.as_deref(), Some("5.1.1"));
        assert_eq!(first.diagnostic.as_deref(), Some("550 5.1.1 no such user"));
        assert_eq!((second.address.as_str(), second.action.as_str()), ("b@example.com", "delayed"));
        assert_eq!((second.status.as_deref(), second.diagnostic.as_deref()), (None, None));
    }
}

#[test]
fn other_reports_and_none() {
    let kind = |raw: &str| read(&parts::split(raw.as_bytes()), &Facts::default()).map(|report| report.kind);
    for (kinds, report_type, expected) in REPORTS {
        for status_kind in *kinds {
            assert_eq!(kind(&report("other", status_kind, "A: b\n")), Some(*expected));
        }
        assert_eq!(kind(&report(report_type, "text/plain", "A: b\n")), Some(*expected));
    }
    let forwarded = report("delivery-status", "message/delivery-status", "A: b\n");
    let forwarded = format!(
        "Content-Type: multipart/mixed; boundary=o\n\n--o\n\nsee this\n--o\nContent-Type: message/rfc822\n\n{forwarded}\n--o--\n"
    );
    assert_eq!(kind(&forwarded), None);
    let complaint = "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: a@b\n\nx\n--o--\n";
    assert_eq!(kind(complaint), Some(Kind::FeedbackReport));
    assert_eq!(kind("Subject: Undelivered Mail Returned to Sender\n\nx"), None);
}

#[test]
fn a_challenge_in_the_structure_of_a_report() {
    let raw = |diagnostic: &str| {
        let status =
            format!("Final-Recipient: rfc822; a@b\nAction: failed\nDiagnostic-Code: {diagnostic}\nStatus: 4.7.0\n");
        report("delivery-status", "message/delivery-status", &status)
            .replace("\nsorry\n", "\nYour message is being held.\n")
    };
    let read = |raw: String| crate::message::read(raw.as_bytes());
    let held = read(raw("X-Notice; Sender not approved"));
    assert_eq!((held.kind, held.automatic.map(|found| found.kind)), (Kind::AutoReply, Some(AutomaticKind::Challenge)));
    assert_eq!(held.bounce, None);
    // A server refused it, whatever the text says.
    assert_eq!(read(raw("smtp; 550 go away")).kind, Kind::Bounce);
}
