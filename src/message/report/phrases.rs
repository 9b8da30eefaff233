//! What programs write in delivery reports that have no machine-readable part, as data: who sends them, their
//! subjects, their sentences, and the line above the returned message.
//!
//! All phrases are in lower case with single spaces. A phrase belongs here when a program writes it, not because one
//! report has it: vendor's wording, not a host's or an account's.

/// Local parts of addresses that belong to mail systems, not to people.
#[rustfmt::skip]
pub const SYSTEM_LOCAL_PARTS: &[&str] = &[
    "mailer-daemon", "mailerdaemon", "mailer_daemon", "mail-daemon", "postmaster", "post_master", "post.master",
    "mail.delivery.system", "mdaemon", "mmdf", "smtp-daemon", "bounce", "bounces", "microsoftexchange",
];

/// Ends of local parts that belong to list programs. A person may have one, so words must prove the report.
pub const SYSTEM_SUFFIXES: &[&str] = &["-bounces", "-errors", "-owner", "-admin", "-daemon"];

/// Display names of mail systems, by how they begin.
#[rustfmt::skip]
pub const SYSTEM_NAMES: &[&str] = &[
    "mail delivery", "mail deliver system", "mailer-daemon", "mail administrator", "mail system",
    "system administrator", "delivery subsystem", "systemadministrator", "postmaster", "microsoft outlook",
    "administrateur système", "administrador del sistema",
];

/// How subjects of delivery reports begin, by language.
#[rustfmt::skip]
pub const SUBJECTS: &[&str] = &[
    // English
    "undeliverable", "undelivered mail", "undelivered message", "non delivery", "non-delivery", "nondeliverable",
    "nondelivery", "returned mail", "returned email", "returned to sender", "return to sender",
    "mail delivery failed", "mail delivery failure", "mail delivery error", "mail delivery problem",
    "mail delivery status", "mail delivery system", "mail failure", "mail failed", "mail could not be delivered",
    "mail not delivered", "mail system error", "mail error", "message delivery failure", "message delivery delayed",
    "message undeliverable", "message could not be delivered", "message not delivered", "message delayed",
    "message status - undeliverable", "delivery failure", "delivery failed", "delivery error", "delivery problem",
    "delivery notification", "delivery report", "delivery status", "delivery delayed", "delivery has failed",
    "delivery incomplete", "failure notice", "failure delivery", "failed mail", "failed delivery",
    "failed to deliver", "permanent delivery failure", "temporary delivery failure", "could not send message",
    "unable to deliver", "unable to send", "warning: could not send message", "warning: message delayed",
    "warning: message still undelivered", "delayed mail", "email delivery failure",
    "there was an error sending your mail", "error sending your mail", "bounce", "rejected mail", "user unknown",
    "unknown user", "loop alert", "notice: mail delivery status", "notification: delivery",
    "postfix smtp server: errors from",
    // German
    "unzustellbar", "nicht zustellbar", "zustellung fehlgeschlagen", "nicht zugestellt", "fehler bei der zustellung",
    "mail konnte nicht zugestellt", "rückläufer",
    // French
    "non remis", "non distribuable", "échec de la remise", "echec de remise", "échec de distribution",
    "message non délivré", "notification d'échec",
    // Spanish, Portuguese
    "no se puede entregar", "no entregado", "error de entrega", "fallo de entrega",
    "notificación de estado de la entrega", "correo devuelto", "não é possível entregar", "não entregue",
    "falha na entrega", "mensagem não entregue",
    // Italian
    "non recapitabile", "mancata consegna", "recapito non riuscito", "impossibile recapitare",
    // Dutch
    "onbestelbaar", "niet bezorgd", "bezorging mislukt",
    // Polish, Czech
    "niedostarczalne", "niedostarczona", "nie można dostarczyć", "nedoručitelné", "nelze doručit",
    // Russian
    "недоставлен", "не доставлено", "не удается доставить", "ошибка доставки",
    // Swedish, Danish, Norwegian, Finnish
    "kan inte leverera", "det går inte att leverera", "kunne ikke leveres", "kan ikke leveres",
    "toimitus epäonnistui", "ei voida toimittaa",
    // Turkish
    "teslim edilemedi", "iletilemedi",
    // Japanese, Chinese
    "配信不能", "配信エラー", "配信できません", "送信エラー", "无法投递", "无法送达", "系统退信", "退信", "無法傳遞",
];

