//! What mail programs write around a message that they quote or forward, by language, as data.
//!
//! All words are in lower case, as they are compared. Where programs of one language differ, each form has its place.

use super::block::Field;

/// Labels of a copied header section, without their colon.
#[rustfmt::skip]
pub const LABELS: &[(Field, &[&str])] = &[
    (Field::From, &[
        "from", "sender", "reply from",
        "von", "absender",                              // German
        "de", "expéditeur", "da", "di", "mittente",     // French, Spanish, Portuguese, Romanian, Italian
        "remitente", "remetente", "van", "afzender",    // Spanish, Portuguese, Dutch
        "från", "fra", "lähettäjä", "saatja",           // Swedish, Danish and Norwegian, Finnish, Estonian
        "od", "nadawca", "odesílatel", "šalje", "odosielateľ", // Polish, Czech, Slovak, Croatian
        "от", "отправитель", "від", "feladó", "kimden", "gönderen", "από",
        "de la", "dari", "từ", "pošiljatelj", "nuo", "no",
        "差出人", "送信者", "发件人", "寄件者", "寄件人", "보낸사람", "보낸 사람", "מאת", "من",
    ]),
    (Field::To, &[
        "to", "an", "empfänger", "à", "a", "pour", "destinataire", "para", "destinatario", "destinatário", "aan",
        "till", "til", "vastaanottaja", "saaja", "do", "komu", "adresat", "prima", "prijemca", "către", "catre", "prejemnik",
        "кому", "címzett", "kime", "alıcı", "προς",
        "kepada", "đến", "za", "до", "kam",
        "宛先", "宛て先", "收件人", "收件者", "받는사람", "받는 사람", "אל", "إلى",
    ]),
    (Field::Cc, &[
        "cc", "kopie", "kopie (cc)", "kopia", "kopi", "copie à", "copie", "copia", "cópia", "kopio", "kopija", "dw", "do wiadomości",
        "копия", "копия (cc)", "másolat", "másolatot kap", "bilgi", "сс", "kopija (cc)", "kópia", "koopia", "抄送", "副本", "참조",
    ]),
    (Field::Date, &[
        "date", "sent", "sent at", "datum", "gesendet", "gesendet am", "date d'envoi", "envoyé", "envoyé le", "message du", "fecha",
        "enviado", "enviado el", "enviado em", "enviada em", "data", "inviato", "data invio", "verzonden", "datum verzonden",
        "skickat", "dato", "sendt", "päiväys", "päivämäärä", "lähetetty", "kuupäev", "saadetud", "wysłano", "wysłany", "odesláno",
        "odoslané", "dátum", "poslano", "trimis", "trimisă", "дата", "отправлено", "відправлено", "надіслано", "küldve", "elküldve",
        "tanggal", "ngày", "изпратено", "išsiųsta",
        "tarih", "gönderildi", "gönderme tarihi", "gönderilme tarihi", "ημερομηνία", "日時", "日付", "送信日時", "发送时间", "发送日期",
        "日期", "時間", "寄件日期", "날짜", "보낸 날짜", "보낸시간", "תאריך", "التاريخ",
    ]),
    (Field::Subject, &[
        "subject", "betreff", "betr", "objet", "sujet", "asunto", "assunto", "oggetto", "onderwerp", "ämne", "emne", "aihe", "otsikko",
        "teema", "temat", "předmět", "predmet", "naslov", "subiect", "тема", "tárgy", "konu", "θέμα", "subjek", "perihal", "chủ đề", "относно", "zadeva", "temats", "件名", "题目", "主题", "主旨",
        "主題", "제목", "נושא", "الموضوع",
    ]),
    (Field::Other, &[
        "reply-to", "reply to", "bcc", "antwort an", "antworten an", "répondre à", "répondre a", "responder a", "rispondi a", "cci",
        "importance", "priority", "wichtigkeit", "attachments", "anlagen", "organization", "message-id", "resent-from", "importancia",
        "svar til", "svara till", "beantwoorden", "odpowiedz do", "odpověď", "return-path", "antwoord aan",
    ]),
];

