//! Deciding with advice: a message that opens a case is shown to rules and plugins, and what they say is weighed. One that joins
//! a case is shown to the plugins that want to hear of it; nothing that they say takes the case elsewhere.
//!
//! Only a routing address's mail is: what is for the postmaster, and what couldn't be read, goes where it must. The texts
//! stay in the journal and are read again for this. A message that opens several cases is shown once for each, with the address
//! of the case; held is only all of it, by what is said for the first. Nothing that an adviser says, or fails to say, holds mail up: what
//! can't be followed is told on the case, and the next one, or the address's own settings, have their turn.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use super::advisers::{Advisers, Asking, Heard};
use super::asked;
use super::detour::Queues;
use super::placement::{given, placement};
use super::plugins::{Failed, FailedPlugins};
use super::reading::saved_fields;
use super::turn::Turn;
use super::{Left, Reading, States};
use crate::address::{Opens, RoutingAddress};
use crate::base::{CaseNumber, Mailbox, Time, limits};
use crate::case::{
    Advice, Advised, Beside, Brief, Case, Contact, Counselled, Decision, Direction, Disposition, Draft, Evidence,
    Happening, Hint, KnownContact, Lost, Mail, Opening, PLUGIN, PREFERRED, QueuesSeen, Reason, Recipient, SKILL,
    SetAside, Stage, Step, TAG, WORKSTREAM, Weighed, decide, weigh,
};
use crate::message;
use crate::plugin::Resting;
use crate::rules::MAIN_WORKSTREAM;
use crate::store::{Kept, ReadError, Site, people, tables};

/// The case that advice is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The new one of this address.
    New(Mailbox),
    Joined(CaseNumber),
}

/// What was advised about the cases of a message, weighed for each.
#[derive(Default)]
pub struct Counsel {
    said: Vec<(About, Vec<Weighed>)>,
    /// Plugins that said nothing because they failed.
    failed: Vec<(About, Failed)>,
    /// What plugins keep from now on, to be written with the decision.
    pub states: States,
    /// Queues as they were seen, to be recorded with the decision.
    pub queues: Queues,
    /// How long the message still waits for plugins.
    left: Duration,
    /// For the explanation.
    pub steps: Vec<Step>,
}

/// A message that is asked about after those before it, with what plugins have kept of them.
pub struct InTurn {
    pub turn: Turn,
    pub left: Arc<Left>,
}

/// What becomes of a message, advice included. One that has its turn waits for that.
pub async fn decide_advised(
    site: &Site,
    reading: &Reading,
    (evidence, cases): (&Evidence, &[Kept<Case>]),
    in_turn: Option<InTurn>,
) -> Result<(Decision, Counsel), ReadError> {
    let decision = decide(evidence);
    let turn = match in_turn {
        Some(InTurn { turn, left }) => Some((turn.come().await, left)),
        None => None,
    };
    let mut counsel = Counsel { left: limits::PLUGIN_CHAIN_TIME_MAX, ..Counsel::default() };
    let advisers = Advisers::of(site).await?;
    for address in openings(&decision).filter(|_| !reading.unread) {
        let silent = site.plugins.silent_at(&address.settings.plugins);
        counsel.steps.extend(silent.into_iter().map(not_asked));
    }
    if !advisers.is_empty() && !reading.unread {
        counsel.states = advisers.states(site).await?;
        turn.iter().for_each(|(_, left)| counsel.states.follow(left));
        let no_item = decision.why_no_item(evidence);
        for address in openings(&decision) {
            counsel.ask(site, &advisers.at(address), reading, (address, evidence, no_item)).await?;
        }
        for case in joined(&decision).filter(|_| advisers.hear_of_answers()) {
            let case = cases.iter().find(|kept| kept.value.number == case);
            let case = &case.expect("a decision names only cases of its evidence").value;
            counsel.ask_again(site, &advisers, reading, (case, evidence)).await?;
        }
        turn.iter().for_each(|(_, left)| counsel.states.leave(left));
        drop(turn);
        counsel.steps.extend(counsel.queues.steps());
        counsel.steps.extend(counsel.states.steps());
    }
    let decision = match &decision {
        Decision::Open { opening: Opening { address: Some(address), .. }, .. } => {
            let opens = counsel.opens(&address.address).unwrap_or(address.settings.opens);
            let is_item = opens == Opens::Item && decision.why_no_item(evidence).is_none();
            match counsel.hold(&address.address) {
                Some(held) => held,
                None if is_item => decision.as_item(evidence),
                None => decision,
            }
        }
        _ => decision,
    };
    Ok((decision, counsel))
}

