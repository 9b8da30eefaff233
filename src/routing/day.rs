//! Agents whose units come back at the end of the day: what a case took of them stays written down until then.
//!
//! A row for each such case says until when. It is written with what gives them the case, or, for cases that they had before
//! they got such a profile, as soon as the board sees them. When its day ends, a case that they still have is written down for
//! another one.

use super::seat::Seat;
use super::{Overdue, Place, Ration, Switchboard, Work, WorkItem};
use crate::base::{Mailbox, Time};

impl Switchboard {
    /// What this case takes of this agent until a day has ended; what is stored.
    pub fn set_ration(&mut self, agent: &Mailbox, work: Work, ration: Option<Ration>) {
        if let Some(ration) = &ration {
            self.days.insert((ration.until, agent.clone(), work));
            self.owing.remove(&(agent.clone(), work));
        }
        let until = ration.as_ref().map(|ration| ration.until);
        let former = self.tally(agent, |tally, _| tally.ration(work, ration));
        if let Some(former) = former.filter(|former| Some(former.until) != until) {
            self.days.remove(&(former.until, agent.clone(), work));
        }
        self.reseat(agent, true);
    }

    /// What is to be stored when this agent gets a case of this record type; nothing when units come back at once.
    pub fn ration(&self, agent: &Mailbox, record_type: Option<&str>, now: Time) -> Option<Ration> {
        self.seats.get(agent)?.profile.as_ref()?.ration(record_type, &self.hours, now)
    }

    /// What was written down for a day that ends at another time, by the business hours as they are now.
    pub fn misdated(&self, now: Time) -> Vec<(Mailbox, Work, Ration)> {
        let today = self.days.iter().filter(|(until, ..)| *until > now);
        let anew = |(until, agent, work): &(Time, Mailbox, Work)| {
            let seat = self.seats.get(agent).filter(|seat| seat.is_daily())?;
            let ends = seat.profile.as_ref()?.day_ends(&self.hours, now);
            let units = seat.tally.ration_of(*work).filter(|_| ends != *until)?.units;
            Some((agent.clone(), *work, Ration { units, until: ends }))
        };
        today.filter_map(anew).collect()
    }

    /// A case that an agent has and that isn't written down for today yet.
    pub fn next_owing(&mut self, now: Time) -> Option<(Mailbox, Work, Ration)> {
        while let Some((agent, work)) = self.owing.pop_first() {
            let ration = self.held(&agent, work).and_then(|item| self.ration(&agent, item.record_type.as_deref(), now));
            if let Some(ration) = ration {
                return Some((agent, work, ration));
            }
        }
        None
    }

    /// Takes notice of what this agent has that isn't written down.
    pub(super) fn note_owing(&mut self, agent: &Mailbox) {
        let held = self.seats.get(agent).into_iter().flat_map(|seat| seat.tally.held());
        let owing: Vec<Work> = held.filter(|work| self.owes(agent, *work)).collect();
        self.owing.extend(owing.into_iter().map(|work| (agent.clone(), work)));
    }

    /// True for a case that an agent has, not only is offered, and that isn't written down.
    pub(super) fn owes(&self, agent: &Mailbox, work: Work) -> bool {
        let unwritten = |seat: &Seat| seat.is_daily() && seat.tally.ration_of(work).is_none();
        let is_owner = |item: &WorkItem| matches!(&item.place, Place::Agent(owner) if owner == agent);
        self.seats.get(agent).is_some_and(unwritten) && self.items.get(&work).is_some_and(is_owner)
    }

    pub(super) fn day_ends(&mut self, now: Time) -> Option<Overdue> {
        let (at, agent, work) = self.days.first().cloned().filter(|(at, ..)| *at <= now)?;
        self.days.remove(&(at, agent.clone(), work));
        let again = self.held(&agent, work).and_then(|item| self.ration(&agent, item.record_type.as_deref(), now));
        Some(Overdue::DayEnds { work, agent, again })
    }

    /// What an agent has, as long as it takes something of them.
    fn held(&self, agent: &Mailbox, work: Work) -> Option<&WorkItem> {
        let holds = self.seats.get(agent).is_some_and(|seat| seat.tally.holds(work));
        self.items.get(&work).filter(|item| holds && item.place == Place::Agent(agent.clone()))
    }
}
