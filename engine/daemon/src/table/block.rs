//! Blocks of labelled figures, and two of them side by side.
//!
//! Not here: what the figures say.

use super::Colour;

/// What a text wants to say by its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// A heading.
    Title,
    /// Nothing.
    Plain,
    /// A gain.
    Good,
    /// A loss, a refusal.
    Bad,
    /// Less important.
    Faint,
}

/// Paints a text; its width does not change.
pub(super) fn paint(text: &str, tone: Tone, colour: Colour) -> String {
    let code = match (colour, tone) {
        (Colour::Off, _) | (_, Tone::Plain) => return text.to_owned(),
        (_, Tone::Title) => "1",
        (_, Tone::Good) => "32",
        (_, Tone::Bad) => "31",
        (_, Tone::Faint) => "2",
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

struct Line {
    label: String,
    value: String,
    tone: Tone,
}

/// A title with figures below it, labels to the left, values to the right.
pub(super) struct Block {
    title: String,
    lines: Vec<Line>,
}

impl Block {
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), lines: Vec::new() }
    }

    pub(super) fn line(&mut self, label: &str, value: String, tone: Tone) {
        self.lines.push(Line { label: label.to_owned(), value, tone });
    }

    /// Width of every line and of the title.
    fn width(&self) -> usize {
        let (labels, values) = self.widths();
        (2 + labels + 2 + values).max(width(&self.title))
    }

    fn widths(&self) -> (usize, usize) {
        let most = |text: &dyn Fn(&Line) -> usize| self.lines.iter().map(text).max().unwrap_or(0);
        (most(&|line| width(&line.label)), most(&|line| width(&line.value)))
    }

    /// Lines of equal width, painted.
    fn render(&self, colour: Colour) -> Vec<String> {
        let (labels, values) = self.widths();
        let all = self.width();
        let title =
            format!("{}{}", paint(&self.title, Tone::Title, colour), " ".repeat(all - width(&self.title)));
        let line = |line: &Line| {
            let label = format!("  {}{}", line.label, " ".repeat(labels - width(&line.label)));
            let gap = " ".repeat(all - 2 - labels - values + values - width(&line.value));
            format!("{label}{gap}{}", paint(&line.value, line.tone, colour))
        };
        std::iter::once(title).chain(self.lines.iter().map(line)).collect()
    }
}

/// Two blocks, the shorter one padded.
pub(super) fn side_by_side(left: &Block, right: &Block, colour: Colour) -> String {
    let empty = " ".repeat(left.width());
    let (left, right) = (left.render(colour), right.render(colour));
    let mut out = String::new();
    for i in 0..left.len().max(right.len()) {
        let line = format!("{}   {}", left.get(i).unwrap_or(&empty), right.get(i).map_or("", String::as_str));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn width(text: &str) -> usize {
    text.chars().count()
}
