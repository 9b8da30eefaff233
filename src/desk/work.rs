//! Who does a case or an item: giving, taking and declining are the same for both.

use serde_json::Value;

use super::{Answer, Desk, Outcome, Refusal, view};
use crate::base::Mailbox;
use crate::case::{Case, Happening, Status};
use crate::routing::{Place, Work};
use crate::store::{Batch, CaseChange, Key, Page, people, tables};

impl Desk {
    /// To an agent, or back into a queue.
    pub(super) async fn assign(&self, work: Work, agent: Option<Mailbox>, queue: Option<String>) -> Answer {
        let what = match (agent, queue) {
            (Some(agent), None) => {
                self.check_permission(work, &agent).await?;
                Happening::Assigned { agent, why: None, considered: Vec::new() }
            }
            (None, Some(queue)) => {
                self.queue(&queue).await?;
                Happening::Queued { queue, why: "assigned by hand".into() }
            }
            _ => return Err(Refusal::refused("name either an agent or a queue")),
        };
        self.change_work(work, &self.actor(None).await?, |case| {
            check_open(work, case)?;
            Ok(assigned(case, what.clone()))
        })
        .await
    }

    /// Whoever has it already gets it once; what somebody else has is only given away on purpose.
    pub(super) async fn take(&self, work: Work, by: Mailbox) -> Answer {
        let name = self.actor_on(work, Some(&by)).await?;
        self.change_work(work, &name, |case| {
            check_open(work, case)?;
            match &case.owner {
                Some(owner) if *owner == by => Ok(Vec::new()),
                Some(owner) => {
                    let next = format!("to take it over: postcase {} {by}", work.command("assign"));
                    Err(Refusal::refused(format!("{owner} has {work}; {next}")))
                }
                None => {
                    Ok(assigned(case, Happening::Assigned { agent: by.clone(), why: None, considered: Vec::new() }))
                }
            }
        })
        .await
    }

    /// Only who was asked can say no.
    pub(super) async fn decline(&self, work: Work, by: Mailbox) -> Answer {
        self.change_work(work, &self.actor(Some(&by)).await?, |case| {
            check_open(work, case)?;
            match &case.offer {
                Some(offer) if offer.agent == by => {
                    Ok(vec![Happening::Declined { agent: by.clone(), why: "declined".into() }])
                }
                _ => {
                    let next = work.command("show");
                    Err(Refusal::refused(format!("{work} isn't offered to {by}; see: postcase {next}")))
                }
            }
        })
        .await
    }

    /// Cases, and items without one, that are there.
    pub(super) async fn count_at(&self, place: &Place) -> Result<(usize, usize), Refusal> {
        let rows = tables::WORK.scan(&*self.site.engine, Page::first(&place.to_bytes(), usize::MAX)).await?;
        let cases = rows.iter().filter(|(_, kept)| matches!(kept.value.work, Work::Case(_))).count();
        Ok((cases, rows.len() - cases))
    }

    /// Adds what `plan` finds in order, and shows the case or item as it is then.
    pub(super) async fn change_work(
        &self,
        work: Work,
        by: &str,
        plan: impl Fn(&Case) -> Result<Vec<Happening>, Refusal> + Send,
    ) -> Answer {
        let site = &*self.site;
        let mut tries = site.tries();
        loop {
            let mut change = CaseChange::of(&*site.engine, work).await?.ok_or_else(|| absent(work))?;
            for happening in plan(change.case())? {
                let told = match &happening {
                    Happening::Assigned { agent, .. } if agent.to_string() != by => {
                        people::wants_notices(&*site.engine, agent).await?
                    }
                    _ => false,
                };
                change.add(site.now(), by, happening);
                if told {
                    change.tell();
                }
            }
            change.take(site).await?;
            let shown = row(work, change.case());
            let mut batch = Batch::default();
            change.write(&mut batch);
            if tries.commit(batch).await? {
                site.alarm.ring();
                return Ok(Outcome::Json(self.with_contact(shown).await?));
            }
        }
    }
}

fn row(work: Work, case: &Case) -> Value {
    match work {
        Work::Case(_) => view::case_row(case),
        Work::Mail(mail) => view::item_row(mail, case),
    }
}

/// An item that is done stays so.
fn check_open(work: Work, case: &Case) -> Result<(), Refusal> {
    match (work, case.status) {
        (Work::Mail(_), Status::Closed) => {
            Err(Refusal::refused(format!("{work} is done; see: postcase {}", work.command("show"))))
        }
        _ => Ok(()),
    }
}

/// What being assigned does: what somebody has isn't new.
fn assigned(case: &Case, what: Happening) -> Vec<Happening> {
    let opens = matches!(what, Happening::Assigned { .. }) && case.status == Status::New;
    let why = "somebody has it".to_owned();
    let opened = opens.then_some(Happening::StatusChanged { from: case.status, to: Status::Open, why });
    std::iter::once(what).chain(opened).collect()
}

pub(super) fn absent(work: impl Into<Work>) -> Refusal {
    let (work, list) = match work.into() {
        work @ Work::Case(_) => (work, "case list"),
        work @ Work::Mail(_) => (work, "item list"),
    };
    Refusal::not_found(format!("there is no {work}; see: postcase {list}"))
}
