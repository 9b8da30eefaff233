//! A plugin that can't be loaded when the server starts.

use std::time::Duration;

use super::*;
use crate::base::time::later;
use crate::desk::command::PluginCommand;
use crate::desk::{Command, Desk, Outcome};
use crate::intake::plugins::count_failures;
use crate::net::Stop;
use crate::routing::{Plugin, PluginFile, PluginState, PluginVersion};

#[tokio::test]
async fn a_plugin_that_cant_be_loaded_is_listed_as_failed_and_mail_flows() {
    let place = Place::new().await;
    let version =
        PluginVersion { version: "1".into(), hash: "0".into(), installed_at: Time::UNIX_EPOCH, memory_mib: None };
    let mut batch = Batch::default();
    for (name, state) in [("vip", PluginState::Active), ("other", PluginState::Disabled)] {
        tables::PLUGINS.insert(&mut batch, name, &Plugin::new(name, 10, state, version.clone()));
    }
    place.site.engine.commit(batch).await.unwrap();
    refresh_plugins(&place.site).await.unwrap();
    let floor = Floor::new(Arc::new(SimulatedMedium::new()), 0, 1000);
    let desk = Desk::new(place.site.clone(), place.inbox.clone(), floor, None);
    let Outcome::Json(rows) = desk.do_command(Command::Plugin(PluginCommand::List)).await.unwrap() else {
        panic!("bytes")
    };
    let shown = |name: &str| {
        let row = rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
        (row["state"].clone(), row["why"].clone())
    };
    assert_eq!(shown("vip"), ("failed".into(), "its component is missing: install it again".into()));
    assert_eq!(shown("other"), ("disabled".into(), serde_json::Value::Null));
    let id = place.accept("Message-ID: <1@customer.example>\n\nHelp\n").await;
    place.inbox.announce(id);
    place.work().await;
    assert_eq!(place.reason(id).await, Some(Reason::NewConversation));
}

#[tokio::test]
async fn a_failure_counts_once_for_a_message_and_the_version_that_was_asked() {
    let place = Place::new().await;
    let site = &*place.site;
    let version =
        PluginVersion { version: "1".into(), hash: "0123".into(), installed_at: Time::UNIX_EPOCH, memory_mib: None };
    let mut batch = Batch::default();
    tables::PLUGINS.insert(&mut batch, "vip", &Plugin::new("vip", 10, PluginState::Active, version));
    site.engine.commit(batch).await.unwrap();
    for (index, asked, failures) in [(1, "01", 1), (1, "01", 1), (2, "02", 1), (2, "01", 2), (1, "01", 2), (3, "01", 3)]
    {
        let id = MailId { incarnation: 1, segment: 1, index };
        count_failures(site, id, &[(("plugin vip".into(), asked.into()), "it broke".into())].into()).await;
        let plugin = tables::PLUGINS.get(&*site.engine, "vip").await.unwrap().unwrap().value;
        assert_eq!((plugin.failures, plugin.state), (failures, PluginState::Active), "{index} {asked}");
    }
}

#[tokio::test]
async fn what_cant_be_loaded_is_tried_again_until_it_can() {
    let place = Place::new().await;
    let site = &place.site;
    let version =
        PluginVersion { version: "1".into(), hash: "0123".into(), installed_at: Time::UNIX_EPOCH, memory_mib: None };
    let commit = async |batch| site.engine.commit(batch).await.unwrap();
    let mut batch = Batch::default();
    tables::PLUGINS.insert(&mut batch, "vip", &Plugin::new("vip", 10, PluginState::Active, version));
    commit(batch).await;
    let loading = tokio::spawn(load_plugins(site.clone(), Stop::new()));
    let waits = async |seconds: u64, why: &str| {
        while site.clock.next_waking() != Some(later(site.now(), Duration::from_secs(seconds))) {
            tokio::task::yield_now().await;
        }
        assert_eq!(site.plugins.unusable()["vip"], why);
    };
    waits(60, "its component is missing: install it again").await;
    site.clock.advance(Duration::from_secs(60));
    waits(120, "its component is missing: install it again").await;
    let mut batch = Batch::default();
    tables::PLUGIN_FILES.put(&mut batch, "0123", &PluginFile { component: "?".into() });
    commit(batch).await;
    site.clock.advance(Duration::from_secs(120));
    waits(240, "its component is damaged: install it again").await;
    let mut batch = Batch::default();
    tables::PLUGINS.delete(&mut batch, "vip");
    commit(batch).await;
    site.clock.advance(Duration::from_secs(240));
    loading.await.unwrap();
    assert!(site.plugins.unusable().is_empty());
}