/// Sentences that only a report has. One of them is enough when a mail system sent the message.
#[rustfmt::skip]
pub const SENTENCES: &[&str] = &[
    // Exim, and hosters that took its words
    "this message was created automatically by mail delivery software",
    "could not be delivered to one or more of its recipients", "could not be delivered to all of its recipients",
    "could not be delivered to one or more recipients",
    "contained one or more recipient addresses that were incorrectly constructed", "the following address(es) failed",
    "this is a permanent error. the following address", "has not been delivered to all of its recipients",
    "has not yet been delivered to",
    // Postfix
    "this is the mail system at host", "this is the postfix program at host",
    "could not be delivered to one or more destinations", "to inform you that your message could not be delivered",
    "transcript of session follows",
    // Sendmail and its heirs
    "the following addresses had permanent", "the following addresses had transient",
    "the following addresses had delivery problems", "the following addresses had delivery errors",
    "the following addresses had fatal errors", "warning: message still undelivered",
    // qmail and its heirs
    "this is the qmail-send program", "this is the machine generated message from mail service",
    "wasn't able to deliver your message to the following address",
    "unable to deliver your message to the following address", "unable to deliver message to the following address",
    "i've given up. sorry it didn't work out", "your message was not delivered to the following recipient",
    // Microsoft
    "did not reach the following recipient(s)", "your message did not reach some or all of the intended recipients",
    "delivery has failed to these recipients", "delivery to the following recipients failed",
    "delivery to the following recipients has been delayed", "was not delivered to the following recipients",
    // Google
    "delivery to the following recipient failed permanently", "delivery to the following recipient has been delayed",
    "delevery to the following recipients was aborted", "delivery to the following recipients was aborted",
    "your message wasn't delivered to", "the response from the remote server was",
    // Others
    "this is an automatically generated delivery status notification",
    "an error occurred while trying to deliver the mail to the following recipients",
    "your message could not be delivered", "could not be delivered because of",
    "your message cannot be delivered to the following recipients", "your mail could not be delivered",
    "your email could not be delivered", "the following message could not be delivered", "i was not able to deliver",
    "we could not deliver", "we were unable to deliver", "we are unable to deliver",
    "unable to deliver to the following", "we had trouble delivering your message", "we have been unable to deliver",
    "error sending your mail", "was rejected by the recipient", "server rejected recipient", "undeliverable to",
    "user mailbox exceeds allowed size", "no valid recipients were found for this message", "failed addresses follow",
    "failed recipient", "failure reasons", "delivery failed", "requested action not taken: no such user here",
    "requested action not taken: mailbox unavailable", "the user(s) account is disabled",
    "the user(s) account is temporarily over quota",
    "each of the following recipients was rejected by a remote mail server",
    "the following recipients did not receive", "the following recipients returned permanent errors",
    "the recipient name is not recognized", "this report relates to a message you sent",
    "the following destination addresses were unknown", "duplicated message-id in",
    "message from yahoo.com. unable to deliver", "your e-mail being returned to you", "returned to you because",
    "message you sent was blocked", "a message you sent to the following recipients was",
    "has been rejected by the recipient's mail server",
    // German, French
    "konnte nicht zugestellt werden", "konnte an einen oder mehrere empfänger nicht", "n'a pas pu être remis",
    "n'a pas pu être délivré", "n'a pas pu etre delivre",
    // Spanish, Portuguese, Italian, Dutch
    "no se pudo entregar", "no ha podido ser entregado", "não pôde ser entregue", "non è stato possibile recapitare",
    "non è stato recapitato", "kon niet worden bezorgd", "kan niet worden bezorgd",
    // Polish, Czech, Russian, Turkish
    "nie może zostać dostarczona", "nie mogła zostać dostarczona", "nemohla být doručena", "не может быть доставлено",
    "не было доставлено", "не удалось доставить", "teslim edilemedi",
    // Nordic
    "kunde inte levereras", "kunne ikke leveres", "ei voitu toimittaa",
    // Japanese, Chinese
    "このメールは送信できませんでした", "送信に失敗しました", "送信できませんでした", "配送できませんでした", "配信できませんでした", "配信されませんでした", "无法将邮件发送", "无法投递",
    "未能送达", "無法寄達",
];

/// Sentences that say: not yet, it is tried again.
#[rustfmt::skip]
pub const DELAYS: &[&str] = &[
    "has been delayed", "this is a warning message only", "this is a warning only",
    "you do not need to resend your message", "will be retried", "will continue to be tried", "still being retried",
    "still undelivered", "has not yet been delivered", "no action is required on your part",
    "delivery attempts will continue", "had transient non-fatal errors", "wird weiterhin versucht",
];

/// Sentences that say: it arrived.
#[rustfmt::skip]
pub const SUCCESSES: &[&str] = &[
    "was successfully delivered", "has been successfully delivered", "successfully delivered to the following",
    "is the mail delivery report that you requested", "wurde erfolgreich zugestellt",
];

/// Parts of the line above the returned message.
#[rustfmt::skip]
pub const SEPARATORS: &[&str] = &[
    "this is a copy of the message", "this is a copy of your message", "this line is a copy of the message",
    "below is a copy of the original message", "is a copy of the message", "copy of the original message",
    "copy of the message header", "copy of the mail header", "original message follows", "original message headers",
    "original message header", "original mail as follows", "original mail info", "original message",
    "header of the original message", "headers of the original message", "unsent message follows",
    "unsent message below", "message text follows", "message header follows", "message headers follow",
    "returned message", "returned mail follows", "received message follows", "the body of the original message",
    "first few lines of the message", "non-delivered message", "undelivered message", "ursprüngliche nachricht",
    "message d'origine",
];

/// Words right in front of a failed recipient.
#[rustfmt::skip]
pub const LEADS: &[&str] = &[
    "rcpt to:", "rejected recipient", "rcpt to :", "undeliverable to", "allowed size:", "attempts:", "unknown user:",
    "user unknown:", "unknown local user:", "no such user:", "failed recipient:", "final recipient:",
    "original recipient:", "recipient address:", "recipient:", "recipients:", "intended recipient",
    "could not be delivered to", "cannot be delivered to", "not deliver to", "not delivered to", "delivery to",
    "deliver your message to", "deliver the message to", "duplicated message-id in",
];

/// Subjects of complaints of mailbox providers that are no RFC 5965 reports.
pub const COMPLAINT_SUBJECTS: &[&str] =
    &["complaint about message from", "abuse complaint about", "email feedback report for ip", "[arf]"];

/// Fields that a mailbox provider adds to the message about which it complains.
pub const COMPLAINT_FIELDS: &[&str] = &["X-HmXmrOriginalRecipient"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_written_as_they_are_compared() {
        for phrase in [SUBJECTS, SENTENCES, DELAYS, SUCCESSES, SEPARATORS, LEADS, SYSTEM_NAMES, SYSTEM_LOCAL_PARTS]
            .concat()
            .iter()
            .chain(COMPLAINT_SUBJECTS)
        {
            let folded = phrase.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(&folded, phrase);
        }
    }
}
