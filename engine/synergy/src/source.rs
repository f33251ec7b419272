//! Where in the run's indicator sets the stage finds what it reads.
//!
//! Not here: the indicators themselves; names are all that is known of them.

use crate::{SynergyConfig, SynergyError};
use model::Timeframe;

/// Places of values in the sets.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    /// Index of the synergy's timeframe.
    pub(crate) timeframe: u8,
    mlmi_value: usize,
    mlmi_confidence: usize,
    nwrqk_value: usize,
    nwrqk_slope: usize,
    volatility: Option<usize>,
    /// Timeframes whose sets have a distance to the nearest low volume node, the longest first: index and place.
    pub(crate) lvn_distance: Vec<(u8, usize)>,
}

/// What one set of the synergy's timeframe says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Readings {
    pub(crate) mlmi_value: f64,
    pub(crate) mlmi_confidence: f64,
    pub(crate) nwrqk_value: f64,
    pub(crate) nwrqk_slope: f64,
    /// NaN if there is no such indicator.
    pub(crate) volatility: f64,
}

impl Sources {
    /// Finds the places by name.
    pub(crate) fn new(
        config: &SynergyConfig,
        timeframes: &[Timeframe],
        names: &[Vec<String>],
    ) -> Result<Self, SynergyError> {
        assert_eq!(timeframes.len(), names.len(), "each timeframe has its names");
        let timeframe = config.timeframe;
        let own = timeframes.iter().position(|known| *known == timeframe);
        let own = own.ok_or(SynergyError::Timeframe(timeframe))?;
        let place = |index: usize, feature: &str| names[index].iter().position(|name| name == feature);
        let needed = |feature: &'static str| {
            place(own, feature).ok_or(SynergyError::FeatureMissing { feature, timeframe })
        };
        let index_of = |index: usize| u8::try_from(index).expect("a timeframe's index is a byte");
        let mut with_lvn: Vec<(usize, usize)> =
            (0..timeframes.len()).filter_map(|index| Some((index, place(index, "lvn_distance")?))).collect();
        with_lvn.sort_by_key(|(index, _)| std::cmp::Reverse(timeframes[*index]));
        Ok(Self {
            timeframe: index_of(own),
            mlmi_value: needed("mlmi_value")?,
            mlmi_confidence: needed("mlmi_confidence")?,
            nwrqk_value: needed("nwrqk_value")?,
            nwrqk_slope: needed("nwrqk_slope")?,
            volatility: place(own, "volatility_20"),
            lvn_distance: with_lvn.into_iter().map(|(index, place)| (index_of(index), place)).collect(),
        })
    }

    /// Reads a set of the synergy's timeframe.
    pub(crate) fn read(&self, values: &[f64]) -> Readings {
        Readings {
            mlmi_value: values[self.mlmi_value],
            mlmi_confidence: values[self.mlmi_confidence],
            nwrqk_value: values[self.nwrqk_value],
            nwrqk_slope: values[self.nwrqk_slope],
            volatility: self.volatility.map_or(f64::NAN, |place| values[place]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(names: &[&[&str]]) -> Result<Sources, SynergyError> {
        let timeframes = ["1m", "5m", "30m"].map(|text| Timeframe::parse(text).unwrap());
        let names: Vec<Vec<String>> =
            names.iter().map(|names| names.iter().map(|name| (*name).to_owned()).collect()).collect();
        Sources::new(&SynergyConfig::default(), &timeframes[..names.len()], &names)
    }

    #[test]
    fn values_are_found_by_name_wherever_they_stand() {
        let own =
            ["nwrqk_slope", "volatility_20", "mlmi_confidence", "nwrqk_value", "lvn_distance", "mlmi_value"];
        let found = sources(&[&["lvn_distance"], &own, &["obv", "lvn_distance"]]).unwrap();
        assert_eq!((found.timeframe, found.lvn_distance.as_slice()), (1, &[(2, 1), (1, 4), (0, 0)][..]));
        let read = found.read(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let values =
            [read.nwrqk_slope, read.volatility, read.mlmi_confidence, read.nwrqk_value, read.mlmi_value];
        assert_eq!(values.map(|value| value as i32), [0, 1, 2, 3, 5]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let needed = ["mlmi_value", "mlmi_confidence", "nwrqk_value", "nwrqk_slope"];
        let found = sources(&[&[], &needed]).unwrap();
        assert!(found.read(&[0.0; 4]).volatility.is_nan() && found.lvn_distance.is_empty());
        for missing in needed {
            let others: Vec<&str> = needed.into_iter().filter(|name| *name != missing).collect();
            let said = sources(&[&needed, &others]).unwrap_err().to_string();
            let start = format!("synergy needs {missing}, which no indicator of 5m gives");
            assert!(said.starts_with(&start), "{said}");
        }
        let said = sources(&[&needed]).unwrap_err().to_string();
        assert_eq!(said, "synergy.timeframe = 5m is not in bars.timeframes; add it there");
    }
}