/// The addresses at which a decision opens cases.
fn openings(decision: &Decision) -> impl Iterator<Item = &RoutingAddress> {
    let first = match decision {
        Decision::Open { opening, .. } => opening.address.as_deref(),
        _ => None,
    };
    let others = decision.beside().iter().filter_map(|beside| match beside {
        Beside::Open { address, .. } => Some(&**address),
        Beside::Append { .. } => None,
    });
    first.into_iter().chain(others)
}

/// The cases that were there and that a decision puts the message on.
fn joined(decision: &Decision) -> impl Iterator<Item = CaseNumber> {
    let first = match decision {
        Decision::Append { case, .. } => Some(*case),
        _ => None,
    };
    let others = decision.beside().iter().filter_map(|beside| match beside {
        Beside::Append { case, .. } => Some(*case),
        Beside::Open { .. } => None,
    });
    first.into_iter().chain(others)
}

/// A new case at an address, before anybody says anything.
fn draft(address: &RoutingAddress) -> Draft {
    Draft {
        workstream: MAIN_WORKSTREAM.to_owned(),
        priority: address.settings.priority,
        record_type: address.settings.record_type.clone().unwrap_or_default(),
        ..Draft::default()
    }
}

/// The message as advisers see it, without its texts when the journal can't be read.
async fn brief(
    site: &Site,
    reading: &Reading,
    address: &Mailbox,
    contact: Option<&Contact>,
) -> Result<Brief, ReadError> {
    let mut brief = match site.journal.read(reading.id) {
        Ok(entry) => {
            let facts = message::read(&entry.message);
            Brief::of(facts, saved_fields(&entry.message), reading.auth, Some(address))
        }
        Err(error) => {
            tracing::error!(id = %reading.id, %error, "rules don't see the texts of a message");
            Brief::of(reading.facts.clone(), Vec::new(), reading.auth, Some(address))
        }
    };
    let at = reading.envelope.received_at;
    brief.hours = site.hours().iter().map(|(name, hours)| (name.clone(), hours.at(at).open)).collect();
    if let Some(contact) = contact {
        brief.contact = KnownContact { known: true, name: contact.name.clone().unwrap_or_default() };
    }
    if let Some(author) = reading.facts.author() {
        let account = people::account(&*site.engine, &author, contact).await?;
        brief.account = account.map(|account| account.name).unwrap_or_default();
    }
    Ok(brief)
}

/// Why the queues and agents that are named can't be followed: they aren't there, or may not work on cases of this address.
/// By the words of the advice.
async fn missing(
    site: &Site,
    advice: &[Advice],
    address: &RoutingAddress,
    seen: &QueuesSeen,
) -> Result<BTreeMap<String, String>, ReadError> {
    let mut missing = BTreeMap::new();
    for what in advice.iter().map(|advice| &advice.what) {
        let why = match what {
            Advised::Queue(queue) => {
                let is_there = match seen.get(queue) {
                    Some(state) => state.is_some(),
                    None => tables::QUEUES.get(&*site.engine, queue).await?.is_some(),
                };
                if is_there {
                    continue;
                }
                format!("there is no queue {queue}")
            }
            Advised::Agent(agent) | Advised::Prefer(agent) => match tables::AGENTS.get(&*site.engine, agent).await? {
                None => format!("{agent} is no agent"),
                Some(kept) if kept.value.may(&address.settings.permission_sets) => continue,
                Some(_) => format!("{agent} may not work on cases of {}", address.address),
            },
            _ => continue,
        };
        missing.insert(what.to_string(), why);
    }
    Ok(missing)
}

/// What a stored message comes to with the advisers of now, and with candidates.
pub struct Replayed {
    pub before: Counselled,
    pub after: Counselled,
    /// Queues that were taken as empty, because the decision didn't look at them.
    pub assumed_empty: BTreeSet<String>,
}

