//! Which matrix: its name, timeframe, window and columns; the two that stand by default.
//!
//! Not here: whether a matrix is possible in a run (`config`).

use model::Timeframe;

/// Features that pass unchanged by definition: signs, flags and places on a circle are on a fixed scale already.
const RAW_FEATURES: [&str; 8] = [
    "mlmi_signal",
    "hour_sin",
    "hour_cos",
    "weekday_sin",
    "weekday_cos",
    "fvg_bullish_active",
    "fvg_bearish_active",
    "fvg_mitigation_signal",
];

const STRATEGIC_FEATURES: [&str; 13] = [
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

const TACTICAL_FEATURES: [&str; 7] = [
    "fvg_bullish_active",
    "fvg_bearish_active",
    "fvg_nearest_level",
    "fvg_age",
    "fvg_mitigation_signal",
    "price_momentum_5",
    "volume_ratio",
];

/// What becomes of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaling {
    /// Distance from the window's mean in its deviations, clipped to ±3.
    ZScore,
    /// Unchanged.
    Raw,
}

impl Scaling {
    /// The word in the feature schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZScore => "z",
            Self::Raw => "raw",
        }
    }

    /// The one of a word of the feature schema.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::ZScore, Self::Raw].into_iter().find(|one| one.name() == name)
    }
}

/// One column of a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The indicator value's name, as in the indicators' schema of the timeframe.
    pub feature: String,
    /// What becomes of its values.
    pub scaling: Scaling,
}

impl Column {
    /// The column of a feature, scaled as the definitions say: raw for signs, flags, sines and cosines.
    pub fn standard(feature: &str) -> Self {
        let scaling = if RAW_FEATURES.contains(&feature) { Scaling::Raw } else { Scaling::ZScore };
        Self { feature: feature.to_owned(), scaling }
    }
}

/// One matrix, as configured; [`crate::MatricesConfig`] checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixSpec {
    /// Lower-case letters, digits and `_`.
    pub name: String,
    /// Whose bars are its rows.
    pub timeframe: Timeframe,
    /// Rows, in bars.
    pub window: u32,
    /// Columns, in order.
    pub columns: Vec<Column>,
}

impl MatrixSpec {
    /// `strategic`: 48 half-hours × 13 features.
    pub fn strategic() -> Self {
        Self::standard("strategic", "30m", 48, &STRATEGIC_FEATURES)
    }

    /// `tactical`: 60 five-minute bars × 7 features.
    pub fn tactical() -> Self {
        Self::standard("tactical", "5m", 60, &TACTICAL_FEATURES)
    }

    fn standard(name: &str, timeframe: &str, window: u32, features: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            timeframe: Timeframe::parse(timeframe).expect("the default is a timeframe"),
            window,
            columns: features.iter().map(|feature| Column::standard(feature)).collect(),
        }
    }

    /// How many cells one matrix has.
    pub fn cells(&self) -> usize {
        self.window as usize * self.columns.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_have_these_shapes_and_raw_columns() {
        let check = |spec: MatrixSpec, shape: (u32, usize), raw: &[usize]| {
            assert_eq!((spec.window, spec.columns.len()), shape);
            let is_raw = |&i: &usize| spec.columns[i].scaling == Scaling::Raw;
            assert_eq!((0..spec.columns.len()).filter(is_raw).collect::<Vec<_>>(), raw, "{}", spec.name);
        };
        check(MatrixSpec::strategic(), (48, 13), &[1, 6, 7]);
        check(MatrixSpec::tactical(), (60, 7), &[0, 1, 4]);
    }
}
