//! Conditions in CEL (the Common Expression Language): compiled when the file is read, evaluated over a brief. With `check`
//! and `syntax` the only file that knows the library.
//!
//! Everything that can be known early is a mistake of the file: what doesn't parse, and what never holds. What is left, as a
//! field that this message hasn't, makes the condition false, with the reason. CEL has no loops; what it has over lists may be
//! nested twice, and lists and texts are bounded, so that every evaluation ends soon. Patterns take time in proportion to the
//! text, whatever they are.

use std::sync::{Arc, LazyLock};

use cel::common::ast::{Expr, LiteralValue};
use cel::common::types::{CelBool, CelString};
use cel::{Context, Env, ExecutionError, IdedExpr, Value, to_value};
use regex::Regex;

use super::check::Check;
use super::patterns::known;
use super::syntax::unparsed;
use super::{Broken, bounds};
use crate::base::limits;
use crate::case::{Brief, Draft};

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    let own = cel::add_member_overload!(env, fn matches: (CelString, CelString) -> Result<CelBool>);
    own.expect("the library is built without a function of this name");
    Arc::new(env)
});

/// A condition that can be evaluated.
#[derive(Debug)]
pub struct Condition {
    pub text: String,
    expression: IdedExpr,
    #[expect(dead_code, reason = "held, because evaluation finds them by their text")]
    patterns: Vec<Arc<Regex>>,
    /// The names of business hours that it asks about.
    pub hours: Vec<String>,
}

/// What conditions are asked about: one message.
pub struct Subject(Context<'static, 'static>);

impl Condition {
    pub fn compile(text: &str) -> Result<Self, Broken> {
        let at_start = |what: String| Broken { at: 0, what };
        if text.len() > limits::CONDITION_BYTES_MAX {
            let most = limits::CONDITION_BYTES_MAX;
            return Err(at_start(format!("found a condition of {} bytes, expected at most {most}", text.len())));
        }
        if let Some((at, what)) = bounds::excess(text) {
            return Err(Broken { at, what });
        }
        let program = ENVIRONMENT.compile(text).map_err(|errors| unparsed(text, &errors))?;
        let mut check = Check::default();
        check.condition(program.expression()).map_err(|(id, what)| {
            let at = program.source_info().offset_for(id).map_or(0, |(start, _)| start as usize);
            Broken { at: text.char_indices().nth(at).map_or(0, |(byte, _)| byte), what }
        })?;
        let Check { patterns, hours, .. } = check;
        Ok(Self { text: text.to_owned(), expression: program.expression().clone(), patterns, hours })
    }

    /// `Err` says why it can't be told, which counts as false.
    pub fn holds(&self, subject: &Subject) -> Result<bool, String> {
        match Value::resolve(&self.expression, &subject.0) {
            Ok(Value::Bool(truth)) => Ok(truth),
            Ok(other) => Err(format!("it comes to a value of the type {}, not to true or false", other.type_of())),
            Err(error) => Err(said(&error)),
        }
    }

    /// Its value when that doesn't depend on the message.
    pub fn constant(&self) -> Option<bool> {
        match &self.expression.expr {
            Expr::Literal(LiteralValue::Boolean(truth)) => Some(*truth.inner()),
            _ => None,
        }
    }
}

impl Subject {
    pub fn of(brief: &Brief) -> Self {
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        let told = to_value(brief).expect("a brief is texts, numbers, lists and maps by text");
        if let Value::Map(map) = told {
            for (name, value) in map.map.iter() {
                context.add_variable_from_value(name.to_string(), value.clone());
            }
        }
        Self(context)
    }

    /// What is known of the case by now.
    pub fn set_case(&mut self, draft: &Draft) {
        let told = to_value(draft).expect("a draft is texts, numbers, lists and maps by text");
        self.0.add_variable_from_value("case", told);
    }
}

/// Without what the message says: that may be long, and is no business of a log.
fn said(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("there is no {key}"),
        ExecutionError::NoSuchOverload(_) => format!("{error}"),
        ExecutionError::IndexOutOfBounds(_) => "a list has no such entry".to_owned(),
        ExecutionError::FunctionError { message, .. } => message.clone(),
        _ => "it compares or computes what doesn't go together".to_owned(),
    }
}

/// CEL's `matches`. No pattern is compiled while a message waits.
fn matches(text: &CelString<'_>, pattern: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    let known =
        known(pattern.inner()).ok_or_else(|| ExecutionError::function_error("matches", "its pattern isn't known"))?;
    Ok(CelBool::from(known.is_match(text.inner())))
}
