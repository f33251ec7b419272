//! The venue's side: one engine, lines in, lines out, until the engine closes its end.
//!
//! The server is a fold of what it is told, like everything else here: it reads no clock. An engine that comes back
//! tells the same ticks and requests again; the orders among them come from the record.

use crate::line::{BadLine, LINE_BYTES_MAX, Words, write_event};
use crate::record::{Record, RecordError};
use crate::terms::Terms;
use matching::{Venue, VenueError};
use model::state::{State, StateReader};
use model::{Event, Kind, Nanos, Order, OrderId, SymbolId};
use std::fmt;
use std::fmt::Write as _;
use std::io::{self, BufRead, Read, Write};

/// Why the venue ended.
#[derive(Debug)]
pub enum ServeError {
    /// The engine said something that is not of the protocol.
    Line {
        /// The line's number, from 1.
        number: u64,
        /// Why not.
        why: String,
    },
    /// The order record cannot be kept.
    Record(RecordError),
    /// The venue cannot go on.
    Venue(VenueError),
    /// The lines cannot be read or written.
    Io(io::Error),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { number, why } => {
                write!(
                    f,
                    "line {number} of the engine is not of the protocol: {why}; use engine and venue of one build"
                )
            }
            Self::Record(error) => error.fmt(f),
            Self::Venue(error) => error.fmt(f),
            Self::Io(error) => write!(f, "the engine cannot be heard or told ({error})"),
        }
    }
}

impl std::error::Error for ServeError {}

impl From<RecordError> for ServeError {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl From<VenueError> for ServeError {
    fn from(error: VenueError) -> Self {
        Self::Venue(error)
    }
}

impl From<io::Error> for ServeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Why a line was not obeyed.
enum Refused {
    Line(String),
    Record(RecordError),
    Venue(VenueError),
}

impl From<BadLine> for Refused {
    fn from(bad: BadLine) -> Self {
        Self::Line(bad.0)
    }
}

impl From<RecordError> for Refused {
    fn from(error: RecordError) -> Self {
        Self::Record(error)
    }
}

impl From<VenueError> for Refused {
    fn from(error: VenueError) -> Self {
        Self::Venue(error)
    }
}

/// Serves one engine until it closes its end.
///
/// # Errors
/// [`ServeError`]; the engine was told, if it could be.
pub fn serve(mut lines: impl BufRead, mut out: impl Write, record: Record) -> Result<(), ServeError> {
    let mut server = Server { record, venue: None, symbols: 0, answers: Vec::new() };
    let (mut line, mut reply, mut number) = (String::new(), String::new(), 0);
    loop {
        line.clear();
        if (&mut lines).take(LINE_BYTES_MAX).read_line(&mut line)? == 0 {
            return Ok(());
        }
        number += 1;
        reply.clear();
        let done = server.obey(&line, &mut reply);
        let error = done.err().map(|refused| match refused {
            Refused::Line(why) => ServeError::Line { number, why },
            Refused::Record(error) => error.into(),
            Refused::Venue(error) => error.into(),
        });
        if let Some(error) = error {
            writeln!(out, "error {error}")?;
            out.flush()?;
            return Err(error);
        }
        if !reply.is_empty() {
            out.write_all(reply.as_bytes())?;
            out.flush()?;
        }
    }
}

struct Server {
    record: Record,
    venue: Option<Venue>,
    symbols: usize,
    answers: Vec<Event>,
}

impl Server {
    /// Does what a line says; the answer's lines are appended to `reply`.
    fn obey(&mut self, line: &str, reply: &mut String) -> Result<(), Refused> {
        if !line.ends_with('\n') {
            return Err(Refused::Line("it was cut".to_owned()));
        }
        let mut words = Words::new(line);
        let verb = words.word("the verb")?;
        if verb == "open" {
            return self.open(line["open".len()..].trim(), reply);
        }
        if self.venue.is_none() {
            return Err(Refused::Line(format!("{verb} came before open")));
        }
        match verb {
            "tick" => self.tick(words, reply),
            "order" => self.order(words, reply),
            "ask" => self.ask(words, reply),
            "cancel" => self.cancel(words, reply),
            "restore" => self.restore(words, reply),
            "arrive" => {
                words.end()?;
                let (venue, answers) = self.parts();
                venue.arrive(answers)?;
                self.done(reply);
                Ok(())
            }
            "expire" => {
                let now = Nanos(words.number("ts")?);
                words.end()?;
                let (venue, answers) = self.parts();
                venue.expire(now, answers);
                self.done(reply);
                Ok(())
            }
            "hash" => {
                words.end()?;
                let hash = self.parts().0.state_hash();
                writeln!(reply, "hash {hash:032x}").expect("a string can always grow");
                Ok(())
            }
            other => Err(Refused::Line(format!("{other:?} is no request"))),
        }
    }

