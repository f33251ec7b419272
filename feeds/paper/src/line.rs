//! The lines of the protocol: one request or answer each, words parted by blanks.
//!
//! | the engine says | the venue answers |
//! | --- | --- |
//! | `open {…}`: the terms, as JSON | `opened N`: how many orders its record has |
//! | `tick EVENT` | nothing if no order is open in a book, else `event EVENT`…, `done ARRIVAL OPEN` |
//! | `order ID EVENT` | `done ARRIVAL OPEN` |
//! | `ask ID EVENT`: an order that may have been sent before | `known ARRIVAL OPEN`, or `unknown` |
//! | `cancel ORDER SYMBOL TS` | `done ARRIVAL OPEN` |
//! | `restore HEX`: the state of a venue that was saved, before anything else | `done ARRIVAL OPEN` |
//! | `arrive` | `event EVENT`…, `done ARRIVAL OPEN` |
//! | `expire TS` | `event EVENT`…, `done ARRIVAL OPEN` |
//! | `hash` | `hash HEX` |
//!
//! ID is the client order id, `SESSION-SEQ-K`. EVENT is an event's fields as decimal numbers: seq, ts, symbol, kind,
//! flags, detail and five words. ARRIVAL is when the next request in flight arrives, OPEN how many orders are open in
//! books. A line that cannot be read is answered by `error` and a sentence, and the venue ends.
//! Not here: who sends what when.

use model::{Event, Kind, Nanos, SymbolId};
use std::fmt::{self, Write};

/// The longest line that is read, in bytes: terms and state of ten thousand symbols fit.
pub(crate) const LINE_BYTES_MAX: u64 = 16 << 20;

/// A line that is not of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadLine(pub String);

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Appends an event's fields.
pub(crate) fn write_event(line: &mut String, event: &Event) {
    let Event { seq, ts, symbol, kind, flags, detail, words } = event;
    write!(line, "{seq} {} {} {} {flags} {detail}", ts.0, symbol.0, kind.0)
        .expect("a string can always grow");
    for word in words {
        write!(line, " {word}").expect("a string can always grow");
    }
}

/// The words of a line, taken one after the other.
pub(crate) struct Words<'a>(std::str::SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    pub fn new(line: &'a str) -> Self {
        Self(line.split_ascii_whitespace())
    }

    /// The next word.
    pub fn word(&mut self, what: &str) -> Result<&'a str, BadLine> {
        self.0.next().ok_or_else(|| BadLine(format!("{what} is missing")))
    }

    /// The next word as a number.
    pub fn number<T: std::str::FromStr>(&mut self, what: &str) -> Result<T, BadLine> {
        let word = self.word(what)?;
        word.parse().map_err(|_| BadLine(format!("{what} is {word:?}, which is no such number")))
    }

    /// The next words as an event.
    pub fn event(&mut self) -> Result<Event, BadLine> {
        let mut event = Event {
            seq: self.number("seq")?,
            ts: Nanos(self.number("ts")?),
            symbol: SymbolId(self.number("symbol")?),
            kind: Kind(self.number("kind")?),
            flags: self.number("flags")?,
            detail: self.number("detail")?,
            words: [0; 5],
        };
        for word in &mut event.words {
            *word = self.number("a word")?;
        }
        Ok(event)
    }

    /// There must be no more words.
    pub fn end(mut self) -> Result<(), BadLine> {
        match self.0.next() {
            Some(word) => Err(BadLine(format!("{word:?} is one word too many"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn events_survive_the_line(
            (seq, ts, symbol) in any::<(u64, i64, u32)>(),
            (kind, flags, detail) in any::<(u8, u8, u16)>(),
            words in any::<[i64; 5]>(),
        ) {
            let event = Event { seq, ts: Nanos(ts), symbol: SymbolId(symbol), kind: Kind(kind), flags, detail, words };
            let mut line = String::new();
            write_event(&mut line, &event);
            let mut read = Words::new(&line);
            prop_assert_eq!(read.event(), Ok(event));
            prop_assert_eq!(read.end(), Ok(()));
        }

        #[test]
        fn any_line_is_an_event_or_an_error(line in "\\PC{0,80}") {
            let _ = Words::new(&line).event();
        }
    }
}
