//! Subjects of replies, and the words in front of a subject that say "answer" or "forward" in many languages.

use crate::base::CaseNumber;
use crate::base::limits::SUBJECT_CHARS_MAX;

/// Words before a colon that mark an answer.
#[rustfmt::skip]
const REPLY_WORDS: &[&str] = &[
    "re", "aw", "antw", "antwort", "sv", "vs", "ref", "rif", "r", "res", "ré", "réf", "odp", "ynt", "απ", "σχετ",
    "отв", "ответ", "回复", "答复", "回覆", "返信", "답장", "bls", "vá", "atb", "hb", "tr re",
];
/// Words before a colon that mark a forward.
#[rustfmt::skip]
const FORWARD_WORDS: &[&str] = &[
    "fwd", "fw", "wg", "tr", "rv", "enc", "i", "vl", "doorst", "pd", "ilt", "i̇lt", "πρθ", "пересл", "转发", "轉寄", "転送",
    "전달", "trs", "tvs", "továbbítás", "vb", "videresend", "videresendt", "vidarebefordra", "weitergeleitet",
    "transféré", "reenviado", "encaminhado", "inoltrato", "doorgestuurd", "přeposláno", "przekazane", "fwd from",
];
/// What mail gateways put in front of subjects, in brackets or with a colon.
#[rustfmt::skip]
const GATEWAY_WORDS: &[&str] = &[
    "external", "ext", "extern", "externe", "externo", "externer absender", "external email", "external sender",
    "externe mail", "caution external", "warning external", "untrusted sender", "suspected spam", "possible spam",
    "spam",
];
/// Finnish programs mean "answer" with it, Danish and Norwegian ones "forward".
const BOTH: &str = "vs";
/// Enough for any real stack of prefixes.
const PREFIXES_MAX: usize = 50;

/// The subject of a reply on a case: one `Re: `, what is left of the subject, one tag of the case. Tags of others stay.
pub fn of_reply(subject: &str, case: CaseNumber) -> String {
    let tag = format!("[#{case}]");
    let one_line: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let untagged = one_line.replace(&tag, " ");
    let mut rest = untagged.trim();
    for _ in 0..PREFIXES_MAX {
        match prefix(rest) {
            Some((word, behind)) if REPLY_WORDS.contains(&word.as_str()) => rest = behind,
            _ => break,
        }
    }
    let words: Vec<&str> = rest.split_whitespace().collect();
    let room = SUBJECT_CHARS_MAX - "Re:  ".len() - tag.len();
    let kept: String = words.join(" ").chars().take(room).collect();
    let kept = kept.trim_end();
    if kept.is_empty() { format!("Re: {tag}") } else { format!("Re: {kept} {tag}") }
}

/// True when the subject begins with a word that marks a forward, behind any number of answers.
pub fn is_forward(subject: &str) -> bool {
    let mut rest = subject.trim();
    for _ in 0..PREFIXES_MAX {
        match prefix(rest) {
            Some((word, _)) if FORWARD_WORDS.contains(&word.as_str()) => return true,
            Some((word, behind)) if REPLY_WORDS.contains(&word.as_str()) => rest = behind,
            _ => return false,
        }
    }
    false
}

/// True when the subject begins with a word that marks an answer and nothing else.
pub fn is_reply(subject: &str) -> bool {
    prefix(subject.trim()).is_some_and(|(word, _)| word != BOTH && REPLY_WORDS.contains(&word.as_str()))
}

/// True when the subject begins with a word that marks an answer, behind any marks of gateways.
pub fn is_answer(subject: &str) -> bool {
    let mut rest = subject.trim();
    while let bare = without_gateway(rest)
        && bare.len() < rest.len()
    {
        rest = bare;
    }
    is_reply(rest)
}

/// The subject without the words that mark an answer or a forward.
pub fn base(subject: &str) -> &str {
    let mut rest = subject.trim();
    for _ in 0..PREFIXES_MAX {
        match prefix(rest) {
            Some((word, behind)) if REPLY_WORDS.contains(&word.as_str()) || FORWARD_WORDS.contains(&word.as_str()) => {
                rest = behind;
            }
            _ => break,
        }
    }
    rest
}

