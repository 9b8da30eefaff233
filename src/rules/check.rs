//! What is wrong with a condition that parses, before there is a message: names and functions that don't exist, a pattern that is
//! none, what comes to no truth, and comparisons that never hold, as of a text with a number, or with a word that a fact never has.
//!
//! Only what is certain is said: of what may be anything, as the fields of a case, nothing is.

use std::sync::Arc;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, operators};
use regex::Regex;

use super::facts::{FUNCTIONS, NAMES, Sort, nearest};
use super::patterns::kept;

/// Macros over lists, one inside the other.
const NESTED_MAX: usize = 2;

/// The sort of a node; or what is wrong, at the id of a node.
type Checked = Result<Sort, (u64, String)>;

/// What has been seen of an expression.
#[derive(Default)]
pub struct Check<'e> {
    /// The names of elements in what surrounds it.
    bound: Vec<(&'e str, Sort)>,
    nested: usize,
    pub patterns: Vec<Arc<Regex>>,
    /// Names of business hours.
    pub hours: Vec<String>,
}

impl<'e> Check<'e> {
    pub fn condition(&mut self, node: &'e IdedExpr) -> Result<(), (u64, String)> {
        let sort = self.expression(node)?;
        let what = || format!("found a condition that comes to {}, expected true or false", sort.words());
        sort.goes_with(Sort::Truth).then_some(()).ok_or_else(|| (0, what()))
    }