/// Lines above a forwarded message, without dashes and colons.
#[rustfmt::skip]
pub const FORWARD_BANNERS: &[&str] = &[
    "begin forwarded message", "forwarded message", "forwarded by", "start of forwarded message", "forwarded mail",
    "weitergeleitete nachricht", "weitergeleitete e-mail", "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail",
    "message transféré", "début du message transféré", "début du message réexpédié", "message réexpédié", "mail transféré", "courriel transféré",
    "mensaje reenviado", "inicio del mensaje reenviado", "comienza el mensaje reenviado",
    "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada", "início da mensagem reencaminhada",
    "messaggio inoltrato", "inizio messaggio inoltrato", "inizio del messaggio inoltrato",
    "doorgestuurd bericht", "begin doorgestuurd bericht",
    "vidarebefordrat meddelande", "vidarebefordrat mejl", "vidarebefordrat brev", "startvarsel for vidarebefordrat meddelande",
    "videresendt meddelelse", "start på videresendt besked", "videresendt besked", "videresendt e-mail",
    "videresendt melding", "videresendt e-post", "start på videresendt melding", "begynnelse på videresendt melding", "videresendt epost",
    "välitetty viesti", "edelleenlähetetty viesti", "välitetty viesti alkaa", "alkup. viesti",
    "wiadomość przekazana", "przekazana wiadomość", "początek przekazywanej wiadomości", "przekazywana wiadomość", "treść przekazanej wiadomości",
    "přeposlaná zpráva", "začátek přeposílané zprávy", "předaná zpráva", "preposlaná správa", "začiatok preposlanej správy",
    "пересылаемое сообщение", "пересланное сообщение", "начало переадресованного сообщения", "начало пересылаемого сообщения",
    "переслане повідомлення",
    "iletilmiş ileti", "yönlendirilen ileti", "iletilen mesaj", "iletilen ileti", "başlangıç iletilen ileti", "iletilmiş mesaj",
    "转发的邮件", "转发邮件", "转发邮件信息", "開始轉寄郵件", "轉寄的郵件", "轉寄訊息", "已转发的邮件", "以下是转发的邮件", "开始转发邮件",
    "転送されたメッセージ", "転送メッセージ", "転送", "転送開始", "forwarded message ここから",
    "proslijeđena poruka", "prosljeđena poruka", "početak proslijeđene poruke", "počni proslijeđenu poruku", "mesaj redirecționat",
    "mesaj redirectionat", "mesaj redirecționat început", "începutul mesajului redirecționat", "edastatud kiri", "edastatud sõnum",
    "algab edastatud kiri", "edasisaadetud kiri",
    "továbbított üzenet", "továbbított levél", "továbbított üzenet kezdete", "προωθημένο μήνυμα", "전달된 메시지", "הודעה שהועברה", "רسالة معاد توجيهها",
];

/// Lines above a copied original, in answers and forwards alike.
#[rustfmt::skip]
pub const ORIGINAL_BANNERS: &[&str] = &[
    "original message", "original-nachricht", "original appointment", "reply message", "replied message", "reply above this line",
    "ursprüngliche nachricht", "originalnachricht", "original nachricht", "ursprüngliche mail", "originalmeldung",
    "message d'origine", "message original", "message initial", "courriel original", "mail original",
    "mensaje original", "mensagem original", "messaggio originale", "oorspronkelijk bericht", "origineel bericht",
    "ursprungligt meddelande", "originalmeddelande", "originalbrev", "oprindelig meddelelse", "oprindelig besked", "original meddelelse",
    "opprinnelig melding", "opprinnelig e-post", "alkuperäinen viesti", "wiadomość oryginalna", "oryginalna wiadomość", "původní zpráva", "původní e-mail",
    "pôvodná správa", "izvorna poruka", "исходное сообщение", "оригинальное сообщение", "орігінальне повідомлення", "orijinal ileti",
    "özgün ileti", "orijinal mesaj", "eredeti üzenet", "mesaj original", "algne sõnum", "αρχικό μήνυμα",
    "元のメッセージ", "オリジナルメッセージ", "原始邮件", "原始郵件", "原邮件", "邮件原件", "원본 메시지",
];

/// How the line ends that introduces a quotation; in front of it stand a date and an author, in some languages between.
#[rustfmt::skip]
pub const VERBS: &[&str] = &[
    "wrote", "writes", "said", "has written", "sent",
    "schrieb", "geschrieben", "schrieb am",
    "a écrit", "écrit", "escribió", "ha escrito", "escribio", "escreveu", "ha scritto", "scrive", "scritto",
    "schreef", "geschreven", "het volgende geschreven", "skrev", "skrev följande", "kirjoitti",
    "napisana przez", "napisał", "napisała", "napisał(a)", "pisze", "napsal", "napsala", "napsal(a)", "napísal", "napísala", "napísal(a)", "napisao je", "je napisao/la",
    "написал", "написала", "написал(а)", "пишет", "написав", "пише", "şunu yazdı", "şunları yazdı", "yazdı", "tarihinde şunu yazdı",
    "a scris", "írta", "ezt írta", "kirjutas", "menulis", "đã viết", "έγραψε", "rakstīja", "rašė",
    "写道", "寫道", "写到", "のメール", "は書きました", "さんが書きました", "が書きました", "작성", "님이 작성", "כתב", "كتب",
];

/// Words with which an introduction begins.
#[rustfmt::skip]
pub const BEGINNINGS: &[&str] = &[
    "on ", "am ", "le ", "el ", "il ", "op ", "em ", "a ", "den ", "på ", "d. ", "dne ", "dňa ", "dnia ", "w dniu ", "у ", "il giorno ",
    "at ", "in data ", "no dia ", "pe ", "într", "dana ", "vào ", "在 ", "于 ", "u ", "quoting ", "zitat von ",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_as_they_are_compared() {
        let lists = [FORWARD_BANNERS, ORIGINAL_BANNERS, VERBS, BEGINNINGS];
        for word in lists.concat().iter().chain(LABELS.iter().flat_map(|(_, words)| *words)) {
            assert_eq!(&word.to_lowercase(), word);
        }
    }
}
