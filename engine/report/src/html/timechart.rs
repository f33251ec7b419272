//! A chart over time: layers of lines, steps, surfaces and marks on shared axes.
//!
//! Time runs from left to right over the whole run in every chart, so charts under each other can be compared.
//! Values stand at the right, where the run ends.

use super::canvas::{Screen, svg};
use super::plot::Plot;
use super::thin::Thin;

/// The instants between which a run is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// First, in nanoseconds since the epoch.
    pub from: i64,
    /// Last; later than `from`.
    pub to: i64,
}

/// Which way a mark points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pointing {
    /// Up, below its value: a buy.
    Up,
    /// Down, above its value: a sell.
    Down,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// The surface between lowest and highest.
    Range,
    /// A line through the last values.
    Last,
    /// A line through all extremes, with a surface down to the bottom.
    Filled,
    /// A line through all extremes, with a surface to zero, of what was lost.
    Lost,
    /// A value that holds until the next, zero before the first, with a surface to zero.
    Steps,
    /// A mark at the first point of each bucket.
    Marks(Pointing),
}

impl Style {
    /// Buckets that are drawn.
    fn buckets_max(self, screen: Screen) -> usize {
        match self {
            Self::Range | Self::Last => screen.pick(1_500, 420),
            Self::Filled | Self::Lost | Self::Steps => screen.pick(750, 210),
            Self::Marks(_) => screen.pick(300, 90),
        }
    }
}

/// A series and how it is drawn.
pub(super) struct Layer<'a> {
    pub series: &'a Thin,
    pub style: Style,
}

/// A chart.
pub(super) struct TimeChart<'a> {
    /// What it shows, in a sentence, for who cannot see it.
    pub label: &'a str,
    /// What the values are, with their unit.
    pub values: &'a str,
    /// Over which time.
    pub span: Span,
    /// Heights on a desk and on a phone.
    pub height: [f64; 2],
    /// About how many values are marked.
    pub marks: usize,
    /// A value with a line of its own behind the layers.
    pub rule: Option<f64>,
    /// From back to front.
    pub layers: Vec<Layer<'a>>,
}

impl TimeChart<'_> {
    /// The chart for both screens.
    pub fn draw(&self) -> String {
        Screen::ALL.map(|screen| self.draw_on(screen)).concat()
    }

    fn draw_on(&self, screen: Screen) -> String {
        let height = screen.pick(self.height[0], self.height[1]);
        let plot = Plot::new(screen, height, self.span, self.value_range(), self.marks);
        svg(screen, height, self.label, |pen| {
            plot.axes(pen, self.values);
            self.rule.iter().for_each(|value| plot.rule(pen, *value));
            for Layer { series, style } in &self.layers {
                plot.series(pen, &series.at_most(style.buckets_max(screen)), *style);
            }
        })
    }

    /// The lowest and highest value of the layers, with some room.
    fn value_range(&self) -> [f64; 2] {
        let has = |style: Style| self.layers.iter().any(|layer| layer.style == style);
        let zero = (has(Style::Lost) || has(Style::Steps)).then_some(0.0);
        let buckets = self.layers.iter().flat_map(|layer| &layer.series.buckets);
        let extremes = buckets.flat_map(|bucket| [bucket.low.value, bucket.high.value]);
        let values = extremes.chain(self.rule).chain(zero);
        let [low, high] = values
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| [value.min(low), value.max(high)]);
        if low > high {
            return [0.0, 1.0];
        }
        let room = if high > low { (high - low) * 0.07 } else { high.abs().max(1.0) * 0.01 };
        // What hangs from zero hangs from the upper edge.
        [low - room, if has(Style::Lost) { high } else { high + room }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(series: &Thin, style: Style) -> Layer<'_> {
        Layer { series, style }
    }

    fn chart(layers: Vec<Layer<'_>>) -> String {
        let span = Span { from: 0, to: 1_000_000_000 };
        TimeChart { label: "x", values: "USD", span, height: [200.0, 100.0], marks: 4, rule: None, layers }
            .draw()
    }

    #[test]
    fn both_screens_are_drawn_and_bounded() {
        let mut thin = Thin::new(1_500);
        (0..1_000_000).for_each(|ts| thin.push(ts * 1_000, f64::from(ts as i32 % 977)));
        let drawn = chart(vec![
            of(&thin, Style::Range),
            of(&thin, Style::Last),
            of(&thin, Style::Marks(Pointing::Up)),
        ]);
        assert_eq!(drawn.matches("<svg").count(), 2);
        assert!(drawn.matches("<polygon class=\"f-accent\"").count() <= 390);
        assert!(drawn.len() < 120_000, "{}", drawn.len());
    }

    #[test]
    fn a_flat_or_single_value_has_a_plot() {
        let mut thin = Thin::new(10);
        thin.push(5, 3.0);
        assert!(chart(vec![of(&thin, Style::Filled)]).contains("svg"));
        thin.push(500_000_000, 3.0);
        assert!(chart(vec![of(&thin, Style::Filled)]).contains("s-accent"));
        assert!(chart(vec![]).contains("svg"));
    }

    #[test]
    fn a_step_holds_its_value() {
        let mut thin = Thin::new(10);
        thin.push(0, 0.0);
        thin.push(500_000_000, 1.0);
        thin.push(1_000_000_000, 1.0);
        let drawn = chart(vec![of(&thin, Style::Steps)]);
        let line = drawn.split("<polyline class=\"s-accent\"").nth(1).and_then(|rest| rest.split('"').nth(3));
        let places: Vec<&str> = line.expect("there is a line").split(' ').collect();
        let xs: Vec<&str> = places.iter().filter_map(|place| place.split(',').next()).collect();
        assert_eq!(places.len(), 4, "{places:?}");
        assert_eq!(xs[1], xs[2], "the change is vertical: {places:?}");
    }
}
