//! The chart of agents over price: the price with a mark where something was decided, and below it, on the same axis of
//! time, a lane for all agents together and one for each.
//!
//! A lane shows p(long) − p(short): above its line an agent is for long, below for short, and the higher the surer.
//! All lanes have one scale. Where decisions are too many for the screen, a bar is the mean of its neighbours.

use super::axis;
use super::canvas::{Anchor, Ink, Pen, Place, Screen, svg};
use super::decisions::{DrawnSymbol, Fate};
use super::market::Prices;
use super::plot::Plot;
use super::thin::Thin;
use super::timechart::{Span, Style};
use crate::format;
use model::{Action, Agent};

/// A chart of one symbol.
pub(super) struct LaneChart<'a> {
    /// What it shows, in a sentence, for who cannot see it.
    pub label: &'a str,
    /// What the prices are, with their unit.
    pub values: &'a str,
    pub span: Span,
    pub prices: Option<&'a Prices>,
    pub symbol: &'a DrawnSymbol,
}

/// The lanes from top to bottom: all agents, the strategic ones, the tactical ones; by their place in the data.
const ORDER: [usize; 7] = [6, 0, 1, 2, 3, 4, 5];
/// Lanes before which there is a gap.
const GROUP_STARTS: [usize; 2] = [1, 4];

/// Heights, in shown units.
struct Sizes {
    price: f64,
    lane: f64,
    gap: f64,
}

const WIDE: Sizes = Sizes { price: 250.0, lane: 26.0, gap: 8.0 };
const NARROW: Sizes = Sizes { price: 210.0, lane: 24.0, gap: 7.0 };

impl LaneChart<'_> {
    /// The chart for both screens.
    pub fn draw(&self) -> String {
        Screen::ALL.map(|screen| self.draw_on(screen)).concat()
    }

    fn draw_on(&self, screen: Screen) -> String {
        let sizes = screen.pick(WIDE, NARROW);
        let prices = self.prices.map(|prices| prices.bars.at_most(screen.pick(750, 300)));
        let range = prices.as_ref().map_or([0.0, 1.0], price_range);
        let plot = Plot::new(screen, sizes.price, self.span, range, 5);
        let top = plot.bottom() + plot.font() * 2.0 + 8.0;
        let height = sizes.lane * ORDER.len() as f64 + sizes.gap * GROUP_STARTS.len() as f64;
        let bottom = top + height;
        svg(screen, bottom + plot.font() + 12.0, self.label, |pen| {
            self.grid(pen, &plot, [top, bottom]);
            if let Some(prices) = &prices {
                plot.value_axis(pen, self.values);
                plot.series(pen, prices, Style::Range);
                plot.series(pen, prices, Style::Last);
                self.marks(pen, &plot, prices, screen);
            }
            self.lanes(pen, &plot, &sizes, top, screen);
            plot.time_axis(pen, bottom);
        })
    }

    /// Lines of time through all lanes, so that the eye finds its way up.
    fn grid(&self, pen: &Pen<'_>, plot: &Plot, [top, bottom]: [f64; 2]) {
        let [left, right] = plot.edges();
        let chars_max = ((right - left) / (plot.font() * 0.58)) as usize;
        for tick in axis::time(self.span.from, self.span.to, chars_max) {
            let x = plot.x(tick.at);
            pen.line(&[Place::new(x, top), Place::new(x, bottom)], Ink::Grid, 1.0);
        }
    }

    fn lanes(&self, pen: &Pen<'_>, plot: &Plot, sizes: &Sizes, top: f64, screen: Screen) {
        let series = self.symbol.lanes.each_ref().map(|lane| lane.at_most(screen.pick(300, 100)));
        let scale = scale(&series);
        let [left, right] = plot.edges();
        let title = format!("Long minus short, ±{} a lane", format::float(scale, 2));
        pen.text(&title, Place::new(left, top - plot.font() * 0.75), Anchor::Start, Ink::Muted, plot.font());
        let mut middle = top - sizes.lane / 2.0;
        for (nth, at) in ORDER.into_iter().enumerate() {
            middle += sizes.lane + if GROUP_STARTS.contains(&nth) { sizes.gap } else { 0.0 };
            let agent = Agent::ALL.get(at);
            pen.line(&[Place::new(left, middle), Place::new(right, middle)], Ink::Rule, 0.75);
            let lane = Lane { plot, middle, reach: sizes.lane * 0.44, scale };
            let inks =
                if agent == Some(&Agent::Entry) { [Ink::LaneQuiet; 2] } else { [Ink::LaneUp, Ink::LaneDown] };
            lane.draw(pen, &series[at], inks);
            let (name, ink) = agent.map_or(("all", Ink::Text), |agent| (agent.name(), Ink::Muted));
            pen.text(name, Place::new(right + 8.0, middle), Anchor::Start, ink, plot.font());
        }
    }

    fn marks(&self, pen: &Pen<'_>, plot: &Plot, prices: &Thin, screen: Screen) {
        let mut marks: Vec<_> = self.symbol.marks.iter().collect();
        marks.sort_by_key(|((_, fate), _)| *fate);
        for ((action, fate), series) in marks {
            let buckets_max = match fate {
                Fate::Timeout => screen.pick(12, 5),
                Fate::Hold | Fate::Refused => screen.pick(25, 9),
                Fate::Approved => screen.pick(60, 20),
            };
            for bucket in series.at_most(buckets_max).buckets {
                let ts = bucket.first.ts;
                if let Some(price) = price_at(prices, ts) {
                    let at = Place::new(plot.x(ts), plot.y(price));
                    mark(pen, at, Action::ALL[*action], *fate, screen.pick(4.5, 3.25));
                }
            }
        }
    }
}

