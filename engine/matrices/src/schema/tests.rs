//! The text of both defaults, letter by letter, and what changes the hash.

use super::*;
use crate::{Column, Scaling};

const STRATEGIC: &str = "\
grandmodel features 1
matrix strategic
timeframe 30m
window 48
column mlmi_value 1 z
column mlmi_signal sign raw
column nwrqk_value 1/bar z
column nwrqk_slope return/bar z
column lvn_distance atr z
column lvn_strength 1 z
column hour_sin 1 raw
column hour_cos 1 raw
column mmd_1 1 z
column mmd_2 1 z
column mmd_3 1 z
column volatility_30 return/sqrt(year) z
column volume_profile_skew 1 z
";

const TACTICAL: &str = "\
grandmodel features 1
matrix tactical
timeframe 5m
window 60
column fvg_bullish_active flag raw
column fvg_bearish_active flag raw
column fvg_nearest_level fraction z
column fvg_age 1 z
column fvg_mitigation_signal flag raw
column price_momentum_5 percent z
column volume_ratio ln z
";

fn schema(spec: &MatrixSpec, parameters: &[(String, String)]) -> FeatureSchema {
    let source = IndicatorSource { timeframes: &[], names: &[], parameters };
    FeatureSchema::new(spec, &source).unwrap()
}

#[test]
fn the_defaults_have_these_texts_and_hashes() {
    let check = |spec: MatrixSpec, text: &str, hash: &str| {
        let schema = schema(&spec, &[]);
        assert_eq!(schema.schema_text(), text);
        assert_eq!(schema.schema_hash(), hash);
    };
    check(
        MatrixSpec::strategic(),
        STRATEGIC,
        "665b433644ea4779adbf3ef32ebded4eab906445388eefccbf6ece2138d61ce5",
    );
    check(
        MatrixSpec::tactical(),
        TACTICAL,
        "738313caf8db5c716dfa1bddbc366fe42c5c3e592d1a2d41bb46bb0fd293ebe5",
    );
}

#[test]
fn every_change_changes_the_hash() {
    let spec = MatrixSpec::tactical();
    let change = |edit: fn(&mut MatrixSpec)| {
        let mut changed = spec.clone();
        edit(&mut changed);
        schema(&changed, &[])
    };
    let bin = [("profile.bin".to_owned(), "0.5".to_owned())];
    let schemas = [
        schema(&spec, &[]),
        schema(&spec, &bin),
        change(|spec| spec.name.push('2')),
        change(|spec| spec.timeframe = Timeframe::parse("15m").unwrap()),
        change(|spec| spec.window = 61),
        change(|spec| spec.columns.swap(0, 1)),
        change(|spec| spec.columns[5] = Column::standard("momentum_5")),
        change(|spec| spec.columns[5] = Column::standard("momentum_6")),
        change(|spec| spec.columns[5].scaling = Scaling::Raw),
        change(|spec| drop(spec.columns.pop())),
    ];
    for (i, one) in schemas.iter().enumerate() {
        assert_eq!(one.schema_hash().len(), 64);
        for other in &schemas[..i] {
            assert_ne!(one.schema_hash(), other.schema_hash(), "{}", one.schema_text());
        }
    }
}

#[test]
fn a_unit_is_part_of_the_text() {
    // The hash is that of the text alone, so a unit that changes in the table changes the hash.
    let text = schema(&MatrixSpec::tactical(), &[]).schema_text().to_owned();
    assert_ne!(sha256_hex(&text), sha256_hex(&text.replace("percent", "fraction")));
    let mut spec = MatrixSpec::tactical();
    spec.columns[2] = Column::standard("unheard_of");
    let source = IndicatorSource { timeframes: &[], names: &[], parameters: &[] };
    let error = FeatureSchema::new(&spec, &source).unwrap_err();
    assert_eq!(
        error,
        ConfigError::UnitUnknown { matrix: "tactical".to_owned(), feature: "unheard_of".to_owned() }
    );
}

#[test]
fn the_hash_is_the_standard_one() {
    // The published example of SHA-256.
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256_hex("abc"), expected);
}
