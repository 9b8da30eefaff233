//! Mail of the customers who are named in the settings is urgent and tagged. Only mail whose sender was proved counts,
//! unless `unproven` says otherwise: anybody can write a name into From.

use postcase_plugin::{Advice, Facts, Stage};

postcase_plugin::plugin! {
    summary: "Gives mail of the domains in its settings a priority and the tag vip",
    stages: [Classify],
    settings: [
        ("domains", "", "domains with commas between; one that begins with a dot: with those below it"),
        ("priority", "urgent", "the priority that they get"),
        ("unproven", "no", "yes: mail counts, too, whose sender DMARC doesn't prove"),
    ],
    vectors: ["a-vip-writes", "somebody-else-writes", "a-forged-vip"],
    advise: advise,
}

fn advise(_: Stage, facts: &Facts) -> Result<Vec<Advice>, String> {
    let domain = &facts.sender.domain;
    let entries = facts.setting("domains").split(',').map(|entry| entry.trim().to_lowercase());
    let mut known = entries.filter(|entry| !entry.is_empty());
    let Some(entry) = known
        .find(|entry| *domain == entry.trim_start_matches('.') || entry.starts_with('.') && domain.ends_with(entry))
    else {
        return Ok(vec![]);
    };
    let is_proved = facts.authentication.dmarc == "pass";
    if !is_proved && facts.setting("unproven") != "yes" {
        let note = format!("it says that it comes from {domain}, a customer with priority, but DMARC doesn't prove it");
        return Ok(vec![Advice::note(&note).because("an unproven sender gets no priority")]);
    }
    let why = format!("{entry} is among the domains with priority");
    Ok(vec![Advice::priority(facts.setting("priority")).because(&why), Advice::tag("vip").because(&why)])
}