/// What subjects of one conversation have in common: without marks of answers, forwards and gateways, our tag, case and
/// punctuation. Empty when that is all.
pub fn of_conversation(subject: &str) -> String {
    let mut rest = subject.trim();
    for _ in 0..PREFIXES_MAX {
        let bare = without_gateway(base(rest));
        if bare.len() == rest.len() {
            break;
        }
        rest = bare;
    }
    let untagged = match rest.rsplit_once("[#") {
        Some((before, tag)) => format!("{before} {}", tag.split_once(']').map_or("", |(_, behind)| behind)),
        None => rest.to_owned(),
    };
    let words = untagged.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Without one mark of a gateway, as `[External]`, `*** SPAM ***` or `EXT:`.
fn without_gateway(subject: &str) -> &str {
    let is_mark = |text: &str| {
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        GATEWAY_WORDS.contains(&words.collect::<Vec<_>>().join(" ").to_lowercase().as_str())
    };
    let ends = [("[", "]"), ("(", ")"), ("{", "}"), ("***", "***"), ("", ":")];
    let marked = ends.iter().find_map(|(open, close)| {
        let (mark, behind) = subject.strip_prefix(open)?.split_once(close)?;
        is_mark(mark).then_some(behind.trim_start())
    });
    marked.unwrap_or(subject)
}

/// The word before the first colon in lower case, without a counter (`Re[2]:`, `Re^2:`, `RE (3):`), and the rest.
fn prefix(subject: &str) -> Option<(String, &str)> {
    const WORD_BYTES_MAX: usize = 40;
    let colon = subject.char_indices().take(WORD_BYTES_MAX).find(|(_, c)| matches!(c, ':' | '：'))?;
    let word = subject[..colon.0].trim_end();
    let word =
        word.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')' | '^' | '*' | ' '));
    Some((word.to_lowercase(), subject[colon.0 + colon.1.len_utf8()..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies() {
        for (subject, expected) in [
            ("Broken door", "Re: Broken door [#17]"),
            ("Re: Broken door", "Re: Broken door [#17]"),
            ("RE: AW: Re[2]: sv : Broken door [#17]", "Re: Broken door [#17]"),
            ("Re: [#17] Broken [#17] door", "Re: Broken door [#17]"),
            ("Re: Broken door [#18] [JIRA-3]", "Re: Broken door [#18] [JIRA-3] [#17]"),
            ("回复：Tür", "Re: Tür [#17]"),
            ("Fwd: Broken door", "Re: Fwd: Broken door [#17]"),
            ("Reason: none", "Re: Reason: none [#17]"),
            ("", "Re: [#17]"),
            ("a\r\nBcc: x@y", "Re: a Bcc: x@y [#17]"),
        ] {
            assert_eq!(of_reply(subject, 17), expected, "{subject:?}");
            assert_eq!(of_reply(&of_reply(subject, 17), 17), expected, "again {subject:?}");
        }
        assert_eq!(of_reply(&"é".repeat(1000), 17).chars().count(), SUBJECT_CHARS_MAX);
    }

    #[test]
    fn subjects_of_one_conversation() {
        for (subject, expected) in [
            ("The printer is on fire!", "the printer is on fire"),
            ("Re: AW: [EXTERNAL] Fwd: the  printer is on fire [#17]", "the printer is on fire"),
            ("[JIRA] (ABC-12) Fire", "jira abc 12 fire"),
            ("*** SPAM *** EXT: Re: Fire", "fire"),
            ("External drive: broken", "external drive broken"),
            ("[#17]", ""),
            ("Re: [External]", ""),
        ] {
            assert_eq!(of_conversation(subject), expected, "{subject}");
        }
        for (subject, expected) in [("[External] EXT: Re: x", true), ("[External] x", false), ("Re: x", true)] {
            assert_eq!(is_answer(subject), expected, "{subject}");
        }
        for word in GATEWAY_WORDS {
            let word = word.to_uppercase();
            for subject in [format!("[{word}] x"), format!("{word}: x"), format!("Re: *** {word} *** Re: x")] {
                assert_eq!(of_conversation(&subject), "x", "{subject}");
            }
        }
    }

    #[test]
    fn every_word_is_known() {
        for word in REPLY_WORDS {
            assert_eq!(of_reply(&format!("{}: x", word.to_uppercase()), 1), "Re: x [#1]", "{word}");
        }
        for word in FORWARD_WORDS {
            assert!(is_forward(&format!("{word}: x")) && is_forward(&format!("Re: {word}: x")), "{word}");
        }
        for (subject, expected, base_of) in
            [("AW: x", true, "x"), ("VS: x", false, "x"), ("WG: Re: x: y", false, "x: y"), ("x", false, "x")]
        {
            assert_eq!((is_reply(subject), base(subject)), (expected, base_of), "{subject}");
        }
        assert!(!is_forward("Re: forward: march") && !is_forward("Fwd without colon"));
    }
}
