//! How signatures and disclaimers begin, by language, as data. In lower case, as they are compared.

/// How the lines of phones begin that speak of the writer's own device, whatever it is.
#[rustfmt::skip]
pub const OWN_DEVICE_LINES: &[&str] = &[
    "sent from my", "sent by my",
    "gesendet von mein", "von meinem", "von meiner", "diese nachricht wurde von meinem", "envoyé de mon", "envoye de mon", "envoyé depuis mon",
    "envoyé à partir de mon", "enviado desde mi", "enviado de mi", "enviado do meu", "enviado de meu", "enviado a partir do meu", "enviada do meu",
    "inviato dal mio", "inviato da mio", "inviato dalla mia", "verstuurd vanaf mijn", "verzonden vanaf mijn", "verstuurd vanuit mijn", "wysłane z mojego", "wysłano z mojego",
    "отправлено с моего", "послано с моего", "发自我的", "從我的", "从我的", "發自我的", "私の",
    "skickat från min", "skickades från min", "sendt fra min", "lähetetty minun", "odesláno z mého", "odoslané z môjho", "trimis de pe",
];

/// How the lines of phones and programs begin that go on with the name of one.
#[rustfmt::skip]
pub const DEVICE_LINES: &[&str] = &[
    "sent from", "sent by", "sent using", "sent via", "sent with", "sent on", "sent through", "composed on", "delivered by",
    "gesendet von", "gesendet mit", "gesendet über", "gesendet aus", "gesendet via", "verschickt mit", "verschickt von", "versendet mit",
    "envoyé de", "envoyé depuis", "envoyé à partir", "envoyé avec", "envoyé par", "envoyé via", "envoye de",
    "enviado desde", "enviado de", "enviado con", "enviado a través", "enviado mediante",
    "enviado do", "enviado a partir", "enviado pelo", "enviado por", "enviado via", "enviado com", "enviada do", "enviada pelo",
    "inviato da", "inviato dal", "inviato con", "inviato tramite", "inviata da", "inviata con",
    "verstuurd vanaf", "verzonden vanaf", "verzonden met", "verzonden vanuit", "verstuurd vanuit", "verstuurd met", "verzonden via",
    "wysłane z", "wysłano z", "wysłane przez", "wysłano za pomocą", "wysłane za pomocą",
    "отправлено из", "отправлено с", "отправлено через", "отправлено от", "послано с", "надіслано з", "надіслано через", "发自", "發自", "来自", "來自",
    "skickat från", "skickades från", "skickat med", "skickat via", "sendt fra", "sendt med", "sendt via", "sendt med",
    "lähetetty", "odesláno z", "odesláno pomocí", "odoslané z", "odoslané pomocou", "poslano s", "poslano z", "trimis din", "küldve", "elküldve",
    "gửi từ", "나의", "내",
];

/// How such lines end in languages that put the name first: `iPhone'umdan gönderildi`.
#[rustfmt::skip]
pub const DEVICE_ENDS: &[&str] = &[
    "gesendet", "gönderildi", "gönderilmiştir", "から送信", "より送信", "から送信されました", "发送", "發送", "傳送", "보냄", "를 입수", "を入手",
    "küldve",
];

/// Devices and programs that name themselves in such lines.
#[rustfmt::skip]
pub const DEVICES: &[&str] = &[
    "iphone", "iphonu", "ipad", "ipod", "android", "samsung", "galaxy", "blackberry", "windows phone", "windows mobile", "nokia", "lumia", "htc", "huawei", "honor", "xiaomi",
    "redmi", "oneplus", "pixel", "nexus", "motorola", "moto", "sony", "xperia", "lg", "oppo", "realme", "fairphone",
    "phone", "mobile", "smartphone", "handy", "handheld", "tablet", "tablette", "telefon", "telefoon", "téléphone", "teléfono", "telefone", "telefono",
    "móvil", "movil", "celular", "cellulare", "mobil", "mobiel", "mobiltelefon", "mobilního", "puhelimesta", "puhelin", "телефон", "смартфон", "телефона", "手机", "手機",
    "携帯", "スマートフォン", "スマホ", "cihazım", "device", "gerät", "appareil", "dispositivo", "apparaat", "enhet", "enhed", "urządzenia", "устройства",
    "outlook", "gmail", "google mail", "yahoo", "aol", "proton", "protonmail", "thunderbird", "apple mail", "icloud", "mail for windows", "mail für windows",
    "courrier pour windows", "correo para windows", "mail app", "windows mail", "email app", "hotmail", "live mail", "exchange", "hubspot",
    "spark", "nine", "bluemail", "typeapp", "mymail", "mail.ru", "яндекс", "yandex", "gmx", "web.de", "zoho", "fastmail", "tutanota", "tuta", "mailbird",
    "em client", "airmail", "newton", "cloudmagic", "edison", "sparrow", "mailbox", "polymail", "superhuman", "front", "missive", "canary", "k-9", "k9",
    "fairemail", "aqua mail", "aquamail", "boxer", "touchdown", "mailspring", "postbox", "roundcube", "horde", "zimbra", "groupwise", "lotus notes",
    "t-online", "freenet", "libero", "virgilio", "tim", "orange", "sfr", "la poste", "laposte", "bouygues", "verizon", "at&t", "t-mobile", "vodafone", "telekom",
    "rogers", "telus", "telstra", "optus", "qq", "网易", "foxmail", "163", "naver", "docomo", "softbank", "onet", "seznam", "posteo", "mailbox.org",
];

/// Lines that offer a mail program, by how they begin.
#[rustfmt::skip]
pub const PROGRAM_LINES: &[&str] = &[
    "get outlook for", "get bluemail for", "get yahoo mail", "get the outlook app", "download outlook", "download proton", "download bluemail", "outlook für", "outlook for",
    "holen sie sich outlook", "laden sie outlook", "outlook herunterladen", "télécharger outlook", "obtenez outlook", "obtenir outlook", "téléchargez outlook",
    "obtener outlook", "descargar outlook", "obtenga outlook", "consigue outlook", "obter o outlook", "obter outlook", "baixe o outlook", "baixar o outlook",
    "obtenha o outlook", "scarica outlook", "ottieni outlook", "scarica bluemail", "outlook downloaden", "download outlook voor", "outlook voor",
    "pobierz program outlook", "pobierz aplikację outlook", "pobierz outlook", "скачать outlook", "скачайте outlook", "получить outlook", "загрузить outlook",
    "获取 outlook", "获取outlook", "下载 outlook", "取得 outlook", "下載 outlook", "hämta outlook", "skaffa outlook", "hent outlook", "last ned outlook", "få outlook",
    "hanki outlook", "lataa outlook", "získat outlook", "získejte outlook", "stáhnout outlook", "získajte outlook", "outlook'u edinin", "outlook'u indirin",
    "ios için outlook", "android için outlook",
];

/// What follows such a line in the same one: `Please excuse typos.`
#[rustfmt::skip]
pub const EXCUSES: &[&str] = &[
    "excuse", "typo", "brevity", "brief", "forgive", "pardon", "autocorrect", "tippfehler", "kürze", "rechtschreib",
    "fautes", "concision", "disculp", "errores", "erros", "errori", "fouten", "beknopt", "literówki", "опечат",
];

/// First words, without dots, of what people add below everything else.
pub const POSTSCRIPTS: &[&str] =
    &["ps", "pps", "nb", "pd", "edit", "addendum", "nachtrag", "зы", "追伸", "又及", "附", "obs"];

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
