//! When a market is open: `"always"`, or weekly intervals of local time in an IANA zone.
//!
//! Not here: what intervals may look like, and what they are good for (`feed::MarketHours`).

use super::node::Value;
use feed::{HoursError, MarketHours};

/// Reads hours; `None`: always.
///
/// # Errors
/// What is wrong, as a clause after the value.
pub(super) fn parse(value: &Value) -> Result<Option<MarketHours>, String> {
    match value {
        Value::Text(text) if text == "always" => Ok(None),
        Value::Text(_) => Err("which is no market hours".to_owned()),
        Value::Table(entries) => {
            if let Some((name, _)) = entries.iter().find(|(name, _)| name != "zone" && name != "intervals") {
                return Err(format!("where {name:?} is neither zone nor intervals"));
            }
            let zone = value.get("zone").and_then(|node| node.value.as_text()).ok_or("which has no zone")?;
            MarketHours::parse(zone, &intervals(value)?).map(Some).map_err(|error| clause(&error))
        }
        _ => Err(value.kind().to_owned()),
    }
}

fn intervals(value: &Value) -> Result<Vec<&str>, String> {
    let list = value.get("intervals").and_then(|node| node.value.as_list());
    let texts = list
        .ok_or("which has no list of intervals")?
        .iter()
        .map(|item| item.value.as_text().ok_or_else(|| format!("where {} is no interval", item.value)));
    texts.collect()
}

fn clause(error: &HoursError) -> String {
    match error {
        HoursError::Zone(zone) => format!("where {zone:?} is no IANA time zone"),
        HoursError::Interval(text) => format!("where {text:?} is no interval"),
        HoursError::Empty => "which is never open".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::node::{Origin, parse_value};
    use super::*;

    fn check(text: &str, expected: Result<Option<&str>, &str>) {
        let hours = parse(&parse_value(text, Origin::Set).value);
        let printed = hours.map(|hours| hours.map(|hours| hours.to_string()));
        assert_eq!(printed, expected.map(|hours| hours.map(str::to_owned)).map_err(str::to_owned), "{text}");
    }

    #[test]
    fn always_or_a_zone_with_intervals() {
        check("\"always\"", Ok(None));
        check(
            "{ zone = \"Europe/London\", intervals = [\"tue,wed 00:00-01:00\", \"Sun 18:00-17:00\"] }",
            Ok(Some("Europe/London, Tue 00:00-Tue 01:00, Wed 00:00-Wed 01:00, Sun 18:00-Mon 17:00")),
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        check("sometimes", Err("which is no market hours"));
        check("5", Err("an integer"));
        check("{ intervals = [\"Mon 09:30-16:00\"] }", Err("which has no zone"));
        check("{ zone = \"UTC\" }", Err("which has no list of intervals"));
        check("{ zone = \"UTC\", intervals = \"x\" }", Err("which has no list of intervals"));
        check("{ zone = \"UTC\", intervals = [] }", Err("which is never open"));
        check("{ zone = \"UTC\", intervals = [1] }", Err("where 1 is no interval"));
        check(
            "{ zone = \"UTC\", intervals = [\"Moo 09:30-16:00\"] }",
            Err("where \"Moo 09:30-16:00\" is no interval"),
        );
        check(
            "{ zone = \"Mars/Base\", intervals = [\"Mon 09:30-16:00\"] }",
            Err("where \"Mars/Base\" is no IANA time zone"),
        );
        check(
            "{ zone = \"UTC\", intervals = [\"Mon 09:30-16:00\"], days = 5 }",
            Err("where \"days\" is neither zone nor intervals"),
        );
    }
}
