//! What mail programs write around a message that they quote or forward, by language, as data.
//!
//! All words are written as [`folded`](super::folded) makes them: in lower case, without the dot that capital İ leaves,
//! with straight apostrophes. Where programs of one language differ, each form has its place.

/// What a label names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    From,
    To,
    Cc,
    Date,
    Subject,
    Other,
}

/// Labels of a copied header section, without their colon.
#[rustfmt::skip]
pub const LABELS: &[(Field, &[&str])] = &[
    (Field::From, &[
        "from", "sender", "reply from",                 // English
        "von", "absender",                              // German
        "de", "expéditeur",                             // French, Spanish, Portuguese
        "remitente", "remetente",                       // Spanish, Portuguese
        "da", "di", "mittente",                         // Italian
        "van", "afzender", "verzender",                 // Dutch
        "od", "nadawca",                                // Polish, Czech, Slovak, Slovenian
        "odesílatel", "odosielateľ", "šalje", "pošiljatelj",
        "от", "от кого", "отправитель", "від", "від кого", // Russian, Ukrainian, Bulgarian
        "差出人", "送信者", "送信元",                   // Japanese
        "发件人", "发信人", "发送人", "寄件者", "寄件人", "寄信人",
        "från", "avsändare", "fra", "afsender", "avsender", "lähettäjä", "saatja",
        "kimden", "gönderen",                           // Turkish
        "de la", "expeditor", "expeditorul",            // Romanian
        "feladó", "από", "nuo", "no", "dari", "từ",
        "보낸사람", "보낸 사람", "보내는 사람", "מאת", "من",
    ]),
    (Field::To, &[
        "to", "an", "empfänger", "à", "a", "pour", "destinataire", "para", "destinatario", "destinatário", "aan", "ontvanger",
        "do", "odbiorca", "komu", "adresat", "příjemce", "príjemca", "prijemca", "pre", "prima", "prejemnik", "za",
        "кому", "получатель", "до", "宛先", "宛て先", "送信先", "送付先", "收件人", "收件者", "收信人",
        "till", "mottagare", "til", "modtager", "mottaker", "vastaanottaja", "saaja", "kam",
        "kime", "alıcı", "către", "catre", "destinatar", "destinatarul", "címzett", "προς", "kepada", "đến",
        "받는사람", "받는 사람", "אל", "إلى",
    ]),
    (Field::Cc, &[
        "cc", "c.c.", "kopie", "kopie (cc)", "kopia", "kopia till", "kopi", "kopi til", "copie à", "copie", "copia", "cópia", "kopio", "kopija",
        "kopija (cc)", "kópia", "koopia", "dw", "do wiadomości", "копия", "копия (cc)", "копія", "сс", "másolat", "másolatot kap", "bilgi",
        "copia carbone", "抄送", "抄送人", "副本", "참조",
    ]),
    (Field::Date, &[
        "date", "sent", "sent at", "date sent", "datum", "gesendet", "gesendet am", "date d'envoi", "envoyé", "envoyé le", "message du",
        "fecha", "fecha de envío", "enviado", "enviado el", "enviado em", "enviada em", "enviada", "data de envio", "data",
        "inviato", "inviata", "data invio", "data di invio", "verzonden", "datum verzonden", "verzonden op", "verstuurd",
        "wysłano", "wysłany", "data wysłania", "odesláno", "odoslané", "dátum", "poslano", "poslané", "дата", "дата отправки", "отправлено",
        "дата відправлення", "відправлено", "надіслано", "изпратено", "日時", "日付", "送信日時", "送信日", "发送时间", "发送日期", "日期", "時間",
        "寄件日期", "寄件時間", "傳送時間", "skickat", "dato", "sendt", "päiväys", "päivämäärä", "lähetetty", "kuupäev", "saadetud",
        "tarih", "gönderildi", "gönderme tarihi", "gönderilme tarihi", "gönderim tarihi", "dată", "trimis", "trimisă", "trimis la", "küldve",
        "elküldve", "ημερομηνία", "tanggal", "ngày", "išsiųsta", "날짜", "보낸 날짜", "보낸시간", "보낸 시간", "תאריך", "التاريخ",
    ]),
    (Field::Subject, &[
        "subject", "betreff", "betr", "thema", "objet", "sujet", "asunto", "assunto", "oggetto", "onderwerp", "temat", "tytuł",
        "předmět", "predmet", "zadeva", "naslov", "тема", "тема письма", "относно", "件名", "題名", "题目", "主题", "标题", "主旨", "主題",
        "ämne", "emne", "aihe", "otsikko", "teema", "konu", "subiect", "subiectul", "tárgy", "θέμα", "temats", "subjek", "perihal",
        "chủ đề", "제목", "נושא", "الموضوع",
    ]),
    (Field::Other, &[
        "reply-to", "reply to", "bcc", "antwort an", "antworten an", "répondre à", "répondre a", "responder a", "rispondi a", "cci",
        "importance", "priority", "wichtigkeit", "attachments", "anlagen", "organization", "message-id", "resent-from", "importancia",
        "svar til", "svara till", "beantwoorden", "odpowiedz do", "odpověď", "return-path", "antwoord aan", "返信先", "pièces jointes", "allegati",
        "bijlagen", "bilagor", "adjuntos", "anexos", "załączniki", "přílohy", "вложения", "ekler", "vedhæftede filer", "vedlegg", "liitteet", "附件",
    ]),
];