    fn expression(&mut self, node: &'e IdedExpr) -> Checked {
        match &node.expr {
            Expr::Ident(name) => self.name(node.id, name),
            Expr::Select(select) => self.field(node.id, select),
            Expr::Call(call) => self.call(node.id, call),
            Expr::List(list) => {
                let sorts =
                    list.elements.iter().map(|element| self.expression(element)).collect::<Result<Vec<_>, _>>()?;
                let all = |sort: Sort| sorts.iter().all(|one| *one != Sort::Any && one.goes_with(sort));
                Ok(Sort::List(match () {
                    () if all(Sort::Text) => &Sort::Text,
                    () if all(Sort::Number) => &Sort::Number,
                    () => &Sort::Any,
                }))
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.expression(&entry.key)?;
                        self.expression(&entry.value)?;
                    }
                }
                Ok(Sort::Map(&Sort::Any))
            }
            Expr::Comprehension(each) => self.each(node.id, each),
            Expr::Struct(_) => Err((node.id, "found a message literal, expected a condition over texts".into())),
            Expr::Literal(literal) => Ok(match literal {
                LiteralValue::Boolean(_) => Sort::Truth,
                LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => Sort::Number,
                LiteralValue::String(_) => Sort::Text,
                LiteralValue::Bytes(_) | LiteralValue::Null => Sort::Any,
            }),
            Expr::Unspecified => Ok(Sort::Any),
        }
    }

    fn name(&self, id: u64, name: &str) -> Checked {
        let known = self.bound.iter().rev().chain(NAMES).find(|(known, _)| *known == name);
        known.map(|(_, sort)| *sort).ok_or_else(|| (id, unknown("name", name, nearest(name, names(NAMES)))))
    }

    fn field(&mut self, id: u64, select: &'e SelectExpr) -> Checked {
        let sort = self.expression(&select.operand)?;
        let whose = match &select.operand.expr {
            Expr::Ident(name) => format!("{name}."),
            _ => String::new(),
        };
        let value = self.part(sort, &select.field, &whose).map_err(|what| (id, what))?;
        Ok(if select.test { Sort::Truth } else { value })
    }

    /// What stands under a name; `whose` is for people.
    fn part(&mut self, of: Sort, name: &str, whose: &str) -> Result<Sort, String> {
        match of {
            Sort::Any => Ok(Sort::Any),
            Sort::Map(value) => Ok(*value),
            Sort::Hours => {
                self.hours.push(name.to_owned());
                Ok(Sort::Truth)
            }
            Sort::Headers => in_lower_case(name).map(|()| Sort::List(&Sort::Text)),
            Sort::Record(fields) => {
                let known = fields.iter().find(|(known, _)| *known == name);
                known.map(|(_, sort)| *sort).ok_or_else(|| {
                    let nearest = format!("{whose}{}", nearest(name, names(fields)));
                    unknown("field", &format!("{whose}{name}"), &nearest)
                })
            }
            _ => Err(format!("found the field {name:?} of {}, which has none", of.words())),
        }
    }

    fn call(&mut self, id: u64, call: &'e CallExpr) -> Checked {
        let name = call.func_name.as_str();
        let function = FUNCTIONS.iter().find(|(known, _)| *known == name);
        if name.starts_with(char::is_alphabetic) && function.is_none() {
            return Err((id, unknown("function", name, nearest(name, names(FUNCTIONS)))));
        }
        if name == "matches" {
            self.patterns.push(pattern(call.args.last()).map_err(|what| (id, what))?);
        }
        let target = call.target.as_deref().map(|target| self.expression(target)).transpose()?;
        let needs_text = matches!(name, "startsWith" | "endsWith" | "matches");
        if let Some(sort) = target.filter(|sort| needs_text && !sort.goes_with(Sort::Text)) {
            return Err((id, format!("found {name} of {}, expected one of a text", sort.words())));
        }
        let sorts = call.args.iter().map(|argument| self.expression(argument)).collect::<Result<Vec<_>, _>>()?;
        match function {
            Some((_, sort)) => Ok(*sort),
            None => self.operator(id, name, &call.args, &sorts),
        }
    }

    fn operator(&mut self, id: u64, name: &str, args: &'e [IdedExpr], sorts: &[Sort]) -> Checked {
        let truth = |place: usize| match sorts[place].goes_with(Sort::Truth) {
            true => Ok(()),
            false => Err((args[place].id, format!("found {}, expected true or false", sorts[place].words()))),
        };
        match (name, args, sorts) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, ..) => {
                (0..args.len()).try_for_each(truth).map(|()| Sort::Truth)
            }
            (operators::CONDITIONAL, [..], [_, yes, no]) => truth(0).map(|()| if yes == no { *yes } else { Sort::Any }),
            (operators::EQUALS | operators::NOT_EQUALS, [left, right], [of_left, of_right]) => {
                together(id, *of_left, *of_right)?;
                possible(*of_left, right)?;
                possible(*of_right, left).map(|()| Sort::Truth)
            }
            (
                operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS,
                [..],
                [left, right],
            ) => together(id, *left, *right).map(|()| Sort::Truth),
            (operators::ADD, [..], [left, right]) => {
                together(id, *left, *right)?;
                Ok(if matches!(left, Sort::List(_)) { Sort::List(&Sort::Any) } else { *left })
            }
            (operators::IN, [one, all], [of_one, of_all]) => self.among((one, *of_one), (all, *of_all)),
            (operators::INDEX, [_, place], [of_group, of_place]) => match literal(place) {
                Some(name) if !matches!(of_group, Sort::List(_)) => {
                    self.part(*of_group, name, "").map_err(|what| (place.id, what))
                }
                _ => element(*of_group, *of_place).map_err(|what| (place.id, what)),
            },
            _ => Ok(Sort::Any),
        }
    }

    /// `in`: an element of a list, or a name of a group.
    fn among(&mut self, (one, of_one): (&'e IdedExpr, Sort), (all, of_all): (&'e IdedExpr, Sort)) -> Checked {
        match of_all {
            Sort::List(element) => together(one.id, of_one, *element)?,
            Sort::Headers | Sort::Hours => {
                let part = literal(one).map(|name| self.part(of_all, name, ""));
                part.transpose().map_err(|what| (one.id, what))?;
            }
            Sort::Any | Sort::Map(_) | Sort::Record(_) => {}
            _ => return Err((all.id, format!("found `in` {}, expected a list or a group of values", of_all.words()))),
        }
        if let Expr::List(list) = &all.expr {
            list.elements.iter().try_for_each(|element| possible(of_one, element))?;
        }
        Ok(Sort::Truth)
    }

    fn each(&mut self, id: u64, each: &'e ComprehensionExpr) -> Checked {
        let over = self.expression(&each.iter_range)?;
        let element = match over {
            Sort::List(element) => *element,
            Sort::Map(_) | Sort::Headers | Sort::Hours | Sort::Record(_) => Sort::Text,
            Sort::Any => Sort::Any,
            other => return Err((each.iter_range.id, format!("found {}, expected a list", other.words()))),
        };
        // What isn't a list may be a group of values, of which each process has an order of its own.
        if matches!(each.accu_init.expr, Expr::List(_)) && !matches!(over, Sort::List(_)) {
            let what = "found map or filter over what has no order, expected it over a list such as recipients";
            return Err((id, what.into()));
        }
        if self.nested == NESTED_MAX {
            let what = format!("found macros over lists, one inside the other; expected at most {NESTED_MAX}");
            return Err((id, what));
        }
        let outside = self.bound.len();
        let begun = self.expression(&each.accu_init)?;
        let begun = if matches!(begun, Sort::List(_)) { Sort::List(&Sort::Any) } else { begun };
        self.bound.extend([(each.iter_var.as_str(), element), (each.accu_var.as_str(), begun)]);
        self.bound.extend(each.iter_var2.as_deref().map(|name| (name, Sort::Any)));
        self.nested += 1;
        self.expression(&each.loop_cond)?;
        self.expression(&each.loop_step)?;
        let result = self.expression(&each.result)?;
        self.nested -= 1;
        self.bound.truncate(outside);
        Ok(result)
    }
}

