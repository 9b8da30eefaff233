//! What responders write in subject and text, by language, as data. In lower case, with single spaces.

use crate::message::facts::AutomaticKind::{self, Acknowledgement, Challenge, OutOfOffice};

/// Titles that only a program puts in front of a subject: the whole subject, or followed by a colon. Enough alone.
#[rustfmt::skip]
pub const TITLES: &[&str] = &[
    // English
    "automatic reply", "automated reply", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse",
    "automatic response", "automated response", "auto responder", "autoresponder", "out of office autoreply", "out-of-office autoreply",
    "out of office auto-reply", "out of office auto reply", "out of office reply", "out-of-office reply", "out of office response",
    "out of office message", "out of office notification", "out of office notice", "out of office", "out-of-office", "out of the office",
    "vacation reply", "vacation response", "vacation alert", "vacation notice", "away message", "away from office", "away from the office", "away from my mail",
    "not in the office", "out of office alert", "ooo", "absence notification", "absence notice", "automated message", "automatic message", "automatic notification", "auto answer", "autoanswer", "automatic answer", "[auto-reply]", "[autoreply]", "[auto reply]",
    // German
    "automatische antwort", "automatische rückantwort", "automatische rückmeldung", "automatische beantwortung", "automatische abwesenheitsnotiz",
    "abwesenheitsnotiz", "abwesenheitsmeldung", "abwesenheitsbenachrichtigung", "abwesenheitsnachricht", "autom. antwort", "automatisierte antwort",
    "automatische eingangsbestätigung", "automatische e-mail-antwort", "außer haus", "ausser haus",
    // French
    "réponse automatique", "reponse automatique", "réponse automatisée", "message automatique", "absence du bureau", "absent du bureau", "message d'absence",
    "notification d'absence", "hors du bureau",
    // Spanish
    "respuesta automática", "respuesta automatica", "contestación automática", "fuera de la oficina", "fuera de oficina", "mensaje de ausencia", "autorespuesta", "mensaje automático", "respuesta de ausencia", "respuesta automatizada",
    // Portuguese
    "resposta automática", "resposta automatica", "fora do escritório", "fora do escritorio", "ausência temporária", "aviso de ausência", "ausente do escritório", "mensagem automática", "resposta de ausência",
    // Italian
    "risposta automatica", "risposta non al computer", "fuori sede", "fuori ufficio", "assenza dall'ufficio", "messaggio automatico", "assente dall'ufficio", "notifica automatica", "risposta automatizzata", "autorisposta",
    // Dutch
    "automatisch antwoord", "automatische reactie", "automatische beantwoording", "afwezigheidsbericht", "afwezigheidsmelding", "niet aanwezig", "automatisch bericht", "automatisch antwoordbericht", "afwezigheidsassistent", "buiten kantoor",
    // Polish
    "autoodpowiedź", "odpowiedź automatyczna", "automatyczna odpowiedź", "poza biurem", "nieobecność w biurze", "automatyczna wiadomość",
    // Russian, Ukrainian
    "автоматический ответ", "автоответ", "автоответчик", "вне офиса", "нет на работе", "автоматическое уведомление", "автоматическое сообщение", "автоматическая рассылка", "автоматична відповідь",
    // Swedish, Danish, Norwegian, Finnish
    "automatiskt svar", "autosvar", "frånvaromeddelande", "automatiskt meddelande", "automatisk besked", "automatisk melding", "fraværsbesked", "fraværsassistent", "automatisk svar", "ikke til stede", "fraværsmeddelelse", "fraværsmelding", "ikke på kontoret",
    "automaattinen vastaus", "automaattivastaus", "automaattinen viesti", "poissaoloilmoitus", "poissa toimistosta",
    // Czech, Slovak, Hungarian, Romanian, Croatian
    "automatická odpověď", "automatická zpráva", "odpověď v nepřítomnosti", "jsem mimo kancelář", "automatická odpoveď", "mimo kancelář", "automatikus válasz", "házon kívül", "räspuns automat", "răspuns automat", "automatski odgovor",
    // Turkish, Greek
    "otomatik yanıt", "otomatik cevap", "otomatik mesaj", "işyeri dışı", "ofis dışı", "ofis dışında", "işyeri dışında", "αυτόματη απάντηση", "εκτός γραφείου",
    // Japanese, Chinese, Korean
    "自動返信", "自動応答", "不在通知", "自動返信メール", "不在のお知らせ", "自動応答メッセージ", "自动回复", "自動回覆", "自动答复", "外出自动回复", "假期自动回复", "自動回信", "自動答覆", "자동 회신", "자동 응답", "부재 중", "부재중",
    // One word that says it, in several languages
    "auto", "abwesend", "afwezig", "frånvaro", "frånvarande", "fraværende", "ausente", "assente", "poissa", "poissaolo", "nepřítomen",
    "nepřítomna", "nieobecny", "nieobecna", "bortrest", "отсутствую",
    // Others
    "תשובה אוטומטית", "رد تلقائي", "balasan otomatis", "trả lời tự động",
];

/// What programs put behind a subject.
#[rustfmt::skip]
pub const ENDS: &[&str] = &[
    "(automatic response)", "(automatic reply)", "(auto reply)", "(auto-reply)", "(autoreply)", "(out of office)",
    "(automatische antwort)", "(réponse automatique)", "(respuesta automática)", "[auto-reply]",
];