    fn open(&mut self, terms: &str, reply: &mut String) -> Result<(), Refused> {
        if self.venue.is_some() {
            return Err(Refused::Line("it is open already".to_owned()));
        }
        let terms: Terms = serde_json::from_str(terms).map_err(|error| Refused::Line(error.to_string()))?;
        self.symbols = terms.symbols();
        self.venue = Some(terms.venue().map_err(Refused::Line)?);
        writeln!(reply, "opened {}", self.record.len()).expect("a string can always grow");
        Ok(())
    }

    fn tick(&mut self, mut words: Words<'_>, reply: &mut String) -> Result<(), Refused> {
        let tick = words.event()?;
        words.end()?;
        self.check_symbol(tick.symbol)?;
        let (venue, answers) = self.parts();
        if !tick.kind.is_tick() || venue.next_arrival() <= tick.ts {
            return Err(Refused::Line("it is no tick, or a request was to arrive before it".to_owned()));
        }
        let heard = venue.open_orders() > 0;
        venue.on_tick(&tick, answers)?;
        if heard {
            self.done(reply);
        }
        Ok(())
    }

    fn order(&mut self, mut words: Words<'_>, reply: &mut String) -> Result<(), Refused> {
        let (id, event) = self.order_words(&mut words)?;
        words.end()?;
        self.record.append(&id, &event)?;
        self.parts().0.submit(Order::from_event(&event));
        self.done(reply);
        Ok(())
    }

    fn ask(&mut self, mut words: Words<'_>, reply: &mut String) -> Result<(), Refused> {
        let (id, event) = self.order_words(&mut words)?;
        words.end()?;
        match self.record.order(&id) {
            None => reply.push_str("unknown\n"),
            Some(seen) if *seen != event => {
                return Err(Refused::Line(format!(
                    "the order {id} that it asks for is not the one that was sent"
                )));
            }
            Some(_) => {
                self.parts().0.submit(Order::from_event(&event));
                self.end_reply("known", reply);
            }
        }
        Ok(())
    }

    fn cancel(&mut self, mut words: Words<'_>, reply: &mut String) -> Result<(), Refused> {
        let id = OrderId(words.number("the order")?);
        let symbol = SymbolId(words.number("the symbol")?);
        let ts = Nanos(words.number("ts")?);
        words.end()?;
        self.check_symbol(symbol)?;
        self.parts().0.cancel(id, symbol, ts);
        self.done(reply);
        Ok(())
    }

    fn restore(&mut self, mut words: Words<'_>, reply: &mut String) -> Result<(), Refused> {
        let text = words.word("the state")?;
        words.end()?;
        let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        let bytes: Option<Vec<u8>> = pairs
            .map(|pair| {
                pair.filter(|pair| pair.len() == 2).and_then(|pair| u8::from_str_radix(pair, 16).ok())
            })
            .collect();
        let bytes = bytes.ok_or_else(|| Refused::Line("the state is not hexadecimal".to_owned()))?;
        let mut from = StateReader::new(&bytes);
        let restored = self.parts().0.load(&mut from).and_then(|()| from.finish());
        restored.map_err(|error| Refused::Line(error.to_string()))?;
        self.done(reply);
        Ok(())
    }

    fn order_words(&self, words: &mut Words<'_>) -> Result<(String, Event), Refused> {
        let id = words.word("the client order id")?.to_owned();
        let event = words.event()?;
        self.check_symbol(event.symbol)?;
        let is_order = event.kind == Kind::ORDER && event.words[2] > 0 && event.words[4] >= 0;
        if is_order { Ok((id, event)) } else { Err(Refused::Line("its event is no order".to_owned())) }
    }

    fn check_symbol(&self, symbol: SymbolId) -> Result<(), Refused> {
        if symbol.index() < self.symbols {
            return Ok(());
        }
        Err(Refused::Line(format!("symbol {} is not one of the {} of the terms", symbol.0, self.symbols)))
    }

    fn parts(&mut self) -> (&mut Venue, &mut Vec<Event>) {
        (self.venue.as_mut().expect("it was opened"), &mut self.answers)
    }

    /// The events that were caused, and the last line.
    fn done(&mut self, reply: &mut String) {
        for event in self.answers.drain(..) {
            reply.push_str("event ");
            write_event(reply, &event);
            reply.push('\n');
        }
        self.end_reply("done", reply);
    }

    fn end_reply(&self, verb: &str, reply: &mut String) {
        let venue = self.venue.as_ref().expect("it was opened");
        writeln!(reply, "{verb} {} {}", venue.next_arrival().0, venue.open_orders())
            .expect("a string can always grow");
    }
}
