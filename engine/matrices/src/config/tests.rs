//! What is refused, and what the sentence names.

use super::*;
use crate::Column;

fn spec(name: &str, window: u32, features: &[&str]) -> MatrixSpec {
    let columns = features.iter().map(|feature| Column::standard(feature)).collect();
    MatrixSpec { name: name.to_owned(), timeframe: Timeframe::parse("5m").unwrap(), window, columns }
}

fn many(features: usize) -> Vec<Column> {
    (0..features).map(|i| Column::standard(&format!("sma_{i}"))).collect()
}

#[test]
fn what_is_out_of_range_or_repeated_is_refused_by_key() {
    let check = |specs: Vec<MatrixSpec>, expected: Option<&str>| {
        let said = MatricesConfig::new(specs).err().map(|error| error.to_string());
        match (&said, expected) {
            (None, None) => {}
            (Some(said), Some(expected)) if said.contains(expected) => {}
            _ => panic!("{said:?}, expected {expected:?}"),
        }
    };
    check(vec![], None);
    check(vec![spec("a", 2, &["x"]), spec("b", 4_096, &["x"])], None);
    check(vec![spec("a", 1, &["x"])], Some("matrices.a.window = 1 "));
    check(vec![spec("a", 4_097, &["x"])], Some("matrices.a.window = 4097 "));
    check(vec![spec("a", 2, &[])], Some("matrices.a.features lists 0"));
    check(vec![MatrixSpec { columns: many(256), ..spec("a", 2, &[]) }], None);
    check(
        vec![MatrixSpec { columns: many(257), ..spec("a", 2, &[]) }],
        Some("matrices.a.features lists 257"),
    );
    check(vec![MatrixSpec { columns: many(256), ..spec("a", 256, &[]) }], None);
    check(vec![MatrixSpec { columns: many(256), ..spec("a", 257, &[]) }], Some("is 65792 cells"));
    check(vec![spec("a", 2, &["x", "y", "x"])], Some("matrices.a.features names x twice"));
    check(vec![spec("a", 2, &["x"]), spec("a", 3, &["x"])], Some("matrices.a stands twice"));
    for name in ["", "A", "a b", "a\nb", "ä", "a-b", &"a".repeat(33)] {
        check(vec![spec(name, 2, &["x"])], Some("a name has 1 to 32"));
    }
    let numbered = |count: u32| (0..count).map(|i| spec(&format!("m{i}"), 2, &["x"])).collect();
    check(numbered(16), None);
    check(numbered(17), Some("17 of them"));
}

#[test]
fn features_are_found_by_name_on_their_timeframe() {
    let timeframes = ["1m", "5m"].map(|text| Timeframe::parse(text).unwrap());
    let names = [vec!["obv".to_owned()], vec!["sma_20".to_owned(), "ema_20".to_owned(), "obv".to_owned()]];
    let source = IndicatorSource { timeframes: &timeframes, names: &names, parameters: &[] };
    let found = place(&spec("a", 2, &["obv", "sma_20"]), &source).ok().unwrap();
    assert_eq!((found.timeframe, found.values), (1, vec![2, 0]));
    let refused =
        |spec: &MatrixSpec, source: &IndicatorSource| place(spec, source).err().unwrap().to_string();
    let said = refused(&spec("a", 2, &["obv", "sma_2"]), &source);
    assert_eq!(
        said,
        "matrices.a.features names sma_2, which no indicator of 5m gives; add that indicator, or write the nearest name, sma_20"
    );
    let none = [vec!["sma_20".to_owned()], vec![]];
    let said = refused(&spec("a", 2, &["sma_20"]), &IndicatorSource { names: &none, ..source });
    assert_eq!(
        said,
        "matrices.a.features names sma_20, which no indicator of 5m gives; that timeframe has no indicators yet; add some"
    );
    let said = refused(
        &spec("a", 2, &["obv"]),
        &IndicatorSource { timeframes: &timeframes[..1], names: &names[..1], ..source },
    );
    assert_eq!(said, "matrices.a.timeframe = 5m is not in bars.timeframes; add it there");
}
