//! Where instants and values stand on a drawing, and how a series is drawn there.

use super::axis;
use super::canvas::{Anchor, Ink, Pen, Place, Screen};
use super::thin::{Point, Thin};
use super::timechart::{Pointing, Span, Style};

/// About how wide a character is, in heights of the font.
const CHAR_WIDTH: f64 = 0.58;

/// Where values and instants stand on a drawing.
pub(super) struct Plot {
    upper_left: Place,
    lower_right: Place,
    span: Span,
    values: [f64; 2],
    value_ticks: Vec<axis::Tick<f64>>,
    font: f64,
    mark: Mark,
}

/// How large a fill's mark is.
struct Mark {
    half_width: f64,
    height: f64,
}

impl Plot {
    /// A plot of this height, for these instants and values, of which about `marks` are marked.
    pub fn new(screen: Screen, height: f64, span: Span, values: [f64; 2], marks: usize) -> Self {
        assert!(span.from < span.to && values[0] < values[1], "a plot has an extent");
        let value_ticks = axis::linear(values[0], values[1], marks);
        let font = screen.pick(12.0, 13.0);
        let longest = value_ticks.iter().map(|tick| tick.label.chars().count()).max().unwrap_or(0);
        let gutter = (longest as f64 * font * CHAR_WIDTH + 10.0).max(screen.pick(72.0, 74.0));
        Self {
            upper_left: Place::new(1.0, font + 10.0),
            lower_right: Place::new(screen.width() - gutter, height - font - 12.0),
            span,
            values,
            value_ticks,
            font,
            mark: screen.pick(Mark { half_width: 4.5, height: 8.0 }, Mark { half_width: 3.25, height: 6.0 }),
        }
    }

    /// Where an instant stands.
    pub fn x(&self, ts: i64) -> f64 {
        let share = (ts as f64 - self.span.from as f64) / (self.span.to as f64 - self.span.from as f64);
        self.upper_left.x + share.clamp(0.0, 1.0) * (self.lower_right.x - self.upper_left.x)
    }

    /// Where a value stands.
    pub fn y(&self, value: f64) -> f64 {
        let share = (value - self.values[0]) / (self.values[1] - self.values[0]);
        self.lower_right.y - share.clamp(0.0, 1.0) * (self.lower_right.y - self.upper_left.y)
    }

    fn place(&self, point: Point) -> Place {
        Place::new(self.x(point.ts), self.y(point.value))
    }

    /// The left and right edge.
    pub fn edges(&self) -> [f64; 2] {
        [self.upper_left.x, self.lower_right.x]
    }

    /// The lower edge.
    pub fn bottom(&self) -> f64 {
        self.lower_right.y
    }

    /// Height of the labels.
    pub fn font(&self) -> f64 {
        self.font
    }

    /// The grid and what its lines mean.
    pub fn axes(&self, pen: &Pen<'_>, values: &str) {
        self.value_axis(pen, values);
        self.time_axis(pen, self.bottom());
    }

    /// The lines of values.
    pub fn value_axis(&self, pen: &Pen<'_>, values: &str) {
        let [left, right] = self.edges();
        for tick in &self.value_ticks {
            let y = self.y(tick.at);
            pen.line(&[Place::new(left, y), Place::new(right, y)], Ink::Grid, 1.0);
            pen.text(&tick.label, Place::new(right + 8.0, y), Anchor::Start, Ink::Muted, self.font);
        }
        pen.text(values, Place::new(left, self.font * 0.6), Anchor::Start, Ink::Muted, self.font);
    }

    /// The line of time at this height.
    pub fn time_axis(&self, pen: &Pen<'_>, bottom: f64) {
        let [left, right] = self.edges();
        pen.line(&[Place::new(left, bottom), Place::new(right, bottom)], Ink::Rule, 1.0);
        let label_y = bottom + self.font + 2.0;
        pen.text("UTC", Place::new(right + 8.0, label_y), Anchor::Start, Ink::Muted, self.font);
        let chars_max = ((right - left) / (self.font * CHAR_WIDTH)) as usize;
        for tick in axis::time(self.span.from, self.span.to, chars_max) {
            let x = self.x(tick.at);
            let half = tick.label.chars().count() as f64 * self.font * CHAR_WIDTH / 2.0;
            pen.line(&[Place::new(x, bottom), Place::new(x, bottom + 4.0)], Ink::Rule, 1.0);
            if x - half >= left && x + half <= right {
                pen.text(&tick.label, Place::new(x, label_y), Anchor::Middle, Ink::Muted, self.font);
            }
        }
    }

    /// A horizontal line.
    pub fn rule(&self, pen: &Pen<'_>, value: f64) {
        let y = self.y(value);
        pen.line(&[Place::new(self.upper_left.x, y), Place::new(self.lower_right.x, y)], Ink::Rule, 1.0);
    }

    /// A series.
    pub fn series(&self, pen: &Pen<'_>, thin: &Thin, style: Style) {
        match style {
            Style::Range => self.range(pen, thin),
            Style::Last => {
                let places: Vec<Place> = thin.buckets.iter().map(|bucket| self.place(bucket.last)).collect();
                pen.line(&places, Ink::Price, 1.25);
            }
            Style::Filled => self.filled(pen, thin, self.values[0], [Ink::AccentSoft, Ink::Accent]),
            Style::Lost => self.filled(pen, thin, 0.0, [Ink::LossSoft, Ink::Loss]),
            Style::Steps => self.steps(pen, thin),
            Style::Marks(pointing) => {
                thin.buckets.iter().for_each(|bucket| self.mark(pen, self.place(bucket.first), pointing));
            }
        }
    }

    fn range(&self, pen: &Pen<'_>, thin: &Thin) {
        let above =
            thin.buckets.iter().map(|bucket| Place::new(self.x(bucket.last.ts), self.y(bucket.high.value)));
        let below =
            thin.buckets.iter().map(|bucket| Place::new(self.x(bucket.last.ts), self.y(bucket.low.value)));
        pen.surface(&above.chain(below.rev()).collect::<Vec<_>>(), Ink::Range);
    }

    fn filled(&self, pen: &Pen<'_>, thin: &Thin, base: f64, inks: [Ink; 2]) {
        let places: Vec<Place> = thin.line().into_iter().map(|point| self.place(point)).collect();
        self.above(pen, &places, base, inks[0]);
        pen.line(&places, inks[1], 1.75);
    }

    fn steps(&self, pen: &Pen<'_>, thin: &Thin) {
        let mut places = vec![Place::new(self.upper_left.x, self.y(0.0))];
        for point in thin.line() {
            let place = self.place(point);
            let before = places[places.len() - 1];
            places.extend([Place::new(place.x, before.y), place]);
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
        let Mark { half_width, height } = self.mark;
        let (away, ink) = match pointing {
            Pointing::Up => (height, Ink::Accent),
            Pointing::Down => (-height, Ink::Loss),
        };
        let base = at.y + away;
        let corners = [at, Place::new(at.x + half_width, base), Place::new(at.x - half_width, base)];
        pen.surface(&corners, ink);
    }
}
