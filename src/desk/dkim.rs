//! Commands about DKIM keys: the signatures of mail that leaves.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Desk, Outcome, Refusal, failed};
use crate::auth::{DkimAlgorithm, DkimKey, Record};
use crate::base::{Time, limits};
use crate::store::{Batch, Page, tables};

/// What is done with keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DkimCommand {
    New {
        domain: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        ed25519: bool,
    },
    List,
    Remove {
        domain: String,
        selector: String,
    },
}

impl Desk {
    pub(super) async fn dkim_command(&self, command: DkimCommand) -> Answer {
        match command {
            DkimCommand::New { domain, ed25519 } => self.dkim_new(&domain, ed25519).await,
            DkimCommand::List => self.dkim_list().await,
            DkimCommand::Remove { domain, selector } => self.dkim_remove(&domain, &selector).await,
        }
    }

    /// Makes a key, and one more of the short kind when that is wanted. They are durable before anybody sees them.
    async fn dkim_new(&self, domain: &str, ed25519: bool) -> Answer {
        let domain = checked(domain)?;
        let site = &*self.site;
        let mut tries = site.tries();
        loop {
            let kept = tables::DKIM_KEYS.get(&*site.engine, domain.as_str()).await?;
            let mut keys = kept.as_ref().map(|kept| kept.value.clone()).unwrap_or_default();
            let first = keys.len();
            let algorithms = [Some(DkimAlgorithm::Rsa), ed25519.then_some(DkimAlgorithm::Ed25519)];
            for algorithm in algorithms.into_iter().flatten() {
                if keys.len() >= limits::DKIM_KEYS_MAX {
                    let why = format!("{domain} has {} keys, each of which signs all its mail", keys.len());
                    return Err(Refusal::refused(format!("{why}; first: postcase dkim remove {domain} SELECTOR")));
                }
                keys.push(made(algorithm, selector(algorithm, site.now(), &keys), site.now()).await?);
            }
            let mut batch = Batch::default();
            match &kept {
                Some(kept) => tables::DKIM_KEYS.replace(&mut batch, domain.as_str(), kept, &keys),
                None => tables::DKIM_KEYS.insert(&mut batch, domain.as_str(), &keys),
            }
            if tries.commit(batch).await? {
                let records: Vec<Record> = keys[first..].iter().map(|key| key.record(&domain)).collect();
                return Ok(Outcome::Json(json!({"domain": domain, "records": records})));
            }
        }
    }

    async fn dkim_list(&self) -> Answer {
        let rows = tables::DKIM_KEYS.scan(&*self.site.engine, Page::all()).await?;
        let shown = |domain: &str, key: &DkimKey| {
            json!({
                "domain": domain, "selector": key.selector, "algorithm": key.algorithm, "created_at": key.created_at,
                "record": key.record(domain),
            })
        };
        let mut list: Vec<Value> = Vec::new();
        for (domain, kept) in &rows {
            let domain = String::from_utf8_lossy(domain);
            list.extend(kept.value.iter().map(|key| shown(&domain, key)));
        }
        Ok(Outcome::Json(list.into()))
    }

    /// The key signs no more. Mail that it has signed is on its way for days: its record stays for as long.
    async fn dkim_remove(&self, domain: &str, selector: &str) -> Answer {
        let domain = checked(domain)?;
        let site = &*self.site;
        let mut tries = site.tries();
        loop {
            let kept = tables::DKIM_KEYS.get(&*site.engine, domain.as_str()).await?;
            let known = kept.filter(|kept| kept.value.iter().any(|key| key.selector == selector));
            let Some(kept) = known else {
                let why = format!("{domain} has no key {selector}; see: postcase dkim list");
                return Err(Refusal::not_found(why));
            };
            let mut keys = kept.value.clone();
            keys.retain(|key| key.selector != selector);
            let mut batch = Batch::default();
            tables::DKIM_KEYS.replace(&mut batch, domain.as_str(), &kept, &keys);
            if tries.commit(batch).await? {
                return Ok(Outcome::Json(json!({"domain": domain, "selector": selector, "removed": true})));
            }
        }
    }
}

/// Beside the tasks: it takes a while.
async fn made(algorithm: DkimAlgorithm, selector: String, now: Time) -> Result<DkimKey, Refusal> {
    let made = tokio::task::spawn_blocking(move || DkimKey::generate(algorithm, selector, now)).await;
    made.map_err(|panic| failed(&panic))?.map_err(|error| failed(&error))
}

/// `r20261129`, and `r20261129-2` for the second of a day.
fn selector(algorithm: DkimAlgorithm, now: Time, keys: &[DkimKey]) -> String {
    let kind = match algorithm {
        DkimAlgorithm::Rsa => 'r',
        DkimAlgorithm::Ed25519 => 'e',
    };
    let day: String = now.to_string().chars().take(10).filter(char::is_ascii_digit).collect();
    let name = |n: u32| if n == 1 { format!("{kind}{day}") } else { format!("{kind}{day}-{n}") };
    (1..).map(name).find(|name| keys.iter().all(|key| key.selector != *name)).expect("keys are few")
}

fn checked(domain: &str) -> Result<String, Refusal> {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let is_name = domain.is_ascii() && format!("postmaster@{domain}").parse::<crate::base::Mailbox>().is_ok();
    if is_name && domain.contains('.') && !domain.starts_with('[') {
        return Ok(domain);
    }
    Err(Refusal::refused(format!("{domain} is not the name of a mail domain, as in example.com (or xn--… for others)")))
}
