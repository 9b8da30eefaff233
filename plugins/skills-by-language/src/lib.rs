//! Asks for an agent who speaks the language of the message. The language is guessed from its most frequent small words,
//! as `skill=words` for each in the setting `languages`: exact enough for a few sentences, and silent about less.

use std::collections::HashSet;

use postcase_plugin::{Advice, Facts, Stage};

/// Words that are frequent in one language and rare in the others.
const WORDS: [(&str, &str); 5] = [
    ("english", "the and is are was you your with for this that have not but from please thanks"),
    ("german", "der die das und ist nicht ich sie wir ein eine mit auf für bitte meine haben wurde"),
    ("french", "le les des est et je vous nous pas une dans pour sur que qui avec mon merci bonjour"),
    ("spanish", "el los las es y yo usted nosotros no una en para por que con mi pero gracias hola"),
    ("dutch", "de het een en is niet ik u wij met op voor graag mijn hebben werd van maar dank"),
];

postcase_plugin::plugin! {
    summary: "Asks for an agent who speaks the language of the message",
    stages: [Classify],
    settings: [
        ("level", "1", "how well they have to speak it, 1 to 10"),
        ("unless", "english", "the language that everybody speaks; empty: none"),
    ],
    vectors: ["german", "french", "english", "too-short"],
    advise: advise,
}

fn advise(_: Stage, facts: &Facts) -> Result<Vec<Advice>, String> {
    let level = facts.setting("level").parse().map_err(|_| "the setting level must be a number from 1 to 10")?;
    let text = format!("{}\n{}", facts.subject, facts.new_text).to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect();
    let mut scores: Vec<(usize, &str)> = WORDS
        .iter()
        .map(|(language, known)| {
            let known: HashSet<&str> = known.split(' ').collect();
            (words.iter().filter(|word| known.contains(*word)).count(), *language)
        })
        .collect();
    scores.sort_by(|one, other| other.cmp(one));
    let [(best, language), (second, _), ..] = scores[..] else { return Ok(vec![]) };
    // Fewer than three words prove nothing, nor does a lead of less than a third.
    if best < 3 || second * 3 > best * 2 || language == facts.setting("unless") {
        return Ok(vec![]);
    }
    let confidence = (100 * (best - second) / best) as u8;
    let why = format!("{best} of {} words are frequent in {language}", words.len());
    Ok(vec![Advice::skill(language, level).confidence(confidence).because(why)])
}