/// Both can be compared, or put together.
fn together(id: u64, one: Sort, other: Sort) -> Result<(), (u64, String)> {
    let what = || format!("found {} with {}, which never go together", one.words(), other.words());
    one.goes_with(other).then_some(()).ok_or_else(|| (id, what()))
}

/// What is written out can be a value of this sort.
fn possible(sort: Sort, node: &IdedExpr) -> Result<(), (u64, String)> {
    literal(node).and_then(|text| sort.excludes(text)).map_or(Ok(()), |what| Err((node.id, what)))
}

fn element(of: Sort, place: Sort) -> Result<Sort, String> {
    match of {
        Sort::List(element) if place.goes_with(Sort::Number) => Ok(*element),
        Sort::List(_) => Err(format!("found {} as the place in a list, expected a number", place.words())),
        Sort::Map(value) => Ok(*value),
        Sort::Any | Sort::Headers | Sort::Hours | Sort::Record(_) => Ok(Sort::Any),
        _ => Err(format!("found a place in {}, expected a list or a group of values", of.words())),
    }
}

fn in_lower_case(name: &str) -> Result<(), String> {
    let lower = name.to_ascii_lowercase();
    let what = || format!("found the header field {name:?}, expected {lower:?}: their names are in lower case here");
    (name == lower).then_some(()).ok_or_else(what)
}

fn literal(node: &IdedExpr) -> Option<&str> {
    match &node.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

fn names(known: &'static [(&'static str, Sort)]) -> impl Iterator<Item = &'static str> {
    known.iter().map(|(name, _)| *name)
}

fn unknown(sort: &str, typed: &str, nearest: &str) -> String {
    format!("found the unknown {sort} {typed:?}, expected a known one; the nearest is {nearest:?}")
}

/// A pattern is written out, so that it is compiled once and its mistakes are seen early.
fn pattern(argument: Option<&IdedExpr>) -> Result<Arc<Regex>, String> {
    let computed = "found a computed pattern, expected one that is written out, as subject.matches('(?i)invoice')";
    argument.and_then(literal).ok_or_else(|| computed.to_owned()).and_then(kept)
}
