//! Lists: paths, timeframes, sources, cores, indicators, names, patterns. One item alone may stand without its
//! brackets.

use super::super::node::{Node, Value};
use super::{Choices, Problem, Shape, names};
use model::{BarSource, Pattern, Timeframe};

/// Most timeframes that may be listed; a strategy may add one.
const TIMEFRAMES_MAX: usize = bars::TIMEFRAMES_MAX - 1;
/// Largest core number that may be named.
const CORE_MAX: u32 = 1023;

/// The items of a list, or the one value that stands for a list of one.
fn items<'a>(shape: &Shape, node: &'a Node) -> Result<Vec<&'a Node>, Problem> {
    match &node.value {
        Value::List(items) => Ok(items.iter().collect()),
        Value::Text(_) => Ok(vec![node]),
        _ => Err(shape.mistyped(node)),
    }
}

/// A list of texts in their normal forms, without repeats.
fn texts<T: PartialEq>(
    shape: &Shape,
    node: &Node,
    check: impl Fn(&Node) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    let mut out = Vec::new();
    for item in items(shape, node)? {
        let value = check(item)?;
        if out.contains(&value) {
            return Err(Problem {
                origin: item.origin,
                ..shape.refuse(node, &format!("which has {} twice", item.value))
            });
        }
        out.push(value);
    }
    Ok(out)
}

fn list_of(node: &Node, texts: impl IntoIterator<Item = String>) -> Value {
    Value::List(
        texts.into_iter().map(|text| Node { value: Value::Text(text), origin: node.origin }).collect(),
    )
}

fn not_empty<T>(shape: &Shape, node: &Node, list: Vec<T>) -> Result<Vec<T>, Problem> {
    if list.is_empty() { Err(shape.refuse(node, "which is empty")) } else { Ok(list) }
}

/// Paths. One that is named again adds nothing, as a second link to a file adds nothing when files are listed.
pub(super) fn check_paths(shape: &Shape, node: &Node) -> Result<Value, Problem> {
    let mut paths = Vec::new();
    for item in items(shape, node)? {
        let text = shape.text(item)?.to_owned();
        if text.is_empty() {
            return Err(shape.refuse(node, "where a path is empty"));
        }
        if !paths.contains(&text) {
            paths.push(text);
        }
    }
    Ok(list_of(node, paths))
}

/// Exactly one of some words.
pub(super) fn check_one_in_list(shape: &Shape, choices: Choices, node: &Node) -> Result<Value, Problem> {
    let chosen = texts(shape, node, |item| {
        names::check_choice(shape, choices, item)?;
        Ok(shape.text(item)?.to_owned())
    })?;
    match chosen.len() {
        1 => Ok(list_of(node, chosen)),
        0 => Err(shape.refuse(node, "which is empty")),
        count => Err(shape.refuse(node, &format!("which has {count} while this build runs one at a time"))),
    }
}

/// Any number out of some words, each at most once.
pub(super) fn check_some_in_list(shape: &Shape, choices: Choices, node: &Node) -> Result<Value, Problem> {
    let mut chosen: Vec<String> = Vec::new();
    for text in texts(shape, node, |item| {
        names::check_choice(shape, choices, item)?;
        Ok(shape.text(item)?.to_owned())
    })? {
        if chosen.contains(&text) {
            return Err(shape.refuse(node, &format!("which has {text:?} twice")));
        }
        chosen.push(text);
    }
    Ok(list_of(node, chosen))
}

/// A timeframe.
pub(super) fn check_timeframe(shape: &Shape, node: &Node) -> Result<Timeframe, Problem> {
    Timeframe::parse(shape.text(node)?).map_err(|_| shape.refuse(node, "which is no timeframe"))
}

/// Timeframes, shortest first.
pub(super) fn check_timeframes(shape: &Shape, node: &Node) -> Result<Value, Problem> {
    let mut timeframes = not_empty(shape, node, texts(shape, node, |item| check_timeframe(shape, item))?)?;
    if timeframes.len() > TIMEFRAMES_MAX {
        return Err(shape.refuse(node, &format!("which has more than {TIMEFRAMES_MAX}")));
    }
    timeframes.sort_unstable();
    Ok(list_of(node, timeframes.iter().map(Timeframe::to_string)))
}

/// `auto`, or prices to make bars of, the first being the primary one.
pub(super) fn check_sources(shape: &Shape, node: &Node) -> Result<Value, Problem> {
    if node.value.as_text() == Some("auto") {
        return Ok(node.value.clone());
    }
    let sources = texts(shape, node, |item| {
        BarSource::parse(shape.text(item)?).ok_or_else(|| shape.refuse(item, "which is no source of bars"))
    })?;
    Ok(list_of(node, not_empty(shape, node, sources)?.iter().map(BarSource::to_string)))
}

/// `auto`, `none`, or core numbers.
pub(super) fn check_cores(shape: &Shape, node: &Node) -> Result<Value, Problem> {
    if matches!(node.value.as_text(), Some("auto" | "none")) {
        return Ok(node.value.clone());
    }
    let Value::List(items) = &node.value else {
        return Err(shape.refuse(node, "which is none of its values"));
    };
    let mut seen = Vec::new();
    for item in items {
        let core = match &item.value {
            Value::Integer(text) => text.parse::<u32>().ok().filter(|core| *core <= CORE_MAX),
            _ => None,
        };
        let core =
            core.ok_or_else(|| shape.refuse(node, &format!("where {} is no core number", item.value)))?;
        if seen.contains(&core) {
            return Err(shape.refuse(node, &format!("which has core {core} twice")));
        }
        seen.push(core);
    }
    not_empty(shape, node, seen)?;
    Ok(node.value.clone())
}

/// Names, in the order they are written, at least one.
pub(super) fn check_names(shape: &Shape, node: &Node) -> Result<Value, Problem> {
    let names = texts(shape, node, |item| {
        let text = shape.text(item)?.trim().to_owned();
        if text.is_empty() { Err(shape.refuse(node, "where a name is empty")) } else { Ok(text) }
    })?;
    Ok(list_of(node, not_empty(shape, node, names)?))
}

/// Orders in which signals come.
pub(super) fn check_patterns(shape: &Shape, node: &Node) -> Result<Value, Problem> {
    let patterns = texts(shape, node, |item| {
        Pattern::parse(shape.text(item)?)
            .ok_or_else(|| shape.refuse(node, &format!("where {} is no pattern", item.value)))
    })?;
    Ok(list_of(node, not_empty(shape, node, patterns)?.iter().map(Pattern::to_string)))
}

/// `standard`, or indicators by name, in the order they are written; none is legal.
pub(super) fn check_indicators(shape: &Shape, node: &Node) -> Result<Value, Problem> {
    if node.value.as_text() == Some("standard") {
        return Ok(node.value.clone());
    }
    let specs = texts(shape, node, |item| {
        names::indicator(shape.text(item)?)
            .map_err(|why| Problem { origin: item.origin, ..shape.refuse(node, &why) })
    })?;
    Ok(list_of(node, specs))
}
