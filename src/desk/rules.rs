//! The rules in force, as the server has them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Answer, Desk, Outcome};
use crate::case::{PLUGIN, Stage};
use crate::intake::active_plugins;
use crate::plugin::Active;
use crate::routing::Scope;
use crate::rules::{Rule, Then, warnings};

impl Desk {
    /// All rules, and what is wrong with their file; with `order` all advisers in the order in which they are asked.
    pub(super) async fn rules_show(&self, order: bool) -> Answer {
        let book = &self.site.rules;
        let (rules, wrong) = book.look(self.site.now());
        let active = if order { active_plugins(&self.site).await? } else { Arc::default() };
        let plugins = |stage: Stage| active.iter().filter(move |active| active.speaks_at(stage.into()));
        let plugins = |stage| plugins(stage).map(move |active| plugin_row(stage, active));
        let mut rows: Vec<Value> = Vec::new();
        for stage in [Stage::Intake, Stage::Classify, Stage::Route] {
            rows.extend(rules.of(stage).iter().map(|rule| row(stage, rule)));
            rows.extend(plugins(stage));
        }
        if order {
            rows.push(
                json!({"stage": "route", "by": "address", "then": ["its owner or queue, else its fallback queue"]}),
            );
            rows.push(json!({"stage": "route", "by": "postcase", "then": ["queue main"]}));
            rows.extend(plugins(Stage::Assign));
            rows.extend(plugins(Stage::FollowUp));
            rows.iter_mut().zip(1..).for_each(|(row, place)| row["order"] = json!(place));
            return Ok(Outcome::Json(rows.into()));
        }
        Ok(Outcome::Json(json!({
            "file": book.file(),
            "version": rules.version,
            "mistakes": wrong.iter().flat_map(|wrong| wrong.lines()).collect::<Vec<_>>(),
            "rules": rows,
            "warnings": warnings(&rules, &self.site.hours(), Some(&self.setup().await?)),
        })))
    }
}

fn plugin_row(stage: Stage, active: &Active) -> Value {
    let (by, then) = (format!("{PLUGIN}{}", active.name), [&active.ready.description.summary]);
    let about = if active.is_general { Scope::All } else { Scope::Named };
    json!({"stage": stage, "by": by, "version": active.version(), "about": about, "then": then})
}

fn row(stage: Stage, rule: &Rule) -> Value {
    let detour = &rule.detour;
    let then = |then: &Then| match then {
        Then::Advise(what) => format!("{what}{detour}"),
        Then::Share(shares) => {
            let parts: Vec<String> = shares.iter().map(|share| format!("{} {} %", share.queue, share.part)).collect();
            format!("queues {}{detour}", parts.join(", "))
        }
    };
    json!({
        "stage": stage,
        "by": rule.called(),
        "line": rule.line,
        "workstream": rule.workstream,
        "when": rule.when.as_ref().map(|when| &when.text),
        "then": rule.then.iter().map(then).collect::<Vec<_>>(),
    })
}
