//! A chart over time: layers of lines, steps, surfaces and marks on shared axes.
//!
//! Time runs from left to right over the whole run in every chart, so charts under each other can be compared.
//! Values stand at the right, where the run ends.

use super::axis;
use super::canvas::{Anchor, Ink, Pen, Place, Screen, svg};
use super::thin::{Point, Thin};

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

/// Something drawn from a series.
pub(super) enum Layer<'a> {
    /// The surface between lowest and highest.
    Range(&'a Thin),
    /// A line through the last values.
    Last(&'a Thin),
    /// A line through all extremes, with a surface down to the bottom.
    Filled(&'a Thin),
    /// A line through all extremes, with a surface to zero, of what was lost.
    Lost(&'a Thin),
    /// A value that holds until the next, with a surface to zero.
    Steps(&'a Thin),
    /// A horizontal line.
    Rule(f64),
    /// A mark at the first point of each bucket.
    Marks(&'a Thin, Pointing),
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
    /// From back to front.
    pub layers: Vec<Layer<'a>>,
}

/// Buckets drawn across a screen.
fn buckets_max(screen: Screen) -> usize {
    screen.pick(1_500, 420)
}

/// Thins a layer's series for a screen.
fn layer_for<'a>(layer: &Layer<'_>, thin: &'a Option<Thin>) -> Layer<'a> {
    let series = thin.as_ref();
    match (layer, series) {
        (Layer::Range(_), Some(thin)) => Layer::Range(thin),
        (Layer::Last(_), Some(thin)) => Layer::Last(thin),
        (Layer::Filled(_), Some(thin)) => Layer::Filled(thin),
        (Layer::Lost(_), Some(thin)) => Layer::Lost(thin),
        (Layer::Steps(_), Some(thin)) => Layer::Steps(thin),
        (Layer::Marks(_, pointing), Some(thin)) => Layer::Marks(thin, *pointing),
        (Layer::Rule(value), _) => Layer::Rule(*value),
        (_, None) => unreachable!("every layer but a rule has a series"),
    }
}

impl Layer<'_> {
    fn series(&self) -> Option<&Thin> {
        match self {
            Self::Range(thin)
            | Self::Last(thin)
            | Self::Filled(thin)
            | Self::Lost(thin)
            | Self::Steps(thin)
            | Self::Marks(thin, _) => Some(thin),
            Self::Rule(_) => None,
        }
    }

    fn thinned(&self, screen: Screen) -> Option<Thin> {
        let buckets = match self {
            Self::Marks(..) => screen.pick(300, 120),
            Self::Filled(_) | Self::Lost(_) | Self::Steps(_) => buckets_max(screen) / 2,
            Self::Range(_) | Self::Last(_) | Self::Rule(_) => buckets_max(screen),
        };
        self.series().map(|thin| thin.at_most(buckets))
    }
}

impl TimeChart<'_> {
    /// The chart for both screens.
    pub fn draw(&self) -> String {
        Screen::ALL.map(|screen| self.draw_on(screen)).concat()
    }

    fn draw_on(&self, screen: Screen) -> String {
        let thinned: Vec<Option<Thin>> = self.layers.iter().map(|layer| layer.thinned(screen)).collect();
        let layers: Vec<Layer<'_>> =
            self.layers.iter().zip(&thinned).map(|(layer, thin)| layer_for(layer, thin)).collect();
        let height = screen.pick(self.height[0], self.height[1]);
        let plot = Plot::new(screen, height, self.span, value_range(&layers), self.marks);
        svg(screen, height, self.label, |pen| {
            plot.axes(pen, self.values);
            layers.iter().for_each(|layer| plot.layer(pen, layer));
        })
    }
}

/// The lowest and highest value of the layers, with some room.
fn value_range(layers: &[Layer<'_>]) -> [f64; 2] {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut hold = |value: f64| (low, high) = (low.min(value), high.max(value));
    for layer in layers {
        match layer {
            Layer::Rule(value) => hold(*value),
            Layer::Lost(_) | Layer::Steps(_) => hold(0.0),
            _ => {}
        }
        for bucket in layer.series().into_iter().flat_map(|thin| &thin.buckets) {
            hold(bucket.low.value);
            hold(bucket.high.value);
        }
    }
    let anchored = layers.iter().any(|layer| matches!(layer, Layer::Lost(_)));
    if low > high {
        return [0.0, 1.0];
    }
    let room = if high > low { (high - low) * 0.07 } else { high.abs().max(1.0) * 0.01 };
    [low - room, if anchored { high } else { high + room }]
}

/// Where values and instants stand on a drawing.
struct Plot {
    screen: Screen,
    upper_left: Place,
    lower_right: Place,
    span: Span,
    values: [f64; 2],
    value_ticks: Vec<axis::Tick<f64>>,
    font: f64,
}

impl Plot {
    fn new(screen: Screen, height: f64, span: Span, values: [f64; 2], marks: usize) -> Self {
        assert!(span.from < span.to && values[0] < values[1], "a plot has an extent");
        let value_ticks = axis::linear(values[0], values[1], marks);
        let font = screen.pick(12.0, 13.0);
        let longest = value_ticks.iter().map(|tick| tick.label.chars().count()).max().unwrap_or(0);
        let gutter = (longest as f64 * font * 0.58 + 10.0).max(screen.pick(68.0, 52.0));
        Self {
            screen,
            upper_left: Place::new(1.0, font + 10.0),
            lower_right: Place::new(screen.width() - gutter, height - font - 12.0),
            span,
            values,
            value_ticks,
            font,
        }
    }

    fn x(&self, ts: i64) -> f64 {
        let share = (ts as f64 - self.span.from as f64) / (self.span.to as f64 - self.span.from as f64);
        self.upper_left.x + share.clamp(0.0, 1.0) * (self.lower_right.x - self.upper_left.x)
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value - self.values[0]) / (self.values[1] - self.values[0]);
        self.lower_right.y - share.clamp(0.0, 1.0) * (self.lower_right.y - self.upper_left.y)
    }

    fn place(&self, point: Point) -> Place {
        Place::new(self.x(point.ts), self.y(point.value))
    }

    fn axes(&self, pen: &Pen<'_>, values: &str) {
        let (left, right) = (self.upper_left.x, self.lower_right.x);
        for tick in &self.value_ticks {
            let y = self.y(tick.at);
            pen.line(&[Place::new(left, y), Place::new(right, y)], Ink::Grid, 1.0);
            pen.text(&tick.label, Place::new(right + 8.0, y), Anchor::Start, Ink::Muted, self.font);
        }
        pen.text(values, Place::new(left, self.font * 0.6), Anchor::Start, Ink::Muted, self.font);
        let bottom = self.lower_right.y;
        pen.line(&[Place::new(left, bottom), Place::new(right, bottom)], Ink::Rule, 1.0);
        let label_y = bottom + self.font + 2.0;
        pen.text("UTC", Place::new(right + 8.0, label_y), Anchor::Start, Ink::Muted, self.font);
        for tick in axis::time(self.span.from, self.span.to, self.screen.pick(10, 5)) {
            let x = self.x(tick.at);
            let half = tick.label.chars().count() as f64 * self.font * 0.3;
            pen.line(&[Place::new(x, bottom), Place::new(x, bottom + 4.0)], Ink::Rule, 1.0);
            if x - half >= left && x + half <= right {
                pen.text(&tick.label, Place::new(x, label_y), Anchor::Middle, Ink::Muted, self.font);
            }
        }
    }

    fn layer(&self, pen: &Pen<'_>, layer: &Layer<'_>) {
        match layer {
            Layer::Range(thin) => self.range(pen, thin),
            Layer::Last(thin) => {
                let places: Vec<Place> = thin.buckets.iter().map(|bucket| self.place(bucket.last)).collect();
                pen.line(&places, Ink::Price, 1.25);
            }
            Layer::Filled(thin) => self.filled(pen, thin, self.values[0], [Ink::AccentSoft, Ink::Accent]),
            Layer::Lost(thin) => self.filled(pen, thin, 0.0, [Ink::LossSoft, Ink::Loss]),
            Layer::Steps(thin) => self.steps(pen, thin),
            Layer::Rule(value) => {
                let y = self.y(*value);
                let ends = [Place::new(self.upper_left.x, y), Place::new(self.lower_right.x, y)];
                pen.line(&ends, Ink::Rule, 1.0);
            }
            Layer::Marks(thin, pointing) => {
                thin.buckets.iter().for_each(|bucket| self.mark(pen, self.place(bucket.first), *pointing));
            }
        }
    }

    fn range(&self, pen: &Pen<'_>, thin: &Thin) {
        let above = thin.buckets.iter().map(|bucket| Place::new(self.x(bucket.last.ts), self.y(bucket.high.value)));
        let below = thin.buckets.iter().map(|bucket| Place::new(self.x(bucket.last.ts), self.y(bucket.low.value)));
        pen.surface(&above.chain(below.rev()).collect::<Vec<_>>(), Ink::Range);
    }

    fn filled(&self, pen: &Pen<'_>, thin: &Thin, base: f64, inks: [Ink; 2]) {
        let places: Vec<Place> = thin.line().into_iter().map(|point| self.place(point)).collect();
        self.above(pen, &places, base, inks[0]);
        pen.line(&places, inks[1], 1.75);
    }

    fn steps(&self, pen: &Pen<'_>, thin: &Thin) {
        let mut places: Vec<Place> = Vec::new();
        for point in thin.line() {
            let place = self.place(point);
            if let Some(before) = places.last() {
                places.push(Place::new(place.x, before.y));
            }
            places.push(place);
        }
        self.above(pen, &places, 0.0, Ink::AccentSoft);
        pen.line(&places, Ink::Accent, 1.25);
    }

    /// The surface between a line and a value.
    fn above(&self, pen: &Pen<'_>, places: &[Place], base: f64, ink: Ink) {
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
        let y = self.y(base);
        let mut corners = places.to_vec();
        corners.extend([Place::new(last.x, y), Place::new(first.x, y)]);
        pen.surface(&corners, ink);
    }

    fn mark(&self, pen: &Pen<'_>, at: Place, pointing: Pointing) {
        const HALF_WIDTH: f64 = 4.5;
        const HEIGHT: f64 = 8.0;
        let (away, ink) = match pointing {
            Pointing::Up => (HEIGHT, Ink::Accent),
            Pointing::Down => (-HEIGHT, Ink::Loss),
        };
        let base = at.y + away;
        let corners = [at, Place::new(at.x + HALF_WIDTH, base), Place::new(at.x - HALF_WIDTH, base)];
        pen.surface(&corners, ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(layers: Vec<Layer<'_>>) -> String {
        let span = Span { from: 0, to: 1_000_000_000 };
        TimeChart { label: "x", values: "USD", span, height: [200.0, 100.0], marks: 4, layers }.draw()
    }

    #[test]
    fn both_screens_are_drawn_and_bounded() {
        let mut thin = Thin::new(1_500);
        (0..1_000_000).for_each(|ts| thin.push(ts * 1_000, f64::from(ts as i32 % 977)));
        let drawn = chart(vec![Layer::Range(&thin), Layer::Last(&thin), Layer::Marks(&thin, Pointing::Up)]);
        assert_eq!(drawn.matches("<svg").count(), 2);
        assert!(drawn.matches("<polygon class=\"f-accent\"").count() <= 420);
        assert!(drawn.len() < 120_000, "{}", drawn.len());
    }

    #[test]
    fn a_flat_or_single_value_has_a_plot() {
        let mut thin = Thin::new(10);
        thin.push(5, 3.0);
        assert!(chart(vec![Layer::Filled(&thin)]).contains("svg"));
        thin.push(500_000_000, 3.0);
        assert!(chart(vec![Layer::Filled(&thin)]).contains("s-accent"));
        assert!(chart(vec![]).contains("svg"));
    }

    #[test]
    fn a_step_holds_its_value() {
        let mut thin = Thin::new(10);
        [(0, 0.0), (500_000_000, 1.0), (1_000_000_000, 1.0)].map(|(ts, value)| thin.push(ts, value));
        let drawn = chart(vec![Layer::Steps(&thin)]);
        let line = drawn.split("<polyline class=\"s-accent\"").nth(1).and_then(|rest| rest.split('"').nth(3));
        let places: Vec<&str> = line.expect("there is a line").split(' ').collect();
        let xs: Vec<&str> = places.iter().filter_map(|place| place.split(',').next()).collect();
        assert_eq!(places.len(), 4, "{places:?}");
        assert_eq!(xs[1], xs[2], "the change is vertical: {places:?}");
    }
}
