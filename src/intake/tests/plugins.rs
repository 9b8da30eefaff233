//! A plugin that can't be loaded when the server starts.

use super::*;
use crate::desk::command::PluginCommand;
use crate::desk::{Command, Desk, Outcome};
use crate::routing::{Plugin, PluginState, PluginVersion};

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