/// What candidates would have made of a stored message, beside the advisers of now; none for one that advisers don't see.
pub async fn replayed(
    site: &Site,
    mail: &Mail,
    [now, candidate]: [&Advisers; 2],
) -> Result<Option<Replayed>, ReadError> {
    let Some(first) = mail.deliveries.first() else { return Ok(None) };
    let seen = mail.direction == Direction::Inbound
        && mail.steps.iter().all(|step| !["release", "open"].contains(&step.stage.as_str()))
        && (first.reason == Reason::AdviserHolds
            || first.disposition == Disposition::Routed
            || (first.disposition == Disposition::CaseOpened && first.reason != Reason::Unreadable));
    let Some(address) = site.routing_address(&first.address).await?.filter(|_| seen) else { return Ok(None) };
    let reading =
        Reading { auth: mail.auth, facts: mail.facts.clone(), ..Reading::of_envelope(mail.id, mail.envelope.clone()) };
    let known = match reading.facts.author() {
        Some(author) => people::contact(&*site.engine, &author).await?,
        None => None,
    };
    let known = known.map(|kept| kept.value).filter(|contact| contact.first_seen_at < mail.decided_at);
    let brief = brief(site, &reading, &address.address, known.as_ref()).await?;
    let placed = placement(site, Some(&address), first.reason).await?;
    let states = States::of(site, mail.id).await?;
    let mut queues = Queues::then(&mail.queues_seen, mail.decided_at);
    let mut come_to = async |advisers: &Advisers| {
        let asking = Asking {
            stages: &Stage::OPENING,
            brief: brief.clone(),
            draft: draft(&address),
            seed: mail.id.to_key().to_vec(),
            at: mail.envelope.received_at,
            states: states.clone(),
            patience: limits::PLUGIN_CHAIN_TIME_MAX,
        };
        let mut heard = advisers.at(&address).ask(mail.id, asking).await;
        let mut seen = queues.clone();
        heard.advice = seen.follow(site, take(&mut heard.advice)).await?;
        queues.assumed_empty.append(&mut seen.assumed_empty);
        let missing = missing(site, &heard.advice, &address, seen.seen()).await?;
        let counselled = heard.come_to(|what| missing.get(&what.to_string()).cloned().map(Lost::Wrong));
        Ok::<_, ReadError>(counselled.or_to(&placed))
    };
    let (before, after) = (come_to(now).await?, come_to(candidate).await?);
    Ok(Some(Replayed { before, after, assumed_empty: queues.assumed_empty }))
}

/// How many advisers of which kind were asked, before what each said.
fn summary(advisers: &Advisers, address: &Mailbox, weighed: &[Weighed], (began, ended): (Time, Time)) -> Step {
    let lost = weighed.iter().filter(|weighed| weighed.lost.is_some()).count();
    let (rules, plugins) = (&advisers.rules, advisers.plugins.len());
    let kinds = [
        match rules.len() {
            0 => None,
            1 => Some("1 rule".to_owned()),
            rules => Some(format!("{rules} rules")),
        },
        match plugins {
            0 => None,
            1 => Some("1 plugin".to_owned()),
            plugins => Some(format!("{plugins} plugins")),
        },
    ];
    let kinds: Vec<String> = kinds.into_iter().flatten().collect();
    let version = if rules.is_empty() { env!("CARGO_PKG_VERSION").to_owned() } else { rules.version.clone() };
    Step {
        stage: if rules.is_empty() { "plugins" } else { "rules" }.into(),
        by: "postcase".into(),
        version,
        outcome: format!("{} suggested for {address}, {lost} not taken", weighed.len()),
        why: format!("as they were then: {}", kinds.join(" and ")),
        took_us: u64::try_from(ended.duration_since(began).as_micros()).unwrap_or(0),
    }
}

/// A plugin that should be asked about the mail of an address, and why it isn't.
fn not_asked((name, resting): (String, Resting)) -> Step {
    Step {
        stage: "plugins".into(),
        by: format!("{PLUGIN}{name}"),
        version: resting.version.unwrap_or_else(|| "-".into()),
        outcome: "isn't asked".into(),
        why: resting.why,
        took_us: 0,
    }
}