/// Subjects that people write, too: they count together with a sentence of the table below.
#[rustfmt::skip]
pub const HINTS: &[&str] = &[
    "is out of the office", "out of office", "out of the office", "on vacation", "on holiday", "on leave", "away from", "i am away", "i'm away", "auto:",
    "annual leave", "maternity leave", "vacation", "holiday", "absent", "abwesend", "urlaub", "nicht im büro", "nicht im haus", "absence", "congés", "vacances", "vacaciones",
    "ausente", "ausencia", "férias", "ausência", "ferie", "assenza", "assente", "vakantie", "afwezig", "urlop", "nieobecn", "отпуск", "отсутств",
    "semester", "frånvaro", "ferie", "fravær", "lomalla", "poissa", "dovolená", "mimo kancelář", "izin", "tatil", "休暇", "不在", "休假", "外出",
];

/// Sentences of responders and what they make the message. People write some of them: never enough alone.
#[rustfmt::skip]
pub const SENTENCES: &[(AutomaticKind, &[&str])] = &[
    (Challenge, &[
        "confirm that you are human", "prove that you are human", "verify that you are human", "to verify that you are a real person", "this is a one-time verification",
        "this is a one-time request", "your message has been placed on hold", "your message is being held", "is protected by spam arrest", "spamarrest", "bluebottle", "boxbe",
        "click on the link below to verify", "click the link below to verify", "complete this verification", "your email to me will be delivered once",
        "confirmação antispam", "antispam uol", "please confirm your message", "waiting for your confirmation", "bestätigen sie, dass sie ein mensch",
    ]),
    (OutOfOffice, &[
        "out of the office", "out of office", "away from the office", "away from my desk", "away from my email", "i am currently away", "i'm currently away", "i am away",
        "i am on vacation", "i'm on vacation", "i am on holiday", "i am on leave", "on annual leave", "on maternity leave", "on parental leave", "upon my return", "when i return",
        "i will be back on", "i will return on", "will not return until", "limited access to email", "limited access to e-mail", "limited access to my email", "no access to email", "no longer work",
        "no longer with the company", "has left the company", "nicht im büro", "nicht im haus", "außer haus", "ausser haus", "im urlaub", "bin ich abwesend", "ich bin abwesend", "ab dem wieder",
        "wieder erreichbar", "nach meiner rückkehr", "nicht weitergeleitet", "absent du bureau", "je suis absent", "je suis actuellement", "actuellement absent", "en congé", "de retour le", "mon retour",
        "fuera de la oficina", "estoy de vacaciones", "estaré ausente", "estoy ausente", "a mi regreso", "fora do escritório", "estou de férias", "estarei ausente", "ausente do escritório",
        "fuori ufficio", "fuori sede", "sono assente", "sarò assente", "in ferie", "al mio rientro", "niet op kantoor", "niet aanwezig", "ben ik afwezig", "ik ben afwezig", "met vakantie", "op vakantie",
        "jestem nieobecn", "poza biurem", "na urlopie", "będę nieobecn", "в отпуске", "меня нет в офисе", "буду отсутствовать", "inte på kontoret", "på semester", "är bortrest", "åter på kontoret", "tillbaka på kontoret", "ikke på kontoret", "på ferie", "holder ferie", "tilbake på kontoret", "tilbage på kontoret", "har ferie",
        "poissa toimistosta", "olen lomalla", "olen poissa", "palaan töihin", "mimo kancelář", "na dovolené", "nejsem v kanceláři", "nejsem přítom", "ofis dışında", "izindeyim", "tatildeyim", "yıllık izinde", "ofiste olmayacağım", "休暇を", "不在に", "不在となり", "休假", "外出", "出差", "自动回复", "自動返信",
    ]),
    (Acknowledgement, &[
        "this is an automated response", "this is an automatic response", "this is an automatic reply", "this is an automated reply", "this is an auto-generated", "this is an automatically generated",
        "this is an automated message", "do not reply to this email", "do not reply to this message", "we have received your", "your message has been received", "your request has been received", "your email has been received",
        "a ticket has been created", "a new ticket has been", "your ticket has been", "ticket number", "has been assigned", "thank you for contacting", "we will respond as soon as", "will get back to you",
        "ihre anfrage ist bei uns eingegangen", "wir haben ihre", "automatisch erstellt", "automatisch generiert", "nous avons bien reçu", "message automatique", "hemos recibido su", "mensaje automático",
        "recebemos a sua", "mensagem automática", "abbiamo ricevuto", "messaggio automatico", "wij hebben uw", "we hebben uw", "automatisch gegenereerd", "otrzymaliśmy", "wiadomość automatyczna",
        "мы получили", "автоматическое сообщение", "vi har mottagit", "vi har modtaget", "vi har mottatt", "olemme vastaanottaneet", "obdrželi jsme", "aldık", "受け付けました", "已收到您的",
    ]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_as_they_are_compared() {
        let sentences = SENTENCES.iter().flat_map(|(_, sentences)| *sentences);
        for word in [TITLES, ENDS, HINTS].concat().iter().chain(sentences) {
            let folded = word.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(&folded, word);
        }
    }
}
