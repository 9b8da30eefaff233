//! How signatures and disclaimers begin, by language, as data. In lower case, as they are compared.

/// Lines that phones and mail programs add by themselves, by how they begin.
#[rustfmt::skip]
pub const DEVICE_LINES: &[&str] = &[
    "sent from my", "sent from mail for", "sent from outlook", "sent from yahoo", "sent from samsung", "sent from proton", "sent from gmail",
    "sent from a mobile", "sent from mobile", "sent from the", "sent from iphone", "sent from ipad", "sent from nine", "sent from bluemail",
    "sent from spark", "sent using", "sent via", "sent with", "sent by my", "get outlook for", "get bluemail for", "download proton",
    "gesendet von mein", "von meinem iphone gesendet", "von meinem ipad gesendet", "von meinem", "gesendet von mail für", "gesendet von outlook",
    "gesendet mit", "gesendet über", "gesendet von yahoo", "gesendet von der", "diese nachricht wurde von meinem", "outlook für",
    "envoyé de mon", "envoyé depuis", "envoyé à partir de", "envoyé avec", "envoyé par", "télécharger outlook", "obtenez outlook",
    "enviado desde", "enviado de mi", "enviado con", "obtener outlook para", "descargar outlook",
    "enviado do meu", "enviado de meu", "enviado a partir do", "enviado pelo", "enviado via", "obter o outlook", "obter outlook", "baixe o outlook",
    "inviato da", "inviato dal", "inviato dal mio", "inviato con", "scarica outlook", "ottieni outlook", "scarica bluemail",
    "verstuurd vanaf", "verzonden vanaf", "verzonden met", "verstuurd vanuit", "verstuurd met", "outlook downloaden", "download outlook voor", "outlook voor",
    "wysłane z", "wysłano z", "pobierz program outlook", "pobierz aplikację outlook",
    "отправлено из", "отправлено с", "отправлено через", "послано с", "скачать outlook", "надіслано з",
    "iphoneから送信", "ipadから送信", "androidから送信", "私のiphoneから", "outlook for ios を入手", "outlook for android を入手",
    "发自我的", "从我的", "發自我的", "从我的iphone发送", "從我的 iphone 傳送", "获取", "取得 outlook", "获取 outlook",
    "skickat från", "skickades från", "hämta outlook", "sendt fra", "hent outlook", "last ned outlook", "få outlook",
    "lähetetty", "hanki outlook", "odesláno z", "odoslané z", "získat outlook", "získejte outlook", "stáhnout outlook",
    "iphone'umdan gönderildi", "ipad'imden gönderildi", "iphone'dan gönderildi", "samsung mobile'den gönderildi", "outlook'u edinin",
    "trimis de pe", "poslano s", "küldve", "elküldve", "gửi từ", "나의 iphone에서 보냄", "내 iphone에서 보냄", "envoye de mon",
];

/// Lines that phones put around a device name: `Von meinem iPhone gesendet`, `… cihazımdan gönderildi`.
pub const DEVICE_ENDS: &[&str] =
    &["gesendet", "gönderildi", "から送信", "より送信", "发送", "傳送", "보냄", "를 입수", "を入手"];

/// A line that a phone adds is short.
pub const DEVICE_LINE_CHARS_MAX: usize = 90;

