//! The language in which a text is written, or none: whoever routes by it would rather be told nothing than a guess.
//!
//! A text is told by the frequency of its letters and of each three in a row, which needs some sentences, and takes longer
//! than all else that reading a small message does; so it is done for those who ask ([`super::read()`]), and not for each
//! message that is filed. Only a beginning of the text is looked at, and of that only words: what has digits or signs in it
//! is an address, a number or a program's.

use whatlang::{Lang, detect};

use crate::base::limits::{LANGUAGE_BYTES_MAX, LANGUAGE_LETTER_BYTES_MIN, LANGUAGE_SEARCHED_BYTES_MAX};

/// The code of ISO 639-1 in lower case, such as `de`; none when it is unsure or the text is short.
pub fn of(text: &str) -> Option<&'static str> {
    let words = words(text);
    let letters: usize = words.chars().filter(|c| c.is_alphabetic()).map(char::len_utf8).sum();
    if letters < LANGUAGE_LETTER_BYTES_MIN {
        return None;
    }
    detect(&words).filter(|found| found.is_reliable()).and_then(|found| code(found.lang()))
}

fn words(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(LANGUAGE_SEARCHED_BYTES_MAX)];
    let is_word = |word: &&str| !word.contains(|c: char| c.is_numeric() || "@/\\_<>=|#{}[]".contains(c));
    let mut words = String::with_capacity(LANGUAGE_BYTES_MAX);
    for word in text.split_whitespace().filter(is_word) {
        // Some languages have no spaces: then a word is a text.
        let room = LANGUAGE_BYTES_MAX.saturating_sub(words.len() + 1);
        let end = word.floor_char_boundary(room);
        words.push_str(&word[..end]);
        words.push(' ');
        if end < word.len() {
            break;
        }
    }
    words
}

/// From the three letters of ISO 639-3; none for a language that has no two.
fn code(language: Lang) -> Option<&'static str> {
    const CODES: &str = "\
        afr af aka ak amh am ara ar aze az bel be ben bn bul bg cat ca ces cs cmn zh cym cy dan da deu de ell el eng en \
        epo eo est et fin fi fra fr guj gu heb he hin hi hrv hr hun hu hye hy ind id ita it jav jv jpn ja kan kn kat ka \
        khm km kor ko lat la lav lv lit lt mal ml mar mr mkd mk mya my nep ne nld nl nob nb ori or pan pa pes fa pol pl \
        por pt ron ro rus ru sin si slk sk slv sl sna sn spa es srp sr swe sv tam ta tel te tgl tl tha th tuk tk tur tr \
        ukr uk urd ur uzb uz vie vi yid yi zul zu";
    let mut codes = CODES.split(' ');
    while let (Some(long), Some(short)) = (codes.next(), codes.next()) {
        if long == language.code() {
            return Some(short);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_of_letters() {
        for (expected, text) in [
            ("en", "The lift in our house has been standing since this morning. Could you please send somebody soon?"),
            (
                "de",
                "Guten Tag, seit gestern geht die Heizung nicht mehr. Bitte schicken Sie uns einen Techniker. Danke!",
            ),
            (
                "fr",
                "Bonjour, ma commande n'est toujours pas arrivée. Pouvez-vous me dire quand elle va arriver ? Merci",
            ),
            (
                "nl",
                "Goedemiddag, ik heb de factuur nog niet ontvangen. Kunt u mij die nog een keer sturen? Met vriendelijke groet",
            ),
            (
                "es",
                "Buenos días, todavía no he recibido mi pedido. ¿Podrían decirme cuándo llegará? Muchas gracias y saludos",
            ),
            ("it", "Buongiorno, non ho ancora ricevuto il mio ordine. Potete dirmi quando arriverà? Grazie mille"),
            (
                "pl",
                "Dzień dobry, nadal nie otrzymałem mojego zamówienia. Czy mogą mi Państwo powiedzieć, kiedy dotrze?",
            ),
            ("sv", "Hej, jag har fortfarande inte fått min beställning. Kan ni säga när den kommer? Tack på förhand"),
            ("tr", "Merhaba, siparişim hâlâ gelmedi. Ne zaman geleceğini söyleyebilir misiniz? Teşekkürler"),
            ("uk", "Добрий день, я досі не отримав своє замовлення. Підкажіть, будь ласка, коли воно прийде?"),
            ("el", "Καλημέρα, δεν έχω λάβει ακόμη την παραγγελία μου. Πότε θα φτάσει; Ευχαριστώ πολύ"),
            ("ja", "お世話になっております。注文した商品がまだ届いておりません。いつ届くか教えてください。"),
            ("zh", "您好，我订购的商品还没有收到。请问什么时候能够送达？谢谢。"),
            ("ko", "안녕하세요, 주문한 상품이 아직 도착하지 않았습니다. 언제 도착하는지 알려 주시겠습니까?"),
            ("he", "שלום, ההזמנה שלי עדיין לא הגיעה. האם תוכלו לומר לי מתי היא תגיע? תודה רבה"),
        ] {
            assert_eq!(of(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for text in [
            "",
            "Danke!",
            "ok thanks",
            "Invoice 7",
            "Bonjour, merci.",
            "谢谢",
            "Thanks, works now.",
            "Please call me back.",
            "12345 67890 2026-11-29 0x80070005 /usr/lib/x.so a@b.example https://x.example/y",
            "ERROR at module foo.dll: stack trace: null pointer exception: kernel32",
            "asdf asdf asdf qwer zxcv asdf qwer zxcv asdf lkj",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_beginning_is_looked_at() {
        let german = "Seit gestern geht die Heizung nicht mehr, bitte schicken Sie uns bald jemanden. ";
        let english = "The heating has been out of order since yesterday, please send somebody soon. ";
        assert_eq!(of(&(german.repeat(20) + &english.repeat(10_000))), Some("de"));
        assert_eq!(words(&"x".repeat(1 << 20)).len(), LANGUAGE_BYTES_MAX);
        assert_eq!(words(&"1 ".repeat(1 << 20)), "");
    }

    #[test]
    fn every_language_has_its_code() {
        assert!(Lang::all().iter().all(|language| code(*language).is_some_and(|code| code.len() == 2)));
    }
}
