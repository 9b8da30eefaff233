//! Commands about queues.

use serde_json::{Value, json};

use super::command::QueueSettings;
use super::{Answer, Desk, Outcome, Refusal};
use crate::address::Settings;
use crate::base::limits;
use crate::routing::{MAIN_QUEUE, Place, Queue, is_queue_name};
use crate::store::{Batch, Kept, Page, tables};

impl Desk {
    pub(super) async fn queue_add(&self, name: String, settings: QueueSettings) -> Answer {
        if !is_queue_name(&name) {
            let why = "a queue's name is made of letters, digits, '-', '_' and '.', at most 64 of them";
            return Err(Refusal::refused(why));
        }
        let site = &*self.site;
        let queue = self.changed_queue(Queue::new(&name, site.now()), &settings).await?;
        let mut tries = site.tries();
        loop {
            if tables::QUEUES.get(&*site.engine, &name).await?.is_some() {
                let why = format!("there is a queue {name} already; change it with: postcase queue set {name}");
                return Err(Refusal::refused(why));
            }
            let mut batch = Batch::default();
            tables::QUEUES.insert(&mut batch, &name, &queue);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(json!(queue)));
            }
        }
    }

    pub(super) async fn queue_list(&self) -> Answer {
        let rows = tables::QUEUES.scan(&*self.site.engine, Page::all()).await?;
        let mut shown = Vec::new();
        for (_, kept) in rows {
            shown.push(self.queue_row(&kept.value).await?);
        }
        Ok(Outcome::Json(shown.into()))
    }

    pub(super) async fn queue_show(&self, name: &str) -> Answer {
        let kept = self.queue(name).await?;
        let mut shown = self.queue_row(&kept.value).await?;
        if let Some(first) = self.first_waits(name).await? {
            shown["first"] = first;
        }
        Ok(Outcome::Json(shown))
    }

    pub(super) async fn queue_set(&self, name: &str, settings: QueueSettings) -> Answer {
        let mut tries = self.site.tries();
        loop {
            let kept = self.queue(name).await?;
            let changed = self.changed_queue(kept.value.clone(), &settings).await?;
            let mut batch = Batch::default();
            tables::QUEUES.replace(&mut batch, name, &kept, &changed);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(self.queue_row(&changed).await?));
            }
        }
    }

    /// An address that names it lets its cases wait in its fallback queue from then on.
    pub(super) async fn queue_remove(&self, name: &str) -> Answer {
        if name == MAIN_QUEUE {
            return Err(Refusal::refused(
                "the queue main is where cases go that no other queue is named for; it stays",
            ));
        }
        let mut tries = self.site.tries();
        loop {
            let kept = self.queue(name).await?;
            let (cases, items) = self.count_at(&Place::Queue(name.to_owned())).await?;
            for (word, count) in [("case", cases), ("item", items)] {
                if count > 0 {
                    let why = format!(
                        "{word}s wait in {name} ({count}); see: postcase {word} list --queue {name}; and move each: \
                         postcase {word} assign N --queue {MAIN_QUEUE}"
                    );
                    return Err(Refusal::refused(why));
                }
            }
            let all = tables::QUEUES.scan(&*self.site.engine, Page::all()).await?;
            let user = all.iter().find(|(_, other)| other.value.overflow.as_deref() == Some(name));
            if let Some((_, user)) = user {
                let user = &user.value.name;
                let why =
                    format!("{user} overflows into {name}; first: postcase queue set {user} --overflow {MAIN_QUEUE}");
                return Err(Refusal::refused(why));
            }
            let mut batch = Batch::default();
            tables::QUEUES.expect_unchanged(&mut batch, name, &kept);
            tables::QUEUES.delete(&mut batch, name);
            if tries.commit(batch).await? {
                let named_by = self.addresses_with(name).await?;
                return Ok(Outcome::Json(json!({"name": name, "removed": true, "named_by": named_by})));
            }
        }
    }

    /// The addresses that name this queue: what comes there goes elsewhere when it is gone.
    async fn addresses_with(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let addresses = tables::ADDRESSES.scan(&*self.site.engine, Page::all()).await?;
        let addresses = addresses.iter().map(|(_, kept)| &kept.value).filter(|address| {
            let Settings { queue, fallback_queue, .. } = &address.settings;
            [queue, fallback_queue].into_iter().flatten().any(|queue| queue == name)
        });
        Ok(addresses.map(|address| format!("address {}", address.address)).collect())
    }

    pub(super) async fn queue(&self, name: &str) -> Result<Kept<Queue>, Refusal> {
        let kept = tables::QUEUES.get(&*self.site.engine, name).await?;
        kept.ok_or_else(|| {
            Refusal::not_found(format!("there is no queue {name}; make it with: postcase queue add {name}"))
        })
    }

    async fn changed_queue(&self, stored: Queue, typed: &QueueSettings) -> Result<Queue, Refusal> {
        for member in typed.members.iter().flatten() {
            self.actor(Some(member)).await?;
        }
        if typed.overflow_after.is_some_and(|span| span.0 < limits::OVERFLOW_AFTER_MIN) {
            return Err(Refusal::refused("--overflow-after: at least 1m, so that somebody can see what waits"));
        }
        let overflow = typed.overflow.clone().or(stored.overflow.clone()).filter(|other| *other != stored.name);
        if let Some(overflow) = &overflow {
            self.queue(overflow).await?;
        }
        Ok(Queue {
            members: typed.members.clone().unwrap_or(stored.members),
            assign: typed.assign.unwrap_or(stored.assign),
            accept: typed.accept.unwrap_or(stored.accept),
            overflow,
            overflow_at: typed.overflow_at.or(stored.overflow_at).filter(|most| *most > 0),
            hours: self.known_hours(typed.hours.clone().or(stored.hours))?,
            overflow_after: typed.overflow_after.or(stored.overflow_after),
            relax_after: typed.relax_after.or(stored.relax_after).filter(|span| !span.0.is_zero()),
            ..stored
        })
    }

    /// None for an empty name.
    pub(super) fn known_hours(&self, name: Option<String>) -> Result<Option<String>, Refusal> {
        match name.filter(|name| !name.is_empty()) {
            Some(name) if !self.site.hours().contains_key(&name) => {
                let restart = if self.site.timetable.file().as_os_str().is_empty() { " and restart" } else { "" };
                let next = format!("write [hours.{name}] into the configuration{restart}");
                Err(Refusal::not_found(format!("there are no business hours {name}; {next}")))
            }
            name => Ok(name),
        }
    }

    async fn queue_row(&self, queue: &Queue) -> Result<Value, Refusal> {
        let mut shown = json!(queue);
        let (cases, items) = self.count_at(&Place::Queue(queue.name.clone())).await?;
        shown["waiting"] = (cases + items).into();
        let hours = self.site.hours();
        if let Some(name) = &queue.hours {
            let phase = hours.get(name).map(|hours| hours.at(self.site.now()));
            shown["open"] = phase.is_some_and(|phase| phase.open).into();
            match phase {
                Some(phase) => shown[if phase.open { "closes_at" } else { "opens_at" }] = json!(phase.until),
                None => shown["why"] = format!("its hours {name} are not in the configuration").into(),
            }
        }
        Ok(shown)
    }
}
