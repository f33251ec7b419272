//! What a run had sequenced before it was cut, and the comparison with what it sequences again.
//!
//! A continued run goes through its past by folding the same ticks again. Whatever follows from them (timers, the
//! venue's answers, decisions, orders) comes out again and must be the same, bit for bit. What does not follow from
//! them came from outside of the fold: a halt, the news that an order was lost. Those inputs are read ahead, and
//! sequenced again under the number they had.
//! Not here: reading a journal (`journal`), what is kept from then on (`edge`).

use crate::sequencer::SESSION_END;
use matching::Delivery;
use model::{Event, Kind, OrderId, RejectReason, Report, ReportKind, is_halt};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

/// The inputs of a past, in order; an error is one sentence.
pub type Inputs = Box<dyn FnMut() -> Result<Option<Event>, String> + Send>;

/// The past of a cut run, from some input on.
pub struct Past {
    /// `None`: only what came from outside is known, and the past is never over.
    inputs: Option<Inputs>,
    next: Option<Event>,
    /// Requests that were kept, so that they may have left, with the session in which they were.
    sent: BTreeMap<RequestKey, u32>,
    /// Inputs from outside of the fold, by number.
    outside: VecDeque<Event>,
    /// Orders that the venue never saw, as the past knew already.
    rejected: BTreeSet<OrderId>,
    /// What was found out about orders on the way through the past.
    lost: Vec<Event>,
}

/// A request: kind, number of the input, number of the order.
type RequestKey = (u8, u64, i64);

/// What was sequenced is not what the journal has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diverged {
    /// Another input has this number.
    Input {
        /// The number.
        seq: u64,
        /// The journal's.
        kept: Box<Event>,
        /// The one that came out.
        found: Box<Event>,
    },
    /// The journal cannot be read further.
    Unreadable(String),
}

impl fmt::Display for Diverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { seq, kept, .. } if kept.kind == Kind::SESSION && kept.flags == SESSION_END => {
                write!(
                    f,
                    "the run in the journal came to its end at input {seq} (a signal, or the end of its data), and a run that \
                 has ended is not continued; begin anew with --force"
                )
            }
            Self::Input { seq, kept, found } => write!(
                f,
                "input {seq} of the journal is {} at {} ns, and what follows now is {} at {} ns: the data, the program, its \
                 configuration or the venue's record is not what it was when the journal was written; give back what \
                 there was, or begin anew with --force",
                name_of(kept.kind),
                kept.ts.0,
                name_of(found.kind),
                found.ts.0
            ),
            Self::Unreadable(sentence) => f.write_str(sentence),
        }
    }
}

/// What an input is, in words.
const fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::TRADE => "a trade",
        Kind::QUOTE => "a quote",
        Kind::TIMER => "a timer",
        Kind::REPORT => "an answer of the venue",
        Kind::FILL => "a fill",
        Kind::COMMAND => "a command",
        Kind::SESSION => "a run's beginning or end",
        _ => "another input",
    }
}

impl std::error::Error for Diverged {}

impl Past {
    /// A past. `ahead` is everything that was kept of it, inputs and requests, each with the session in which it was
    /// kept, in any order; `inputs` gives its inputs one after the other.
    ///
    /// # Errors
    /// [`Diverged::Unreadable`] where the first input cannot be read.
    pub fn new(ahead: impl IntoIterator<Item = (u32, Event)>, mut inputs: Inputs) -> Result<Self, Diverged> {
        let next = inputs().map_err(Diverged::Unreadable)?;
        Ok(Self { next, inputs: Some(inputs), ..Self::outside_only(ahead) })
    }

    /// A past of which only what came from outside is sequenced again, for who folds a journal that is still written.
    /// Nothing is compared.
    pub fn outside_only(ahead: impl IntoIterator<Item = (u32, Event)>) -> Self {
        let mut past = Self {
            inputs: None,
            next: None,
            sent: BTreeMap::new(),
            outside: VecDeque::new(),
            rejected: BTreeSet::new(),
            lost: Vec::new(),
        };
        for (session, event) in ahead {
            if event.kind == Kind::ORDER || event.kind == Kind::CANCEL {
                past.sent.insert(key(&event), session);
            } else if is_outside(&event) {
                if event.kind == Kind::REPORT {
                    past.rejected.insert(Report::from_event(&event).id);
                }
                past.outside.push_back(event);
            }
        }
        past.outside.make_contiguous().sort_by_key(|event| event.seq);
        past
    }

    /// Compares what was sequenced with the past; gives how many of the events were in it. All of them, until it is
    /// over.
    pub(crate) fn compare(&mut self, events: &[Event]) -> Result<usize, Diverged> {
        let Some(inputs) = &mut self.inputs else { return Ok(events.len()) };
        for (at, event) in events.iter().enumerate() {
            let Some(kept) = self.next else { return Ok(at) };
            if kept != *event {
                let (kept, found) = (Box::new(kept), Box::new(*event));
                return Err(Diverged::Input { seq: event.seq, kept, found });
            }
            self.next = inputs().map_err(Diverged::Unreadable)?;
        }
        Ok(events.len())
    }

    /// The number of the next input from outside of the fold; `u64::MAX` if there is none.
    pub(crate) fn outside_seq(&self) -> u64 {
        self.outside.front().map_or(u64::MAX, |event| event.seq)
    }

    /// The input from outside of the fold that has this number.
    pub(crate) fn outside(&mut self, seq: u64) -> Option<Event> {
        self.outside.pop_front_if(|event| event.seq == seq)
    }

    /// Whether a request may have left before, and then in which session.
    pub(crate) fn delivery(&self, event: &Event) -> Delivery {
        self.sent.get(&key(event)).map_or(Delivery::First, |&session| Delivery::Again { session })
    }

    /// Whether the past tells that the venue never saw an order.
    pub(crate) fn was_rejected(&self, order: OrderId) -> bool {
        self.rejected.contains(&order)
    }

    /// Notes an input to be sequenced when the past is over.
    pub(crate) fn lose(&mut self, report: Event) {
        self.lost.push(report);
    }

    pub(crate) fn take_lost(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.lost)
    }
}

fn key(event: &Event) -> RequestKey {
    (event.kind.0, event.seq, event.words[0])
}

/// Whether an input does not follow from the ticks before it.
fn is_outside(event: &Event) -> bool {
    let never_there = |report: Report| {
        report.kind == ReportKind::Rejected
            && matches!(report.reason, Some(RejectReason::Lost | RejectReason::NotKept))
    };
    is_halt(event) || event.kind == Kind::REPORT && never_there(Report::from_event(event))
}
