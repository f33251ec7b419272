//! The engine's side: starts the venue's process and is the venue beside the sequencer.
//!
//! While an order may be filled, each tick waits for the venue's answer; while none is open in a book, ticks are told
//! without waiting. Orders that may have been sent before the engine was cut are asked for by their ids.
//! Not here: which orders those are (`pipeline`).

use crate::line::{Words, write_event};
use crate::terms::Terms;
use matching::{Delivery, Exchange, Handed, Venue, VenueError};
use model::state::{State, StateError, StateReader, StateWriter};
use model::{Event, Nanos, Order, OrderId, SymbolId};
use std::fmt::{self, Write as _};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long the venue may take to answer: it computes for microseconds.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Bytes that wait before they are written to the venue.
const PIPE_BYTES: usize = 1 << 16;

/// Why the venue's process could not be started.
#[derive(Debug)]
pub enum StartError {
    /// The system said no.
    Io(io::Error),
    /// The process does not answer as a venue.
    Venue(VenueError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the venue's process could not be started ({error})"),
            Self::Venue(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

/// The venue in its process.
#[derive(Debug)]
pub struct Client {
    child: Child,
    /// `None` once the engine closed its end.
    to: Option<BufWriter<UnixStream>>,
    from: BufReader<UnixStream>,
    /// What stands before SEQ-K in the ids of orders that are sent now.
    session: String,
    line: String,
    arrival: Nanos,
    open: usize,
    /// How many orders the venue's record had at the start.
    recorded: usize,
    /// A venue of the same terms that has seen nothing: what a state to restore is read into.
    blank: Venue,
    /// A state to tell before anything else.
    state: Option<Vec<u8>>,
}

impl Client {
    /// Starts `command`, which must speak the protocol on stdin and stdout. Its stderr is the engine's.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(mut command: Command, terms: &Terms, session: u32) -> Result<Self, StartError> {
        let (ours, theirs) = UnixStream::pair().map_err(StartError::Io)?;
        let end = |stream: &UnixStream| stream.try_clone().map(|stream| Stdio::from(OwnedFd::from(stream)));
        command.stdin(end(&theirs).map_err(StartError::Io)?).stdout(end(&theirs).map_err(StartError::Io)?);
        let child = command.spawn().map_err(StartError::Io)?;
        // The process has its own: ours must go, or its end would never be seen.
        drop((command, theirs));
        ours.set_read_timeout(Some(ANSWER_MAX)).map_err(StartError::Io)?;
        ours.set_write_timeout(Some(ANSWER_MAX)).map_err(StartError::Io)?;
        let to = BufWriter::with_capacity(PIPE_BYTES, ours.try_clone().map_err(StartError::Io)?);
        let mut client = Self {
            child,
            to: Some(to),
            from: BufReader::new(ours),
            session: format!("{session:08x}"),
            line: String::new(),
            arrival: Nanos::MAX,
            open: 0,
            recorded: 0,
            blank: terms.venue().map_err(|why| StartError::Venue(VenueError::Gone(why)))?,
            state: None,
        };
        client.open(terms).map_err(StartError::Venue)?;
        Ok(client)
    }

    /// How many orders the venue had seen in earlier sessions.
    pub fn recorded(&self) -> usize {
        self.recorded
    }

    fn open(&mut self, terms: &Terms) -> Result<(), VenueError> {
        let json = serde_json::to_string(terms).expect("terms are plain text and numbers");
        self.say(|line| write!(line, "open {json}"))?;
        self.recorded = self.answer(|verb, words| (verb == "opened").then(|| words.number("orders")))?;
        Ok(())
    }

    /// Says what `write` appends, as a line; it may wait in the buffer.
    fn say(&mut self, write: impl FnOnce(&mut String) -> fmt::Result) -> Result<(), VenueError> {
        if let Some(state) = self.state.take() {
            self.line.clear();
            self.line.push_str("restore ");
            let mut bytes = state.iter();
            bytes.try_for_each(|byte| write!(self.line, "{byte:02x}")).expect("a string can always grow");
            self.send()?;
            self.no_answers()?;
        }
        self.line.clear();
        write(&mut self.line).expect("a string can always grow");
        self.send()
    }

    /// Writes the line.
    fn send(&mut self) -> Result<(), VenueError> {
        self.line.push('\n');
        let to = self.to.as_mut().expect("the venue is told things until the end");
        to.write_all(self.line.as_bytes()).map_err(|error| gone(&mut self.child, &error))
    }

    /// Reads one line; what was said is with the venue before.
    fn hear(&mut self) -> Result<(), VenueError> {
        let to = self.to.as_mut().expect("the venue is told things until the end");
        to.flush().map_err(|error| gone(&mut self.child, &error))?;
        self.line.clear();
        match self.from.read_line(&mut self.line) {
            Ok(0) => Err(gone(&mut self.child, &io::ErrorKind::UnexpectedEof.into())),
            Ok(_) if self.line.starts_with("error ") => {
                Err(VenueError::Gone(format!("the venue says: {}", self.line["error ".len()..].trim())))
            }
            Ok(_) => Ok(()),
            Err(error) => Err(gone(&mut self.child, &error)),
        }
    }

    /// Reads a line and what `read` makes of it; `None` if it is not the one expected.
    fn answer<T>(
        &mut self,
        read: impl FnOnce(&str, &mut Words<'_>) -> Option<Result<T, crate::line::BadLine>>,
    ) -> Result<T, VenueError> {
        self.hear()?;
        let mut words = Words::new(&self.line);
        let verb = words.word("the verb").unwrap_or_default();
        match read(verb, &mut words) {
            Some(Ok(value)) => Ok(value),
            Some(Err(bad)) => Err(odd(&self.line, &bad.0)),
            None => Err(odd(&self.line, "it answers something else")),
        }
    }

    /// Reads answers up to the line that ends them.
    fn done(&mut self, answers: &mut Vec<Event>) -> Result<(), VenueError> {
        loop {
            let heard = self.answer(|verb, words| match verb {
                "event" => Some(words.event().map(Heard::Event)),
                "done" => Some(status(words)),
                _ => None,
            })?;
            match heard {
                Heard::Event(event) => answers.push(event),
                Heard::Done(arrival, open) => {
                    (self.arrival, self.open) = (arrival, open);
                    return Ok(());
                }
            }
        }
    }

    fn no_answers(&mut self) -> Result<(), VenueError> {
        let mut answers = Vec::new();
        self.done(&mut answers)?;
        if answers.is_empty() { Ok(()) } else { Err(odd(&self.line, "it answers before a request arrived")) }
    }

    fn client_order_id(&self, order: &Order, delivery: Delivery) -> String {
        let (seq, nth) = (order.seq, order.nth);
        match delivery {
            Delivery::First => format!("{}-{seq}-{nth}", self.session),
            Delivery::Again { session } => format!("{session:08x}-{seq}-{nth}"),
        }
    }
}

enum Heard {
    Event(Event),
    Done(Nanos, usize),
}

fn status(words: &mut Words<'_>) -> Result<Heard, crate::line::BadLine> {
    Ok(Heard::Done(Nanos(words.number("the arrival")?), words.number("the open orders")?))
}

fn odd(line: &str, why: &str) -> VenueError {
    VenueError::Gone(format!("the venue said {:?}: {why}; use engine and venue of one build", line.trim()))
}

#[cold]
fn gone(child: &mut Child, error: &io::Error) -> VenueError {
    let what = match (error.kind(), child.try_wait()) {
        (io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut, _) => {
            format!("does not answer within {} s", ANSWER_MAX.as_secs())
        }
        (_, Ok(Some(status))) => format!("ended ({status})"),
        _ => format!("is gone ({error})"),
    };
    VenueError::Gone(format!("the venue's process {what}; the run can be continued with --resume"))
}

impl Exchange for Client {
    fn submit(&mut self, order: &Order, delivery: Delivery) -> Result<Handed, VenueError> {
        let verb = if delivery == Delivery::First { "order" } else { "ask" };
        let id = self.client_order_id(order, delivery);
        self.say(|line| {
            write!(line, "{verb} {id} ")?;
            write_event(line, &order.to_event());
            Ok(())
        })?;
        if delivery == Delivery::First {
            return self.no_answers().map(|()| Handed::Over);
        }
        let known = self.answer(|verb, words| match verb {
            "known" => Some(status(words).map(Some)),
            "unknown" => Some(Ok(None)),
            _ => None,
        })?;
        match known {
            Some(Heard::Done(arrival, open)) => {
                (self.arrival, self.open) = (arrival, open);
                Ok(Handed::Over)
            }
            _ => Ok(Handed::Lost),
        }
    }

    fn cancel(&mut self, id: OrderId, symbol: SymbolId, ts: Nanos) -> Result<(), VenueError> {
        self.say(|line| write!(line, "cancel {} {} {}", id.0, symbol.0, ts.0))?;
        self.no_answers()
    }

    fn next_arrival(&self) -> Nanos {
        self.arrival
    }

    fn arrive(&mut self, answers: &mut Vec<Event>) -> Result<(), VenueError> {
        self.say(|line| write!(line, "arrive"))?;
        self.done(answers)
    }

    fn on_tick(&mut self, tick: &Event, answers: &mut Vec<Event>) -> Result<(), VenueError> {
        self.say(|line| {
            line.push_str("tick ");
            write_event(line, tick);
            Ok(())
        })?;
        if self.open > 0 { self.done(answers) } else { Ok(()) }
    }

    fn expire(&mut self, now: Nanos, answers: &mut Vec<Event>) -> Result<(), VenueError> {
        self.say(|line| write!(line, "expire {}", now.0))?;
        self.done(answers)
    }

    fn restore(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        let mut venue = self.blank.clone();
        venue.load(from)?;
        (self.arrival, self.open) = (venue.next_arrival(), venue.open_orders());
        let mut to = StateWriter::new();
        venue.save(&mut to);
        self.state = Some(to.into_bytes());
        Ok(())
    }

    fn state_hash(&mut self) -> Result<u128, VenueError> {
        self.say(|line| write!(line, "hash"))?;
        self.answer(|verb, words| {
            (verb == "hash").then(|| {
                let text = words.word("the hash")?;
                u128::from_str_radix(text, 16).map_err(|error| crate::line::BadLine(error.to_string()))
            })
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Its stdin ends, and so does it; one that hangs is not waited for. Nothing is to be done about an error.
        drop(self.to.take());
        let _ = self.from.get_ref().shutdown(std::net::Shutdown::Both);
        let mut waited = Duration::ZERO;
        while waited < ANSWER_MAX && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
            waited += Duration::from_millis(5);
        }
    }
}