/// Lines above a forwarded message, without dashes and colons.
#[rustfmt::skip]
pub const FORWARD_BANNERS: &[&str] = &[
    // English
    "begin forwarded message", "forwarded message", "forwarded by", "start of forwarded message", "forwarded mail", "forwarded email",
    // German
    "weitergeleitete nachricht", "weitergeleitete e-mail", "weitergeleitete mail", "anfang der weitergeleiteten nachricht",
    "anfang der weitergeleiteten e-mail", "beginn der weitergeleiteten nachricht", "beginn der weitergeleiteten e-mail",
    // French
    "message transféré", "message transmis", "message réexpédié", "début du message transféré", "début du message réexpédié",
    "mail transféré", "e-mail transféré", "courriel transféré", "courrier transféré",
    // Spanish
    "mensaje reenviado", "inicio del mensaje reenviado", "comienza el mensaje reenviado", "correo reenviado",
    // Portuguese
    "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada", "início da mensagem reencaminhada", "e-mail encaminhado",
    // Italian
    "messaggio inoltrato", "inizio messaggio inoltrato", "inizio del messaggio inoltrato", "messaggio di posta inoltrato",
    // Dutch
    "doorgestuurd bericht", "begin doorgestuurd bericht", "doorgestuurde e-mail", "doorgezonden bericht",
    // Polish
    "wiadomość przekazana", "przekazana wiadomość", "początek przekazywanej wiadomości", "początek przekazanej wiadomości",
    "przekazywana wiadomość", "treść przekazanej wiadomości", "wiadomość przesłana dalej", "przesłana wiadomość",
    // Russian, Ukrainian
    "пересылаемое сообщение", "пересланное сообщение", "перенаправленное сообщение", "переадресованное сообщение", "пересылаемое письмо",
    "пересланное письмо", "начало переадресованного сообщения", "начало пересылаемого сообщения", "переслане повідомлення",
    "перенаправлене повідомлення", "початок листа, що пересилається",
    // Japanese
    "転送されたメッセージ", "転送メッセージ", "メッセージを転送", "転送されたメール", "転送メール", "転送", "転送開始", "forwarded message ここから",
    // Chinese
    "转发的邮件", "转发邮件", "转发邮件信息", "已转发的邮件", "以下是转发的邮件", "开始转发邮件", "转发的信息", "開始轉寄郵件", "轉寄的郵件", "轉寄郵件", "轉寄訊息",
    "轉寄的訊息",
    // Swedish, Danish, Norwegian, Finnish
    "vidarebefordrat meddelande", "vidarebefordrat mejl", "vidarebefordrat brev", "vidaresänt meddelande", "början på vidarebefordrat meddelande",
    "startvarsel for vidarebefordrat meddelande", "videresendt meddelelse", "start på videresendt besked", "videresendt besked", "videresendt e-mail",
    "videresendt mail", "videresendt melding", "videresendt e-post", "start på videresendt melding", "begynnelse på videresendt melding",
    "videresendt epost", "välitetty viesti", "välitetty viesti / fwd.msg", "välitetty viesti alkaa", "edelleenlähetetty viesti",
    "edelleen lähetetty viesti", "alkup. viesti",
    // Czech, Slovak, Croatian, Slovenian
    "přeposlaná zpráva", "začátek přeposílané zprávy", "začátek přeposlané zprávy", "předaná zpráva", "preposlaná správa",
    "začiatok preposlanej správy", "proslijeđena poruka", "prosljeđena poruka", "početak proslijeđene poruke", "počni proslijeđenu poruku",
    "započni proslijeđenu poruku", "posredovano sporočilo",
    // Turkish
    "iletilmiş ileti", "iletilmiş mesaj", "iletilen mesaj", "iletilen ileti", "iletilen e-posta", "yönlendirilen ileti", "yönlendirilmiş ileti",
    "yönlendirilen mesaj", "ileti başlangıcı", "başlangıç iletilen ileti",
    // Romanian, Hungarian, Estonian, Greek, Korean, Hebrew, Arabic
    "mesaj redirecţionat", "mesaj redirectionat", "mesaj redirecţionat început", "începutul mesajului redirecţionat", "începe mesajul redirecţionat",
    "továbbított üzenet", "továbbított levél", "továbbított üzenet kezdete", "továbbított levél kezdete", "edastatud kiri", "edastatud sõnum",
    "algab edastatud kiri", "edasisaadetud kiri", "προωθημένο μήνυμα", "전달된 메시지", "הודעה שהועברה", "رسالة معاد توجيهها",
];

