//! Drawing: `plotters`' SVG backend with named inks, turned into SVG that a page can colour.
//!
//! Why: `plotters` writes fixed colours and whole pixels. Here a colour is only the number of an [`Ink`], which
//! becomes a class that the style sheet colours for light and dark; and the drawing is made four times as large
//! as it is shown, so that lines are fine. What has no meaning in the page (fonts, opacities, the namespace) goes.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle};

/// Drawn units in one shown unit.
const SCALE: f64 = 4.0;
/// `plotters` divides font sizes by this.
const FONT_RATIO: f64 = 1.24;
const NEVER_FAILS: &str = "drawing into a string cannot fail";

/// What a mark is for; the style sheet says how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Lines behind the data.
    Grid,
    /// The line of zero, or of the start.
    Rule,
    /// Labels that are read.
    Text,
    /// Labels beside the data.
    Muted,
    /// Prices.
    Price,
    /// Between low and high.
    Range,
    /// The accent.
    Accent,
    /// A surface in the accent.
    AccentSoft,
    /// What sells or loses.
    Loss,
    /// A surface of what loses.
    LossSoft,
    /// Bars: the shortest of three.
    BarFirst,
    /// The middle one.
    BarSecond,
    /// The longest.
    BarThird,
    /// A lane's surface above zero.
    LaneUp,
    /// A lane's surface below zero.
    LaneDown,
    /// A lane's surface that has no direction.
    LaneQuiet,
}

impl Ink {
    const ALL: [Self; 16] = [
        Self::Grid,
        Self::Rule,
        Self::Text,
        Self::Muted,
        Self::Price,
        Self::Range,
        Self::Accent,
        Self::AccentSoft,
        Self::Loss,
        Self::LossSoft,
        Self::BarFirst,
        Self::BarSecond,
        Self::BarThird,
        Self::LaneUp,
        Self::LaneDown,
        Self::LaneQuiet,
    ];

    /// The end of its class: `s-NAME` colours strokes, `f-NAME` surfaces and text.
    const fn name(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Rule => "rule",
            Self::Text => "text",
            Self::Muted => "muted",
            Self::Price => "price",
            Self::Range => "range",
            Self::Accent => "accent",
            Self::AccentSoft => "accent-soft",
            Self::Loss => "loss",
            Self::LossSoft => "loss-soft",
            Self::BarFirst => "bar1",
            Self::BarSecond => "bar2",
            Self::BarThird => "bar3",
            Self::LaneUp => "lane-up",
            Self::LaneDown => "lane-down",
            Self::LaneQuiet => "lane-quiet",
        }
    }

    const fn color(self) -> RGBColor {
        RGBColor(0, 0, self as u8)
    }
}

/// Where a text stands to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// It begins there.
    Start,
    /// It is centred.
    Middle,
    /// It ends there.
    End,
}

/// For which screens a drawing is made. Each chart is drawn for both; the style sheet shows one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Screen {
    /// A desk.
    Wide,
    /// A phone.
    Narrow,
}

impl Screen {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Wide, Self::Narrow];

    /// Width of a drawing, in shown units.
    pub const fn width(self) -> f64 {
        match self {
            Self::Wide => 1040.0,
            Self::Narrow => 420.0,
        }
    }

    /// The one or the other.
    pub fn pick<T>(self, wide: T, narrow: T) -> T {
        match self {
            Self::Wide => wide,
            Self::Narrow => narrow,
        }
    }
}

/// A place in shown units, from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    pub x: f64,
    pub y: f64,
}

impl Place {
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    fn drawn(self) -> (i32, i32) {
        ((self.x * SCALE).round() as i32, (self.y * SCALE).round() as i32)
    }
}

/// What draws.
pub(super) struct Pen<'a>(DrawingArea<SVGBackend<'a>, Shift>);

/// An SVG element of this height, drawn by `draw`; `label` tells what it shows to who cannot see it.
pub(super) fn svg(screen: Screen, height: f64, label: &str, draw: impl FnOnce(&Pen<'_>)) -> String {
    let mut text = String::new();
    let (width_drawn, height_drawn) = Place::new(screen.width(), height).drawn();
    let size = (width_drawn.unsigned_abs(), height_drawn.unsigned_abs());
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&Pen(area.clone()));
        area.present().expect(NEVER_FAILS);
    }
    let head = format!(
        "<svg class=\"{}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">",
        screen.pick("wide", "narrow"),
        size.0,
        size.1,
        crate::format::escape(label)
    );
    let body = text.split_once('>').map_or("", |(_, body)| body);
    head + &restyle(body)
}