/// First words of legal disclaimers and of scanners' notes.
#[rustfmt::skip]
pub const DISCLAIMERS: &[&str] = &[
    "this email and any", "this e-mail and any", "this email is confidential", "this e-mail is confidential", "this message is confidential",
    "this message and any", "this communication is", "this communication and any", "this message may contain", "this email may contain",
    "this e-mail may contain", "this email message is", "this e-mail message is", "this e-mail contains", "this email contains",
    "the information in this email", "the information in this e-mail", "the information contained in this", "the contents of this email",
    "the contents of this e-mail", "the content of this email", "this transmission", "confidentiality notice", "confidentiality note", "disclaimer", "legal notice",
    "confidentiality:", "confidential:", "privileged and confidential", "if you are not the intended recipient", "please consider the environment",
    "think before you print", "virus-free", "this email has been scanned", "this e-mail has been scanned", "this email has been checked",
    "this e-mail was sent", "important notice:", "notice: this email", "notice: this e-mail", "caution: this email",
    "diese e-mail enthält", "diese e-mail kann", "diese e-mail und", "diese nachricht enthält", "diese nachricht ist", "der inhalt dieser e-mail",
    "diese mail enthält", "bitte denken sie an die umwelt", "bitte prüfen sie", "vertraulichkeitshinweis", "haftungsausschluss", "virenfrei",
    "ce message et", "ce message est", "ce courriel", "ce mail et", "cet e-mail", "les informations contenues dans ce", "avis de confidentialité", "pensez à l'environnement", "garanti sans virus",
    "este mensaje", "este correo", "la información contenida en este", "aviso legal", "aviso de confidencialidad", "antes de imprimir", "libre de virus",
    "esta mensagem", "este e-mail", "este email", "aviso de privacidade", "as informações contidas", "livre de vírus",
    "questo messaggio", "questa e-mail", "questa email", "le informazioni contenute in", "ai sensi del", "avviso di riservatezza", "privo di virus",
    "dit bericht", "deze e-mail", "dit e-mailbericht", "de informatie in dit", "de inhoud van dit",
    "ta wiadomość", "niniejsza wiadomość", "treść tej wiadomości", "niniejszy e-mail", "informacje zawarte w",
    "это сообщение", "настоящее сообщение", "данное сообщение", "информация, содержащаяся", "конфиденциально",
    "detta meddelande", "detta e-postmeddelande", "denna e-post", "denne e-mail", "denne meddelelse", "denne e-posten", "denne meldingen",
    "tämä viesti", "tämä sähköposti", "tento e-mail", "tato zpráva", "informace obsažené v", "táto správa",
    "bu e-posta", "bu mesaj", "bu ileti", "本邮件", "此邮件", "本電郵", "このメールは", "本メールは", "このメッセージは",
];

/// A disclaimer has more than a few words.
pub const DISCLAIMER_CHARS_MIN: usize = 60;

/// Words with which people close: on a line by themselves, above a name.
#[rustfmt::skip]
pub const CLOSINGS: &[&str] = &[
    "thanks", "thank you", "many thanks", "thanks a lot", "thx", "regards", "best regards", "kind regards", "warm regards", "best", "best wishes",
    "cheers", "sincerely", "yours sincerely", "yours faithfully", "yours truly", "all the best",
    "mit freundlichen grüßen", "mit freundlichen grüssen", "mit freundlichem gruß", "freundliche grüße", "viele grüße", "beste grüße", "liebe grüße", "danke", "gruß", "grüße", "mfg", "vg", "lg",
    "cordialement", "bien cordialement", "merci", "salutations", "bonne journée", "bien à vous", "saludos", "un saludo", "saludos cordiales", "gracias", "atentamente",
    "atenciosamente", "obrigado", "obrigada", "cumprimentos", "abraços", "cordiali saluti", "distinti saluti", "saluti", "grazie",
    "met vriendelijke groet", "met vriendelijke groeten", "groeten", "groet", "bedankt", "mvg", "pozdrawiam", "z poważaniem", "dziękuję",
    "с уважением", "спасибо", "med vänlig hälsning", "med vänliga hälsningar", "vänliga hälsningar", "mvh", "hälsningar", "tack", "med venlig hilsen", "venlig hilsen", "med vennlig hilsen",
    "vennlig hilsen", "hilsen", "tak", "takk", "ystävällisin terveisin", "terveisin", "kiitos", "s pozdravem", "děkuji", "s pozdravom", "saygılarımla", "teşekkürler", "iyi çalışmalar",
    "よろしくお願いします", "よろしくお願いいたします", "敬具", "此致", "谢谢", "謝謝", "祝好",
];
