//! Makes a routing plugin for postcase: the contract of `plugins/wit` in Rust, and a macro that exports it.
//!
//! ```ignore
//! use postcase_plugin::{Advice, Facts, Stage};
//!
//! postcase_plugin::plugin! {
//!     summary: "Puts what speaks of invoices into the queue billing",
//!     stages: [Route],
//!     settings: [],
//!     vectors: ["an-invoice"],
//!     advise: advise,
//! }
//!
//! fn advise(_: Stage, facts: &Facts) -> Result<Vec<Advice>, String> {
//!     let speaks = facts.subject.to_lowercase().contains("invoice");
//!     Ok(speaks.then(|| Advice::queue("billing").because("the subject speaks of an invoice")).into_iter().collect())
//! }
//! ```
//!
//! Name and version are those of the crate. A vector is a pair of files in the crate's folder `vectors`: `NAME.eml`, and
//! `NAME.json` with the advice that must come. A panic is a failure of the plugin and harms no mail. What has to be remembered
//! from one message to the next goes through `get_state` and `set_state`; it must hold nothing that a person may want erased.

/// What is generated from `plugins/wit/routing.wit`.
#[doc(hidden)]
pub mod bindings {
    wit_bindgen::generate!({
        world: "plugin",
        path: "../wit",
        pub_export_macro: true,
        export_macro_name: "export_plugin",
        default_bindings_module: "postcase_plugin::bindings",
    });
}

pub use bindings::Guest;
pub use bindings::postcase::routing::host::{Level, get_state, log, set_state};
pub use bindings::postcase::routing::types::{
    Advice, Attachment, CaseSoFar, Description, Facts, Field, Person, Setting, Skill, Stage, Suggestion, Vector,
};

/// A panic is told to the server's log: a plugin has no standard error.
#[doc(hidden)]
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| log(Level::Error, &panic.to_string())));
}

impl Advice {
    /// Advice without doubt; [`because`](Self::because) says why.
    pub fn new(suggestion: Suggestion) -> Self {
        Self { suggestion, confidence: 100, explanation: String::new() }
    }

    pub fn queue(name: &str) -> Self {
        Self::new(Suggestion::Queue(name.into()))
    }

    /// At the stage `assign` one of the queue, before others.
    pub fn agent(address: &str) -> Self {
        Self::new(Suggestion::Agent(address.into()))
    }

    pub fn priority(word: &str) -> Self {
        Self::new(Suggestion::Priority(word.into()))
    }

    pub fn skill(name: &str, level: u8) -> Self {
        Self::new(Suggestion::Skill(Skill { name: name.into(), level }))
    }

    pub fn tag(name: &str) -> Self {
        Self::new(Suggestion::Tag(name.into()))
    }

    /// A field of the company's own; what is postcase's own, as `subject`, can't be set so.
    pub fn field(name: &str, value: &str) -> Self {
        Self::new(Suggestion::Field(Field { name: name.into(), value: value.into() }))
    }

    pub fn note(text: &str) -> Self {
        Self::new(Suggestion::Note(text.into()))
    }

    /// One line that the agent sees.
    pub fn because(mut self, explanation: impl Into<String>) -> Self {
        self.explanation = explanation.into();
        self
    }

    /// 0 to 100.
    pub fn confidence(mut self, confidence: u8) -> Self {
        self.confidence = confidence.min(100);
        self
    }
}

impl Facts {
    /// A setting that the description names; empty for any other.
    pub fn setting(&self, name: &str) -> &str {
        self.settings.iter().find(|setting| setting.name == name).map_or("", |setting| &setting.value)
    }
}

/// Exports a plugin; see the module.
#[macro_export]
macro_rules! plugin {
    (
        summary: $summary:expr,
        stages: [$($stage:ident),*],
        settings: [$(($setting:expr, $default:expr, $meaning:expr)),* $(,)?],
        vectors: [$($vector:expr),* $(,)?],
        advise: $advise:path $(,)?
    ) => {
        struct Exported;

        impl $crate::Guest for Exported {
            fn describe() -> $crate::Description {
                $crate::Description {
                    name: env!("CARGO_PKG_NAME").into(),
                    version: env!("CARGO_PKG_VERSION").into(),
                    summary: $summary.into(),
                    stages: vec![$($crate::Stage::$stage),*],
                    settings: vec![$($crate::Setting {
                        name: $setting.into(),
                        default: $default.into(),
                        meaning: $meaning.into(),
                    }),*],
                    vectors: vec![$($crate::Vector {
                        name: $vector.into(),
                        message: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/", $vector, ".eml")).to_vec(),
                        expected: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/", $vector, ".json")).into(),
                    }),*],
                }
            }

            fn advise(stage: $crate::Stage, facts: $crate::Facts) -> Result<Vec<$crate::Advice>, String> {
                $crate::report_panics();
                $advise(stage, &facts)
            }
        }

        $crate::bindings::export_plugin!(Exported);
    };
}