impl Counsel {
    /// Asks about the case at one address.
    async fn ask(
        &mut self,
        site: &Site,
        advisers: &Advisers,
        reading: &Reading,
        (address, evidence, no_item): (&RoutingAddress, &Evidence, Option<&str>),
    ) -> Result<(), ReadError> {
        let began = site.now();
        let brief = brief(site, reading, &address.address, evidence.sender.contact.as_ref()).await?;
        let (id, at) = (reading.id, reading.envelope.received_at);
        let (stages, draft, states) = (&Stage::OPENING, draft(address), take(&mut self.states));
        let (seed, patience) = (id.to_key().to_vec(), self.left);
        let mut heard = advisers.ask(id, Asking { stages, brief, draft, seed, at, states, patience }).await;
        heard.advice = self.queues.follow(site, take(&mut heard.advice)).await?;
        let missing = missing(site, &heard.advice, address, self.queues.seen()).await?;
        let barred = |what: &Advised| match what {
            Advised::Hold(_) if evidence.released => {
                Some(Lost::Overruled("a person has released the message".to_owned()))
            }
            Advised::Opens(Opens::Item) => no_item.map(|why| Lost::Overruled(why.to_owned())),
            what => missing.get(&what.to_string()).cloned().map(Lost::Wrong),
        };
        let place = self.steps.len();
        let about = About::New(address.address.clone());
        let weighed = self.heard((about, self::draft(address)), heard, barred);
        let mut summary = summary(advisers, &address.address, weighed, (began, site.now()));
        if let Some(wrong) = site.rules.look(site.now()).1 {
            summary.why = format!("the rules that were last in force, as their file is wrong: {wrong}");
        }
        self.steps.insert(place, summary);
        Ok(())
    }

    /// Asks about a case that the message joins.
    async fn ask_again(
        &mut self,
        site: &Site,
        advisers: &Advisers,
        reading: &Reading,
        (case, evidence): (&Case, &Evidence),
    ) -> Result<(), ReadError> {
        let addresses = evidence.recipients.iter().filter_map(|recipient| match recipient {
            Recipient::Routing { address, .. } => Some(address),
            _ => None,
        });
        // That of the case, if the message came there.
        let own = addresses.min_by_key(|address| Some(&address.address) != case.address.as_ref());
        let Some(address) = own else { return Ok(()) };
        let advisers = advisers.at(address);
        let (id, at, draft) = (reading.id, reading.envelope.received_at, Draft::of(case));
        let brief = brief(site, reading, &address.address, evidence.sender.contact.as_ref()).await?;
        let (seed, states, patience) = (id.to_key().to_vec(), take(&mut self.states), self.left);
        let stages = &[Stage::FollowUp];
        let heard = advisers.ask(id, Asking { stages, brief, draft, seed, at, states, patience }).await;
        self.heard((About::Joined(case.number), Draft::of(case)), heard, |what| {
            let elsewhere = what.places() || matches!(what, Advised::Workstream(_));
            elsewhere.then(|| Lost::Overruled("the case has its place, where a message that joins it leaves it".into()))
        });
        Ok(())
    }

    /// Keeps what was said about a case, which was so before.
    fn heard(
        &mut self,
        (about, draft): (About, Draft),
        heard: Heard,
        barred: impl Fn(&Advised) -> Option<Lost>,
    ) -> &[Weighed] {
        let Heard { advice, asked, failed, states, left, .. } = heard;
        (self.states, self.left) = (states, left);
        let weighed = weigh(draft, advice, barred);
        self.steps.extend(asked::steps(&asked, &weighed));
        self.failed.extend(failed.into_iter().map(|failed| (about.clone(), failed)));
        self.said.push((about, weighed));
        self.said.last().map_or(&[], |(_, weighed)| weighed)
    }

    fn weighed(&self, about: &About) -> &[Weighed] {
        let own = self.said.iter().find(|(other, _)| other == about);
        own.map_or(&[], |(_, weighed)| weighed)
    }

    fn taken(&self, about: &About) -> impl Iterator<Item = &Advice> {
        self.weighed(about).iter().filter(|weighed| weighed.lost.is_none()).map(|weighed| &weighed.advice)
    }

    /// Whether it is a case or an item, when an adviser says so.
    fn opens(&self, address: &Mailbox) -> Option<Opens> {
        self.taken(&About::New(address.clone())).find_map(|advice| match advice.what {
            Advised::Opens(opens) => Some(opens),
            _ => None,
        })
    }

    /// The decision that holds the message, when an adviser does.
    fn hold(&self, address: &Mailbox) -> Option<Decision> {
        self.taken(&About::New(address.clone())).find_map(|advice| match &advice.what {
            Advised::Hold(why) => Some(Decision::SetAside {
                how: SetAside::Held,
                why: format!("{}: {why}", advice.by),
                reason: Reason::AdviserHolds,
            }),
            _ => None,
        })
    }

