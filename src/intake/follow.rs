//! Advice that is followed: what advisers say about a new case, and the place where that, or else its address, puts it.

use super::advice::About;
use super::placement::{as_item, object, placement};
use super::plan::Plan;
use crate::address::RoutingAddress;
use crate::case::{Happening, INTAKE, Reason};
use crate::store::{CaseChange, ReadError, people};

impl Plan<'_> {
    /// What advisers say about the case, and where it goes: by the first of them who says so, else by its address.
    pub(super) async fn follow_advice(
        &self,
        change: &mut CaseChange,
        address: Option<&RoutingAddress>,
        reason: Reason,
    ) -> Result<(), ReadError> {
        let about = change.case().address.clone().map(About::New);
        if let Some(about) = &about {
            self.take_advice(change, about);
        }
        let advised = about.and_then(|about| self.counsel.placement(&about));
        let item = self.item.filter(|_| reason != Reason::OwnCase);
        let (by, mut placed) = match (item, advised) {
            (Some(item), _) => (INTAKE.to_owned(), as_item(item)),
            (None, Some(placed)) => placed,
            (None, None) => (INTAKE.to_owned(), placement(self.site, address, reason).await?),
        };
        // Whoever had the item has room for its case.
        if item.is_none() {
            object(self.site, &mut placed).await?;
        }
        for what in placed {
            let told = match &what {
                Happening::Assigned { agent, .. } => people::wants_notices(&*self.site.engine, agent).await?,
                _ => false,
            };
            change.add(self.now, &by, what);
            if told {
                change.tell();
            }
        }
        Ok(())
    }

    /// What is said about the case, but not where it goes.
    pub(super) fn take_advice(&self, change: &mut CaseChange, about: &About) {
        for (by, what) in self.counsel.happenings(about, change.case()) {
            change.add(self.now, &by, what);
        }
    }
}