impl Pen<'_> {
    /// A line through the places.
    pub fn line(&self, places: &[Place], ink: Ink, width: f64) {
        let points = distinct(places);
        if points.len() < 2 {
            return;
        }
        let style = ShapeStyle::from(&ink.color()).stroke_width((width * SCALE).round() as u32);
        self.0.draw(&PathElement::new(points, style)).expect(NEVER_FAILS);
    }

    /// A filled surface with these corners.
    pub fn surface(&self, places: &[Place], ink: Ink) {
        let points = distinct(places);
        if points.len() < 3 {
            return;
        }
        self.0.draw(&Polygon::new(points, ink.color().filled())).expect(NEVER_FAILS);
    }

    /// A filled rectangle.
    pub fn bar(&self, upper_left: Place, lower_right: Place, ink: Ink) {
        let corners = [upper_left.drawn(), lower_right.drawn()];
        self.0.draw(&Rectangle::new(corners, ink.color().filled())).expect(NEVER_FAILS);
    }

    /// A line of text, vertically centred.
    pub fn text(&self, text: &str, at: Place, anchor: Anchor, ink: Ink, size: f64) {
        let horizontal = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let font = FontDesc::new(FontFamily::SansSerif, size * SCALE * FONT_RATIO, FontStyle::Normal);
        let style = font.color(&ink.color()).pos(Pos::new(horizontal, VPos::Center));
        self.0.draw_text(text, &style, at.drawn()).expect(NEVER_FAILS);
    }
}

/// Places as drawn, without repetition.
fn distinct(places: &[Place]) -> Vec<(i32, i32)> {
    let mut points: Vec<(i32, i32)> = places.iter().map(|place| place.drawn()).collect();
    points.dedup();
    points
}

/// The backend's SVG with classes for colours and without what the page decides.
fn restyle(svg: &str) -> String {
    let mut text = svg.replace('\n', "");
    for ink in Ink::ALL {
        let RGBColor(red, green, blue) = ink.color();
        let color = format!("#{red:02X}{green:02X}{blue:02X}");
        text = text.replace(&format!("stroke=\"{color}\""), &format!("class=\"s-{}\"", ink.name()));
        text = text.replace(&format!("fill=\"{color}\""), &format!("class=\"f-{}\"", ink.name()));
    }
    for gone in [" opacity=\"1\"", " stroke=\"none\"", " fill=\"none\"", " font-family=\"sans-serif\""] {
        text = text.replace(gone, "");
    }
    text.replace(" \"", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_classes_and_nothing_points_outside() {
        let drawn = svg(Screen::Wide, 100.0, "a \"label\"", |pen| {
            for ink in Ink::ALL {
                pen.line(&[Place::new(0.0, 0.0), Place::new(10.0, 10.25)], ink, 1.5);
                pen.surface(&[Place::new(0.0, 0.0), Place::new(9.0, 0.0), Place::new(9.0, 9.0)], ink);
                pen.text("<\"fill=\"#000001\">", Place::new(5.0, 5.0), Anchor::End, ink, 12.0);
            }
        });
        assert!(drawn.starts_with("<svg class=\"wide\" viewBox=\"0 0 4160 400\" role=\"img\""), "{drawn}");
        assert!(drawn.contains("aria-label=\"a &quot;label&quot;\""));
        assert!(
            drawn.contains("<polyline class=\"s-accent\" stroke-width=\"6\" points=\"0,0 40,41\"/>"),
            "{drawn}"
        );
        assert!(drawn.contains("&lt;&quot;fill=&quot;#000001&quot;&gt;"), "{drawn}");
        for absent in ["http", "font-family", "opacity", "stroke=\"", " fill=\"", "<\"", "</svg></svg>"] {
            assert!(!drawn.contains(absent), "{absent} in {drawn}");
        }
        assert!(drawn.ends_with("</svg>"));
    }

    #[test]
    fn what_has_no_extent_is_not_drawn() {
        let at = Place::new(1.0, 1.0);
        let drawn = svg(Screen::Narrow, 10.0, "", |pen| {
            pen.line(&[at, at, at], Ink::Price, 1.0);
            pen.surface(&[at, at, Place::new(2.0, 2.0)], Ink::Range);
        });
        assert!(!drawn.contains("poly"), "{drawn}");
    }
}
