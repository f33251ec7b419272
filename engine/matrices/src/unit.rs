//! The unit of each known feature.
//!
//! Why: a feature that keeps its name but is suddenly in percent would silently mislead a trained network; so the
//! unit is part of the feature schema and its hash.
//!
//! | unit | it is |
//! | --- | --- |
//! | `1` | a pure number: a share, a score, a ratio |
//! | `sign`, `flag` | one of −1, 0, 1; one of 0, 1 |
//! | `price`, `quantity` | the instrument's own |
//! | `fraction`, `percent` | of a price |
//! | `return` | simple return of one bar; `return/bar` its slope; `return/sqrt(year)` annualised |
//! | `percentage` | an oscillator from 0 to 100 |
//! | `atr` | distance in average true ranges |
//! | `ln` | natural logarithm of a ratio |

/// Features with a name of their own. They come before the families: `volatility_30` is annualised, `volatility_20`
/// is not.
const FEATURES: [(&str, &str); 30] = [
    ("mlmi_value", "1"),
    ("mlmi_signal", "sign"),
    ("mlmi_confidence", "1"),
    ("nwrqk_volatility", "return"),
    ("nwrqk_slope", "return/bar"),
    ("nwrqk_value", "1/bar"),
    ("rqk_value", "price"),
    ("rqk_slope", "price/bar"),
    ("rqk_fast", "price"),
    ("fvg_bullish_active", "flag"),
    ("fvg_bearish_active", "flag"),
    ("fvg_mitigation_signal", "flag"),
    ("fvg_nearest_level", "fraction"),
    ("fvg_age", "1"),
    ("lvn_distance", "atr"),
    ("lvn_strength", "1"),
    ("poc_distance", "atr"),
    ("value_area_position", "1"),
    ("volume_profile_skew", "1"),
    ("mmd_1", "1"),
    ("mmd_2", "1"),
    ("mmd_3", "1"),
    ("volatility_30", "return/sqrt(year)"),
    ("volume_ratio", "ln"),
    ("hour_sin", "1"),
    ("hour_cos", "1"),
    ("weekday_sin", "1"),
    ("weekday_cos", "1"),
    ("vwap_session", "price"),
    ("obv", "quantity"),
];

/// Features whose name carries parameters: what stands before the first of them.
const FAMILIES: [(&str, &str); 15] = [
    ("sma", "price"),
    ("ema", "price"),
    ("wma", "price"),
    ("rsi", "percentage"),
    ("rsi_cutler", "percentage"),
    ("atr", "price"),
    ("macd", "price"),
    ("bollinger", "price"),
    ("stochastic", "percentage"),
    ("adx", "percentage"),
    ("donchian", "price"),
    ("vwap_rolling", "price"),
    ("volatility", "return"),
    ("momentum", "price"),
    ("price_momentum", "percent"),
];

/// The unit of a feature: `price` of `ema_50`; `None` if it is not known.
pub fn unit_of(feature: &str) -> Option<&'static str> {
    let unit_in = |table: &[(&str, &'static str)], name: &str| {
        table.iter().find(|(known, _)| *known == name).map(|(_, unit)| *unit)
    };
    unit_in(&FEATURES, feature).or_else(|| unit_in(&FAMILIES, family(feature)?))
}

/// `macd` of `macd_12_26_9.line`: what stands before the first `_` that a digit follows.
fn family(feature: &str) -> Option<&str> {
    let bytes = feature.as_bytes();
    let end = bytes.windows(2).position(|pair| pair[0] == b'_' && pair[1].is_ascii_digit())?;
    Some(&feature[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_by_name_and_by_family() {
        for (feature, expected) in [
            ("mlmi_value", Some("1")),
            ("volatility_30", Some("return/sqrt(year)")),
            ("volatility_20", Some("return")),
            ("price_momentum_5", Some("percent")),
            ("momentum_10", Some("price")),
            ("rsi_14", Some("percentage")),
            ("rsi_cutler_14", Some("percentage")),
            ("macd_12_26_9.signal", Some("price")),
            ("bollinger_20_2.5.upper", Some("price")),
            ("stochastic_12_3_5.k", Some("percentage")),
            ("vwap_rolling_50", Some("price")),
            ("sma", None),
            ("mmd_4", None),
            ("unheard_of_3", None),
            ("", None),
        ] {
            assert_eq!(unit_of(feature), expected, "{feature}");
        }
    }
}
