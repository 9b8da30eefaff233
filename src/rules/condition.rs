//! Conditions in CEL (the Common Expression Language): compiled when the file is read, evaluated over a brief. The only
//! file that knows the library.
//!
//! Everything that can be known early is a mistake of the file: what doesn't parse, names and functions that don't exist, a
//! pattern that is none. What is left, as a field that this message hasn't, makes the condition false, with the reason.
//! CEL has no loops; what it has over lists may be nested twice, and lists and texts are bounded, so that every evaluation
//! ends soon. Patterns take time in proportion to the text, whatever they are.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock, Weak};

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr};
use cel::common::types::{CelBool, CelString};
use cel::{Context, Env, ExecutionError, IdedExpr, ParseErrors, Value, to_value};
use regex::{Regex, RegexBuilder};

use super::bounds;
use crate::base::limits;
use crate::case::{Brief, Draft};

/// The names that a condition may use, and the fields of those that have the same ones always.
const NAMES: [(&str, &[&str]); 16] = [
    ("sender", &["address", "name", "domain"]),
    ("contact", &["known", "name"]),
    ("account", &[]),
    ("address", &[]),
    ("recipients", &[]),
    ("subject", &[]),
    ("text", &[]),
    ("whole_text", &[]),
    ("language", &[]),
    ("headers", &[]),
    ("attachments", &[]),
    ("kind", &[]),
    ("automatic", &[]),
    ("hours", &[]),
    ("auth", &["spf", "dkim", "dmarc", "arc"]),
    ("case", &["workstream", "priority", "record_type", "tags", "fields", "skills"]),
];
/// The functions that a condition may call; operators begin with a sign.
#[rustfmt::skip]
const FUNCTIONS: [&str; 13] = [
    "contains", "startsWith", "endsWith", "matches", "size", "int", "uint", "double", "string", "bool", "type", "dyn",
    "bytes",
];
const NESTED_MAX: usize = 2;

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
}

/// Why a text is no condition.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken {
    /// The byte of the text at which it is seen, where that is known.
    pub at: usize,
    pub what: String,
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
        let mut check = Check { bound: Vec::new(), nested: 0, patterns: Vec::new() };
        check.expression(program.expression()).map_err(|(id, what)| {
            let at = program.source_info().offset_for(id).map_or(0, |(start, _)| start as usize);
            Broken { at: text.char_indices().nth(at).map_or(0, |(byte, _)| byte), what }
        })?;
        let patterns = check.patterns;
        Ok(Self { text: text.to_owned(), expression: program.expression().clone(), patterns })
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

/// The first thing that the library has against it.
fn unparsed(text: &str, errors: &ParseErrors) -> Broken {
    let Some(error) = errors.errors.first() else { return Broken { at: 0, what: "found text that is not CEL".into() } };
    let line = usize::try_from(error.pos.0 - 1).unwrap_or(0);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = usize::try_from(error.pos.1 - 1).unwrap_or(0);
    let within = text[start..].char_indices().nth(column).map_or(text.len() - start, |(byte, _)| byte);
    let words = error.msg.lines().next().unwrap_or_default();
    Broken { at: start + within, what: format!("found text that is not CEL: {words}") }
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

type Checked = Result<(), (u64, String)>;

/// What is wrong with an expression that parses, at the id of a node.
struct Check<'e> {
    /// The names of elements in what surrounds it.
    bound: Vec<&'e str>,
    nested: usize,
    patterns: Vec<Arc<Regex>>,
}

