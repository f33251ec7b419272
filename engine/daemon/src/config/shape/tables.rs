//! Tables whose keys are not fixed: indicators by timeframe, lists of instruments.

use super::super::nearest::nearest;
use super::super::node::{Node, Value};
use super::super::schema::{Key, Preset, Schema};
use super::{Problem, Shape, Tables, lists};
use model::Timeframe;

/// Lists of indicators by timeframe, shortest first.
pub(super) fn check_by_timeframe(shape: &Shape, node: &Node) -> Result<Value, Problem> {
    let Value::Table(entries) = &node.value else { return Err(shape.mistyped(node)) };
    let mut checked: Vec<(Timeframe, Node)> = Vec::new();
    for (name, list) in entries {
        let at = |problem: Problem| Problem { suffix: format!(".{name}"), ..problem };
        let timeframe = Timeframe::parse(name).map_err(|error| {
            at(Problem {
                origin: list.origin,
                suffix: String::new(),
                sentence: format!("is under a key that is no timeframe: {error}"),
            })
        })?;
        if checked.iter().any(|(known, _)| *known == timeframe) {
            return Err(at(shape.refuse(list, "the second list of that timeframe")));
        }
        let value = lists::check_indicators(&Shape::Indicators, list).map_err(at)?;
        checked.push((timeframe, Node { value, origin: list.origin }));
    }
    checked.sort_by_key(|(timeframe, _)| *timeframe);
    Ok(Value::Table(checked.into_iter().map(|(timeframe, list)| (timeframe.to_string(), list)).collect()))
}

/// A list of tables, each field by its own shape. The normal form has the fields in documented order.
pub(super) fn check_tables(
    shape: &Shape,
    tables: &Tables,
    node: &Node,
    schema: &Schema,
) -> Result<Value, Problem> {
    let Value::List(items) = &node.value else { return Err(shape.mistyped(node)) };
    let fields = fields(tables, schema);
    let mut checked: Vec<Node> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let value = check_table(shape, &fields, item, schema)
            .map_err(|problem| Problem { suffix: format!("[{index}]{}", problem.suffix), ..problem })?;
        let id = |value: &Value| value.get(tables.id).map(|node| node.value.to_string());
        if checked.iter().any(|known| id(&known.value) == id(&value)) {
            let id = item.value.get(tables.id).expect("every table has its id");
            let sentence = format!("is {}, which another table has too; write one table for each", id.value);
            return Err(Problem { origin: id.origin, suffix: format!("[{index}].{}", tables.id), sentence });
        }
        checked.push(Node { value, origin: item.origin });
    }
    Ok(Value::List(checked))
}

/// The keys that are fields of such a table.
pub(in super::super) fn fields(tables: &Tables, schema: &Schema) -> Vec<&'static Key> {
    let is_field = |key: &&Key| {
        key.section() == tables.fields || (!tables.defaults.is_empty() && key.section() == tables.defaults)
    };
    let mut fields: Vec<&'static Key> = schema.keys().filter(is_field).collect();
    fields.sort_by_key(|key| key.section() != tables.fields);
    fields
}

fn check_table(
    shape: &Shape,
    fields: &[&'static Key],
    item: &Node,
    schema: &Schema,
) -> Result<Value, Problem> {
    let Value::Table(entries) = &item.value else { return Err(shape.mistyped(item)) };
    if let Some((name, node)) = entries.iter().find(|(name, _)| !fields.iter().any(|key| key.name() == name))
    {
        let nearest = nearest(name, fields.iter().map(|key| key.name())).unwrap_or_default();
        let sentence = format!("is no known key; the nearest is {nearest}");
        return Err(Problem { origin: node.origin, suffix: format!(".{name}"), sentence });
    }
    let mut checked = Vec::new();
    for key in fields {
        let at =
            |problem: Problem| Problem { suffix: format!(".{}{}", key.name(), problem.suffix), ..problem };
        match (item.value.get(key.name()), key.preset) {
            (Some(node), _) => {
                let value = key.shape.check(node, schema).map_err(at)?;
                checked.push((key.name().to_owned(), Node { value, origin: node.origin }));
            }
            (None, Preset::Required { example }) => {
                let sentence = format!("is missing; write for example {} = {example}", key.name());
                return Err(at(Problem { origin: item.origin, suffix: String::new(), sentence }));
            }
            (None, _) => {}
        }
    }
    Ok(Value::Table(checked))
}