/// Lines above a copied original, in answers and forwards alike.
#[rustfmt::skip]
pub const ORIGINAL_BANNERS: &[&str] = &[
    "original message", "original email", "original mail", "original-nachricht", "original appointment", "reply message", "replied message",
    "reply above this line",
    "ursprüngliche nachricht", "originalnachricht", "original nachricht", "ursprüngliche mail", "ursprüngliche e-mail", "originalmeldung",
    "message d'origine", "message original", "message initial", "courriel original", "courriel d'origine", "mail original", "e-mail d'origine",
    "mensaje original", "correo original", "mensagem original", "e-mail original", "messaggio originale", "messaggio originario", "mail originale",
    "oorspronkelijk bericht", "oorspronkelijke bericht", "origineel bericht", "oorspronkelijke e-mail",
    "wiadomość oryginalna", "oryginalna wiadomość", "pierwotna wiadomość", "treść oryginalnej wiadomości",
    "исходное сообщение", "исходное письмо", "оригинальное сообщение", "первоначальное сообщение", "орігінальне повідомлення", "оригінальне повідомлення",
    "元のメッセージ", "オリジナルメッセージ", "オリジナル メッセージ", "元のメール",
    "原始邮件", "原始郵件", "原邮件", "邮件原件", "原始信息", "原始訊息", "回复的原邮件", "回覆的原郵件",
    "ursprungligt meddelande", "originalmeddelande", "ursprungsmeddelande", "originalbrev", "ursprungligt mejl",
    "oprindelig meddelelse", "oprindelig besked", "oprindelig mail", "original meddelelse", "original besked",
    "opprinnelig melding", "opprinnelig e-post", "original melding", "alkuperäinen viesti",
    "původní zpráva", "původní e-mail", "původní email", "originální zpráva", "pôvodná správa", "izvorna poruka",
    "orijinal ileti", "özgün ileti", "orijinal mesaj", "özgün mesaj", "orijinal e-posta", "eredeti üzenet", "mesaj original", "mesajul original",
    "algne sõnum", "αρχικό μήνυμα", "원본 메시지", "원본 메일",
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

/// Authors whom no program names: a person tells what somebody wrote.
#[rustfmt::skip]
pub const PRONOUNS: &[&str] = &[
    "i", "we", "you", "he", "she", "they", "it", "who",
    "ich", "du", "er", "sie", "wir", "ihr", "man", "je", "j'ai", "tu", "il", "elle", "on", "nous", "vous", "ils", "elles",
    "yo", "él", "ella", "usted", "ustedes", "nosotros", "ellos", "ellas", "io", "lui", "lei", "noi", "voi", "loro",
    "eu", "ele", "ela", "você", "nós", "eles", "elas", "ik", "jij", "je", "hij", "zij", "ze", "u", "wij", "jullie",
    "jag", "ni", "han", "hon", "de", "jeg", "hun", "vi", "dere", "minä", "sinä", "hän", "me", "te", "he",
    "ja", "ty", "on", "ona", "pan", "pani", "my", "wy", "oni", "já", "vy", "я", "ты", "он", "она", "мы", "вы", "они",
    "ben", "sen", "o", "biz", "siz", "onlar",
];

/// Words with which an introduction begins.
#[rustfmt::skip]
pub const BEGINNINGS: &[&str] = &[
    "on ", "am ", "le ", "el ", "il ", "op ", "em ", "a ", "den ", "på ", "d. ", "dne ", "dňa ", "dnia ", "w dniu ", "у ", "il giorno ",
    "at ", "in data ", "no dia ", "pe ", "într", "dana ", "vào ", "在 ", "于 ", "u ", "quoting ", "zitat von ",
];

#[cfg(test)]
mod tests {
    use super::super::folded;
    use super::*;

    #[test]
    fn words_are_written_as_they_are_compared() {
        let lists = [FORWARD_BANNERS, ORIGINAL_BANNERS, VERBS, BEGINNINGS, PRONOUNS];
        for word in lists.concat().iter().chain(LABELS.iter().flat_map(|(_, words)| *words)) {
            assert_eq!(&folded(word), word);
        }
    }
}