/// What a lane reaches to: the largest bar, rounded up.
fn scale(lanes: &[Thin]) -> f64 {
    const STEPS: [f64; 7] = [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0];
    let buckets = lanes.iter().flat_map(|lane| &lane.buckets);
    let largest = buckets.map(|bucket| bucket.mean().abs()).fold(0.0, f64::max);
    STEPS.into_iter().find(|step| largest <= *step).unwrap_or(1.0)
}

/// Lowest and highest price, with room for marks.
fn price_range(prices: &Thin) -> [f64; 2] {
    let low = prices.buckets.iter().map(|bucket| bucket.low.value).fold(f64::INFINITY, f64::min);
    let high = prices.buckets.iter().map(|bucket| bucket.high.value).fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return [0.0, 1.0];
    }
    let room = if high > low { (high - low) * 0.09 } else { high.abs().max(1.0) * 0.01 };
    [low - room, high + room]
}

/// The price on the drawn line at an instant; its end beyond the ends.
fn price_at(prices: &Thin, ts: i64) -> Option<f64> {
    let after = prices.buckets.partition_point(|bucket| bucket.last.ts < ts);
    let earlier = after.checked_sub(1).map(|before| prices.buckets[before].last);
    match (earlier, prices.buckets.get(after).map(|bucket| bucket.last)) {
        (Some(before), Some(after)) => {
            let share = (ts - before.ts) as f64 / (after.ts - before.ts) as f64;
            Some(before.value + share * (after.value - before.value))
        }
        (one, other) => one.or(other).map(|point| point.value),
    }
}

/// Where a lane stands.
struct Lane<'a> {
    plot: &'a Plot,
    middle: f64,
    /// From the middle to the largest value.
    reach: f64,
    /// The largest value.
    scale: f64,
}

impl Lane<'_> {
    fn draw(&self, pen: &Pen<'_>, series: &Thin, inks: [Ink; 2]) {
        let [left, right] = self.plot.edges();
        let room = (right - left) / series.buckets.len().max(1) as f64;
        let half_width = (room * 0.4).clamp(0.5, 2.5);
        for (sign, ink) in [(1.0, inks[0]), (-1.0, inks[1])] {
            self.bars(pen, series, half_width, sign, ink);
        }
    }

    /// All bars of one sign as one surface that runs along the middle: half the bytes of single bars.
    fn bars(&self, pen: &Pen<'_>, series: &Thin, half_width: f64, sign: f64, ink: Ink) {
        let mut corners = Vec::new();
        for bucket in &series.buckets {
            let size = bucket.mean() * sign;
            if size < f64::EPSILON {
                continue;
            }
            let x = self.plot.x(bucket.first.ts / 2 + bucket.last.ts / 2);
            // However little it is, it can be seen.
            let length = (size / self.scale * self.reach).clamp(0.75, self.reach) * sign;
            let (left, right, end) = (x - half_width, x + half_width, self.middle - length);
            corners.extend([
                Place::new(left, self.middle),
                Place::new(left, end),
                Place::new(right, end),
                Place::new(right, self.middle),
            ]);
        }
        pen.surface(&corners, ink);
    }
}

/// A mark: up below the price for long, down above it for short, a diamond on it for flat. It is full where an order
/// went out and open where nothing came of it; a cross was refused, and a square had an answer missing.
fn mark(pen: &Pen<'_>, at: Place, action: Action, fate: Fate, half: f64) {
    let (ink, away) = match action {
        Action::Long => (Ink::Accent, 1.0),
        Action::Short => (Ink::Loss, -1.0),
        Action::Flat => (Ink::Text, 0.0),
    };
    let height = half * 1.8;
    let shape = if away == 0.0 {
        corners(at, [[0.0, -half], [half, 0.0], [0.0, half], [-half, 0.0]])
    } else {
        corners(at, [[0.0, 0.0], [half, away * height], [-half, away * height], [0.0, 0.0]])
    };
    let centre = Place::new(at.x, at.y + away * height * 0.9);
    match fate {
        Fate::Approved => pen.surface(&shape, ink),
        Fate::Hold => outline(pen, &shape, ink),
        Fate::Refused => {
            let r = half * 0.85;
            for side in [1.0, -1.0] {
                pen.line(&corners(centre, [[-r, -r * side], [r, r * side]]), ink, 1.75);
            }
        }
        Fate::Timeout => {
            let r = half * 0.75;
            outline(pen, &corners(centre, [[-r, -r], [r, -r], [r, r], [-r, r]]), ink);
        }
    }
}

fn corners<const N: usize>(at: Place, offsets: [[f64; 2]; N]) -> Vec<Place> {
    offsets.map(|[x, y]| Place::new(at.x + x, at.y + y)).to_vec()
}

fn outline(pen: &Pen<'_>, shape: &[Place], ink: Ink) {
    let closed: Vec<Place> = shape.iter().copied().chain(shape.first().copied()).collect();
    pen.line(&closed, ink, 1.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_on_the_drawn_line() {
        let mut prices = Thin::new(10);
        for (ts, price) in [(100, 10.0), (200, 20.0), (300, 0.0)] {
            prices.push(ts, price);
        }
        for (ts, expected) in [(0, 10.0), (100, 10.0), (150, 15.0), (200, 20.0), (250, 10.0), (400, 0.0)] {
            assert_eq!(price_at(&prices, ts), Some(expected), "at {ts}");
        }
        assert_eq!(price_at(&Thin::new(10), 5), None);
    }
}
