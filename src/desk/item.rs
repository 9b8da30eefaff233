//! Commands about items, which are messages that are done without a case.

use serde_json::{Value, json};

use super::command::{self, ItemCommand, ItemFilter, ItemStatus};
use super::{Answer, Desk, Outcome, Refusal, view};
use crate::base::{MailId, Mailbox};
use crate::case::{Case, Happening, Status};
use crate::intake::Again;
use crate::routing::Work;
use crate::store::{Page, case_change, tables};

/// Items read at a time while a filter is looked for.
const PAGE: usize = 256;

impl Desk {
    /// Boxed, because opening a case needs much of a stack.
    pub(super) fn item_command(&self, command: ItemCommand) -> command::Answer<'_> {
        Box::pin(async move {
            match command {
                ItemCommand::List(filter) => self.item_list(filter).await,
                ItemCommand::Show { id } => self.item_show(&id).await,
                ItemCommand::Take { id, by } => self.take(self.item_id(&id).await?, by).await,
                ItemCommand::Decline { id, by } => self.decline(self.item_id(&id).await?, by).await,
                ItemCommand::Assign { id, agent, queue } => self.assign(self.item_id(&id).await?, agent, queue).await,
                ItemCommand::Done { id, by } => self.item_done(self.item_id(&id).await?, by).await,
                ItemCommand::Open { id, by } => self.item_open(&id, by).await,
            }
        })
    }

    /// Newest first.
    async fn item_list(&self, filter: ItemFilter) -> Answer {
        let limit = filter.limit.unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        let mut page = Page::last(&[], PAGE);
        while rows.len() < limit {
            let items = tables::ITEMS.scan(&*self.site.engine, page.clone()).await?;
            let Some((last, _)) = items.last() else { break };
            page.beyond = Some(last.clone());
            let found = items.iter().filter(|(_, kept)| matches(&filter, &kept.value));
            let found = found.filter_map(|(key, kept)| Some(view::item_row(MailId::from_key(key)?, &kept.value)));
            for row in found.take(limit - rows.len()).collect::<Vec<Value>>() {
                rows.push(self.with_contact(row).await?);
            }
        }
        Ok(Outcome::Json(rows.into()))
    }

    /// With its message and all that happened to it.
    async fn item_show(&self, id: &str) -> Answer {
        let (mail, case) = self.item(id).await?;
        let mut shown = self.with_contact(view::item_row(mail, &case)).await?;
        let events = case_change::events_of(&*self.site.engine, mail).await?;
        shown["messages"] = json!([self.message(mail).await?]);
        shown["events"] = events.iter().map(view::event).collect();
        if let Some(waits) = self.waits(mail.into(), &case).await? {
            shown["waits"] = waits;
        }
        Ok(Outcome::Json(shown))
    }

    async fn item_done(&self, work: Work, by: Option<Mailbox>) -> Answer {
        let ends = |case: &Case| {
            let ended = Happening::StatusChanged { from: case.status, to: Status::Closed, why: "done".into() };
            Ok((case.status != Status::Closed).then_some(ended).into_iter().collect())
        };
        let by = self.actor_on(work, by.as_ref()).await?;
        self.change_work(work, &by, ends).await
    }

    /// Shows the case.
    async fn item_open(&self, id: &str, by: Option<Mailbox>) -> Answer {
        let (mail, _) = self.item(id).await?;
        let by = self.actor_on(mail, by.as_ref()).await?;
        let opened = self.decide_again(&mail.to_string(), Again::Open { by }).await?;
        match opened {
            Outcome::Json(message) if let Some(number) = message["case"].as_u64() => self.case_show(number).await,
            other => Ok(other),
        }
    }

    /// The item of a message, for `message show`; none when it never was one.
    pub(super) async fn item_of(&self, mail: MailId) -> Result<Option<Value>, Refusal> {
        let kept = tables::ITEMS.get(&*self.site.engine, &mail).await?;
        Ok(kept.map(|kept| view::item_place(&kept.value)))
    }

    async fn item_id(&self, id: &str) -> Result<Work, Refusal> {
        Ok(self.item(id).await?.0.into())
    }

    async fn item(&self, id: &str) -> Result<(MailId, Case), Refusal> {
        let mail = self.mail_id(id).await?;
        let kept = tables::ITEMS.get(&*self.site.engine, &mail).await?;
        let why = || format!("message {mail} is no item; see: postcase message show {mail}");
        Ok((mail, kept.ok_or_else(|| Refusal::not_found(why()))?.value))
    }
}

fn matches(filter: &ItemFilter, case: &Case) -> bool {
    let status = if case.status == Status::Closed { ItemStatus::Done } else { ItemStatus::Open };
    let offer = case.offer.as_ref().filter(|_| status == ItemStatus::Open);
    filter.status.is_none_or(|wanted| wanted == status)
        && filter.queue.as_ref().is_none_or(|queue| case.queue.as_ref() == Some(queue))
        && filter.owner.as_ref().is_none_or(|owner| case.owner.as_ref() == Some(owner))
        && filter.offered_to.as_ref().is_none_or(|agent| offer.is_some_and(|offer| offer.agent == *agent))
}
