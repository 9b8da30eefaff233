//! The choice of an agent for one item, in words: why this one, and what spoke for and against others.

use super::demand::Demand;
use super::seat::Seat;
use super::{Assign, Work, WorkItem};
use crate::base::{Mailbox, limits};
use crate::case::Considered;

/// An item and who gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub work: Work,
    pub agent: Mailbox,
    pub why: String,
    /// At most [`limits::CONSIDERED_MAX`], the chosen one first.
    pub considered: Vec<Considered>,
}

impl Choice {
    /// Of this seat; `others` are in the queue with it.
    pub(super) fn of<'a>(
        seat: &Seat,
        item: &WorkItem,
        demand: &Demand,
        assign: Assign,
        others: impl Iterator<Item = &'a Seat>,
    ) -> Self {
        let (agent, why) = (seat.agent.address.clone(), why(seat, item, demand, assign));
        let mut considered = vec![Considered { agent: agent.clone(), why: why.clone() }];
        let others = others.filter(|other| other.last != seat.last).take(limits::CONSIDERED_MAX - 1);
        considered.extend(
            others
                .map(|other| Considered { agent: other.agent.address.clone(), why: other.verdict(demand).to_string() }),
        );
        Self { work: item.work, agent, why, considered }
    }
}

fn why(seat: &Seat, item: &WorkItem, demand: &Demand, assign: Assign) -> String {
    if item.previous.as_ref() == Some(&seat.agent.address) {
        return "had it before".into();
    }
    if item.favoured() == Some(&seat.agent.address) {
        return "is preferred by what was advised".into();
    }
    match assign {
        Assign::Pick | Assign::RoundRobin => "has waited longest".into(),
        Assign::MostCapacity => {
            let free = seat.free().map_or("any number".to_owned(), |free| free.to_string());
            format!("has the most capacity free ({free})")
        }
        Assign::LeastActive => format!("has the fewest cases and items ({})", seat.tally.cases()),
        Assign::Skills if demand.relaxed => "has waited longest; the skills that it asks for took too long".into(),
        Assign::Skills => "has the skills that it asks for, at the highest level".into(),
    }
}
