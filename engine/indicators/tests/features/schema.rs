//! What the values are called, and where they are computed if nobody says so.

use crate::histories::{History, NAMES};
use indicators::{IndicatorConfig, IndicatorSpec};
use model::Timeframe;

/// The features of the two default matrices.
const STRATEGIC: [&str; 13] = [
    "mlmi_value",
    "mlmi_signal",
    "nwrqk_value",
    "nwrqk_slope",
    "lvn_distance",
    "lvn_strength",
    "hour_sin",
    "hour_cos",
    "mmd_1",
    "mmd_2",
    "mmd_3",
    "volatility_30",
    "volume_profile_skew",
];
const TACTICAL: [&str; 7] = [
    "fvg_bullish_active",
    "fvg_bearish_active",
    "fvg_nearest_level",
    "fvg_age",
    "fvg_mitigation_signal",
    "price_momentum_5",
    "volume_ratio",
];

#[test]
fn every_feature_of_the_matrices_has_its_indicator() {
    let names = History::value_names();
    for feature in STRATEGIC.iter().chain(&TACTICAL) {
        assert!(names.iter().any(|name| name == feature), "{feature} is not in {names:?}");
        let spec = IndicatorSpec::of_value(feature).unwrap_or_else(|| panic!("{feature} has no indicator"));
        assert!(NAMES.contains(&spec.to_string().as_str()), "{feature} is of {spec}");
    }
    for name in ["mlmi_confidence", "nwrqk_volatility", "rqk_value", "rqk_slope", "rqk_fast", "weekday_cos"] {
        assert!(names.iter().any(|other| other == name), "{name}");
    }
}

#[test]
fn five_and_thirty_minutes_have_them_by_default() {
    let check = |timeframe: &str, expected: &[&str]| {
        let specs = IndicatorConfig::standard_specs(Timeframe::parse(timeframe).unwrap());
        let texts: Vec<String> = specs.iter().map(IndicatorSpec::to_string).collect();
        let ours: Vec<&str> = texts.iter().map(String::as_str).filter(|text| NAMES.contains(text)).collect();
        assert_eq!(ours, expected, "{timeframe}");
    };
    check("1m", &[]);
    check("5m", &["mlmi", "nwrqk", "fvg"]);
    check("30m", &NAMES);
}