impl<'e> Check<'e> {
    fn expression(&mut self, node: &'e IdedExpr) -> Checked {
        match &node.expr {
            Expr::Ident(name) => self.name(node.id, name),
            Expr::Select(select) => {
                self.field(node.id, select)?;
                self.expression(&select.operand)
            }
            Expr::Call(call) => {
                let name = call.func_name.as_str();
                if name.starts_with(char::is_alphabetic) && !FUNCTIONS.contains(&name) {
                    return Err((node.id, unknown("function", name, nearest(name, FUNCTIONS.into_iter()))));
                }
                if name == "matches" {
                    self.patterns.push(pattern(call.args.last()).map_err(|what| (node.id, what))?);
                }
                call.target.iter().try_for_each(|target| self.expression(target))?;
                call.args.iter().try_for_each(|argument| self.expression(argument))
            }
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.expression(element)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    self.expression(&entry.key)?;
                    self.expression(&entry.value)
                }
                EntryExpr::StructField(field) => self.expression(&field.value),
            }),
            Expr::Comprehension(each) => self.comprehension(node.id, each),
            Expr::Struct(_) => Err((node.id, "found a message literal, expected a condition over texts".into())),
            Expr::Literal(_) | Expr::Unspecified => Ok(()),
        }
    }

    fn field(&self, id: u64, select: &SelectExpr) -> Checked {
        if let Expr::Ident(name) = &select.operand.expr
            && !self.bound.contains(&name.as_str())
            && let Some((_, fields)) = NAMES.iter().find(|(known, fields)| known == name && !fields.is_empty())
            && !fields.contains(&select.field.as_str())
        {
            let typed = format!("{name}.{}", select.field);
            let known = nearest(&select.field, fields.iter().copied());
            return Err((id, unknown("field", &typed, &format!("{name}.{known}"))));
        }
        Ok(())
    }

    fn comprehension(&mut self, id: u64, each: &'e ComprehensionExpr) -> Checked {
        self.expression(&each.iter_range)?;
        if matches!(each.accu_init.expr, Expr::List(_)) && !self.is_ordered(&each.iter_range) {
            let what = "found map or filter over what has no order, expected it over a list such as recipients";
            return Err((id, what.into()));
        }
        if self.nested == NESTED_MAX {
            let what = format!("found macros over lists, one inside the other; expected at most {NESTED_MAX}");
            return Err((id, what));
        }
        let outside = self.bound.len();
        self.bound.extend([each.iter_var.as_str(), each.accu_var.as_str()]);
        self.bound.extend(each.iter_var2.as_deref());
        self.nested += 1;
        [&each.accu_init, &each.loop_cond, &each.loop_step, &each.result]
            .into_iter()
            .try_for_each(|part| self.expression(part))?;
        self.nested -= 1;
        self.bound.truncate(outside);
        Ok(())
    }

    /// True for what is a list at first sight. All else may be a map, of which each process has an order of its own.
    fn is_ordered(&self, node: &IdedExpr) -> bool {
        let is = |node: &IdedExpr, known: &[&str]| match &node.expr {
            Expr::Ident(name) => known.contains(&name.as_str()) && !self.bound.contains(&name.as_str()),
            _ => false,
        };
        match &node.expr {
            Expr::List(_) => true,
            Expr::Comprehension(each) => matches!(each.accu_init.expr, Expr::List(_)),
            Expr::Ident(_) => is(node, &["recipients", "attachments"]),
            Expr::Select(select) => {
                is(&select.operand, &["headers"]) || (select.field == "tags" && is(&select.operand, &["case"]))
            }
            Expr::Call(call) if call.func_name == "_[_]" => call.args.first().is_some_and(|of| is(of, &["headers"])),
            Expr::Call(call) if call.func_name == "_+_" => call.args.iter().all(|part| self.is_ordered(part)),
            _ => false,
        }
    }

    fn name(&self, id: u64, name: &str) -> Checked {
        if self.bound.contains(&name) || NAMES.iter().any(|(known, _)| *known == name) {
            return Ok(());
        }
        Err((id, unknown("name", name, nearest(name, NAMES.iter().map(|(known, _)| *known)))))
    }
}

fn unknown(sort: &str, typed: &str, nearest: &str) -> String {
    format!("found the unknown {sort} {typed:?}, expected a known one; the nearest is {nearest:?}")
}

fn nearest<'n>(typed: &str, known: impl Iterator<Item = &'n str>) -> &'n str {
    known.min_by_key(|known| strsim::damerau_levenshtein(typed, known)).unwrap_or_default()
}

/// A pattern is written out, so that it is compiled once and its mistakes are seen early.
fn pattern(argument: Option<&IdedExpr>) -> Result<Arc<Regex>, String> {
    match argument.map(|argument| &argument.expr) {
        Some(Expr::Literal(LiteralValue::String(text))) => kept(text.inner()),
        _ => {
            Err("found a computed pattern, expected one that is written out, as subject.matches('(?i)invoice')".into())
        }
    }
}

fn compiled(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(limits::PATTERN_BYTES_MAX).build().map_err(|error| {
        let text = error.to_string();
        let words = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("found the pattern {pattern:?}, expected a regular expression: {words}")
    })
}

/// Every pattern of a condition that is there. Conditions own them, so that those of former rules go.
static PATTERNS: LazyLock<RwLock<HashMap<String, Weak<Regex>>>> = LazyLock::new(RwLock::default);

/// The pattern as all conditions with it share it, compiled when the first of them is read.
fn kept(pattern: &str) -> Result<Arc<Regex>, String> {
    if let Some(known) = known(pattern) {
        return Ok(known);
    }
    let new = Arc::new(compiled(pattern)?);
    let mut patterns = PATTERNS.write().expect("no holder panics");
    if let Some(faster) = patterns.get(pattern).and_then(Weak::upgrade) {
        return Ok(faster);
    }
    if patterns.len() == patterns.capacity() {
        patterns.retain(|_, known| known.strong_count() > 0);
    }
    patterns.insert(pattern.to_owned(), Arc::downgrade(&new));
    Ok(new)
}

fn known(pattern: &str) -> Option<Arc<Regex>> {
    PATTERNS.read().expect("no holder panics").get(pattern)?.upgrade()
}

/// CEL's `matches`. No pattern is compiled while a message waits.
fn matches(text: &CelString<'_>, pattern: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    let known =
        known(pattern.inner()).ok_or_else(|| ExecutionError::function_error("matches", "its pattern isn't known"))?;
    Ok(CelBool::from(known.is_match(text.inner())))
}