    /// Each plugin that failed by itself, or said what can't be followed, once, with its version and why.
    pub fn failed_plugins(&self) -> FailedPlugins {
        let wrong = self.said.iter().flat_map(|(_, weighed)| weighed).filter_map(|weighed| match &weighed.lost {
            Some(Lost::Wrong(why)) => Some((&weighed.advice.by, &weighed.advice.version, why)),
            _ => None,
        });
        let failed = self.failed.iter().filter(|(_, failed)| failed.had_time);
        let all = failed.map(|(_, failed)| (&failed.by, &failed.version, &failed.why)).chain(wrong);
        let plugins = all.filter(|(by, ..)| by.starts_with(PLUGIN));
        plugins.map(|(by, version, why)| ((by.clone(), version.clone()), why.clone())).collect()
    }

    /// What is said about the case, and who failed, as events with who made them.
    pub fn happenings(&self, about: &About, case: &Case) -> Vec<(String, Happening)> {
        let mut case = case.clone();
        let own = self.failed.iter().filter(|(other, _)| other == about);
        let mut all: Vec<(String, Happening)> = own
            .map(|(_, failed)| {
                let (adviser, why) = (failed.by.clone(), failed.why.clone());
                (failed.by.clone(), Happening::AdviserFailed { adviser, why })
            })
            .collect();
        for Weighed { advice, lost } in self.weighed(about) {
            let what = match lost {
                None => happening(&case, advice),
                Some(Lost::Wrong(why)) => {
                    Some(Happening::AdviserFailed { adviser: advice.by.clone(), why: why.clone() })
                }
                Some(Lost::Overruled(_)) => None,
            };
            if let Some(what) = what {
                case.apply(&crate::case::Event { at: case.updated_at, by: advice.by.clone(), what: what.clone() });
                all.push((advice.by.clone(), what));
            }
        }
        all
    }

    /// Where the case goes, when an adviser says so, with who does.
    pub fn placement(&self, about: &About) -> Option<(String, Vec<Happening>)> {
        let advice = self.taken(about).find(|advice| advice.what.places())?;
        let why = told(&advice.why);
        let placed = match &advice.what {
            Advised::Queue(queue) => vec![Happening::Queued { queue: queue.clone(), why }],
            Advised::Agent(agent) => given(agent.clone(), Some(why)).into(),
            _ => return None,
        };
        Some((advice.by.clone(), placed))
    }
}

/// The words of an adviser, as long as an agent reads them: they stand beside each thing that it says.
fn told(why: &str) -> String {
    match why.char_indices().nth(limits::ADVICE_TOLD_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &why[..end]),
        None => why.to_owned(),
    }
}

/// What a piece of advice changes on the case; nothing for what says where it goes, or nothing new.
fn happening(case: &Case, advice: &Advice) -> Option<Happening> {
    let field = |name: String, from: Option<String>, to: String| {
        let why = Some(told(&advice.why));
        (from.as_ref() != Some(&to)).then_some(Happening::FieldChanged { name, from, to: Some(to), why })
    };
    match &advice.what {
        Advised::Workstream(to) => field(WORKSTREAM.into(), Some(case.workstream().to_owned()), to.clone()),
        Advised::Priority(to) => field("priority".into(), Some(case.priority.to_string()), to.to_string()),
        Advised::Prefer(to) => field(PREFERRED.into(), case.preferred.as_ref().map(Mailbox::to_string), to.to_string()),
        Advised::RecordType(to) => field("record_type".into(), case.record_type.clone(), to.clone()),
        Advised::Field { name, value } => field(name.clone(), case.fields.get(name).cloned(), value.clone()),
        Advised::Skill { name, level } => {
            let from = case.skills.get(name).map(u8::to_string);
            field(format!("{SKILL}{name}"), from, level.to_string())
        }
        Advised::Tag(name) => {
            let from = case.tags.contains(name).then(|| "yes".to_owned());
            field(format!("{TAG}{name}"), from, "yes".into())
        }
        Advised::Note(text) => Some(Happening::NoteAdded { text: text.clone(), why: Some(told(&advice.why)) }),
        Advised::SuggestedCase(number) => {
            let hint = Hint {
                case: *number,
                why: format!("{} suggests it: {}", advice.by, told(&advice.why)),
                message_id: None,
            };
            case.takes_hint(&hint).then_some(Happening::HintAdded(hint))
        }
        Advised::Queue(_) | Advised::QueueOr { .. } | Advised::Agent(_) | Advised::Hold(_) | Advised::Opens(_) => None,
    }
}
