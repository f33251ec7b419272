//! Horizontal bars with a name at the left and their figures at the right, as a table that can be seen.

use super::axis;
use super::canvas::{Anchor, Ink, Pen, Place, Screen, svg};
use crate::format;

/// How a value becomes a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Counts, from zero.
    Linear,
    /// Nanoseconds, by their logarithm.
    LogNanos,
}

/// A line of the chart.
pub(super) struct BarRow {
    /// What it is about.
    pub name: String,
    /// Its values, ascending: the bars lie over each other, the shortest in front.
    pub values: Vec<f64>,
}

/// A chart of bars.
pub(super) struct BarChart<'a> {
    /// What it shows, in a sentence, for who cannot see it.
    pub label: &'a str,
    /// Names of the values, one for each value of a row.
    pub headings: &'a [&'a str],
    /// How long a bar is.
    pub measure: Measure,
    /// From top to bottom.
    pub rows: Vec<BarRow>,
}

/// Inks of the bars, the shortest first.
const INKS: [Ink; 3] = [Ink::BarFirst, Ink::BarSecond, Ink::BarThird];
/// Characters of a name.
const NAME_CHARS_MAX: usize = 34;

impl BarChart<'_> {
    /// The chart for both screens.
    pub fn draw(&self) -> String {
        assert!(!self.rows.is_empty(), "a chart without rows is said in words");
        let fits = |row: &BarRow| row.values.len() == self.headings.len() && row.values.len() <= INKS.len();
        assert!(self.rows.iter().all(fits), "a row has a value for each heading");
        Screen::ALL.map(|screen| self.draw_on(screen)).concat()
    }

    fn draw_on(&self, screen: Screen) -> String {
        let frame = Frame::new(screen, self.headings.len(), self.rows.len(), self.exponents());
        svg(screen, frame.height, self.label, |pen| {
            self.axis(pen, &frame);
            for (nth, row) in self.rows.iter().enumerate() {
                self.row(pen, &frame, nth, row);
            }
        })
    }

    /// The ends of the axis: exponents of ten, or zero and the largest value.
    fn exponents(&self) -> [f64; 2] {
        let values = self.rows.iter().flat_map(|row| &row.values);
        let high = values.clone().copied().fold(1.0, f64::max);
        match self.measure {
            Measure::Linear => [0.0, high],
            Measure::LogNanos => {
                let low = values.copied().fold(high, f64::min).max(1.0);
                let low = (low * 0.6).log10().floor().max(0.0);
                [low, high.log10().ceil().max(low + 1.0)]
            }
        }
    }

    fn position(&self, value: f64) -> f64 {
        match self.measure {
            Measure::Linear => value,
            Measure::LogNanos => value.max(1.0).log10(),
        }
    }

    fn figure(&self, value: f64) -> String {
        match self.measure {
            Measure::Linear => format::float(value, 0),
            Measure::LogNanos => format::nanos(value),
        }
    }

    fn axis(&self, pen: &Pen<'_>, frame: &Frame) {
        for (column, heading) in self.headings.iter().enumerate() {
            let at = Place::new(frame.figure_x(column), frame.head * 0.5);
            pen.text(heading, at, Anchor::End, Ink::Muted, frame.font);
        }
        let Measure::LogNanos = self.measure else { return };
        let [low, high] = frame.ends;
        let stride = ((high - low) / frame.screen.pick(8.0, 4.0)).ceil().max(1.0) as usize;
        for tick in axis::decades_ns(low as i32, high as i32).into_iter().step_by(stride) {
            let x = frame.x(tick.at);
            // On a phone figures stand above the bars, where a line would run through them.
            let top = frame.screen.pick(frame.head, frame.height - frame.foot - 4.0);
            let ends = [Place::new(x, top), Place::new(x, frame.height - frame.foot)];
            pen.line(&ends, Ink::Grid, 1.0);
            let at_edge = x + 20.0 > frame.screen.width();
            let anchor = match at_edge {
                _ if tick.at <= low => Anchor::Start,
                true => Anchor::End,
                false => Anchor::Middle,
            };
            let at = Place::new(x, frame.height - frame.foot * 0.4);
            pen.text(&tick.label, at, anchor, Ink::Muted, frame.font);
        }
    }

    fn row(&self, pen: &Pen<'_>, frame: &Frame, nth: usize, row: &BarRow) {
        let place = frame.row(nth);
        let name = format::clip(&row.name, NAME_CHARS_MAX);
        pen.text(&name, Place::new(0.0, place.name_y), Anchor::Start, Ink::Text, frame.font);
        // A bar alone is drawn quietly.
        let inks = if row.values.len() == 1 { &INKS[1..] } else { &INKS };
        for (value, ink) in row.values.iter().zip(inks).rev() {
            let x = frame.x(self.position(*value)).max(frame.left + 1.0);
            pen.bar(Place::new(frame.left, place.top), Place::new(x, place.bottom), *ink);
        }
        for (column, value) in row.values.iter().enumerate() {
            let at = Place::new(frame.figure_x(column), place.name_y);
            pen.text(&self.figure(*value), at, Anchor::End, Ink::Text, frame.font);
        }
    }
}

/// Where things stand.
struct Frame {
    screen: Screen,
    font: f64,
    /// Ends of the axis.
    ends: [f64; 2],
    left: f64,
    right: f64,
    columns: usize,
    column_width: f64,
    head: f64,
    foot: f64,
    row_height: f64,
    height: f64,
}

/// Where a row stands.
struct RowPlace {
    name_y: f64,
    top: f64,
    bottom: f64,
}

impl Frame {
    fn new(screen: Screen, columns: usize, rows: usize, ends: [f64; 2]) -> Self {
        let column_width = screen.pick(76.0, 70.0);
        let (left, right) = screen
            .pick((220.0, screen.width() - column_width * columns as f64 - 8.0), (0.0, screen.width() - 1.0));
        let (head, foot, row_height) = (22.0, 24.0, screen.pick(26.0, 40.0));
        let height = head + row_height * rows as f64 + foot;
        let font = screen.pick(12.5, 13.0);
        Self { screen, font, ends, left, right, columns, column_width, head, foot, row_height, height }
    }

    fn x(&self, position: f64) -> f64 {
        let [low, high] = self.ends;
        let share = (position - low) / (high - low);
        self.left + share.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// The right edge of a column of figures.
    fn figure_x(&self, column: usize) -> f64 {
        self.screen.width() - 1.0 - (self.columns - 1 - column) as f64 * self.column_width
    }

    fn row(&self, nth: usize) -> RowPlace {
        let top = self.head + self.row_height * nth as f64;
        match self.screen {
            Screen::Wide => {
                RowPlace { name_y: top + self.row_height / 2.0, top: top + 7.0, bottom: top + 19.0 }
            }
            Screen::Narrow => RowPlace { name_y: top + 11.0, top: top + 22.0, bottom: top + 32.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(measure: Measure, values: &[f64], expected: &[&str]) {
        let rows = vec![BarRow { name: "n".repeat(50), values: values.to_vec() }];
        let chart = BarChart { label: "x", headings: &["a", "b", "c"][..values.len()], measure, rows };
        let drawn = chart.draw();
        assert_eq!(drawn.matches("<svg").count(), 2);
        assert_eq!(drawn.matches("<rect").count(), 2 * values.len());
        assert!(!drawn.contains(&"n".repeat(40)), "names are cut");
        for text in expected {
            assert!(drawn.contains(&format!(">{text}</text>")), "{text} is not in {drawn}");
        }
    }

    #[test]
    fn bars_show_their_figures() {
        check(Measure::LogNanos, &[84.0, 1_250.0, 5e9], &["84 ns", "1.2 µs", "5 s"]);
        check(Measure::LogNanos, &[0.0, 0.0, 0.0], &["0 ns"]);
        check(Measure::Linear, &[1_234.0], &["1,234"]);
        check(Measure::Linear, &[0.0], &["0"]);
    }
}
