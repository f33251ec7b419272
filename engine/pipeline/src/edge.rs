//! What stands beside the sequencer: the venue, the journal, and what a cut run had sequenced before.
//!
//! Everything that is sequenced passes here once. While a run that was cut goes through its past again, each input is
//! compared with the one in the journal, and nothing is kept twice or sent twice; from then on inputs and orders are
//! kept, and an order leaves only when the journal says that its causes are safe enough.
//! Not here: files and their threads (`journal`), who decides what the next input is (`sequencer`).

use crate::graph::Fault;
use crate::replay::{Diverged, Past};
use crate::sequencer::RunError;
use matching::{Delivery, Exchange, Handed};
use model::{Event, Kind, Nanos, Order, OrderId, RejectReason, Report, ReportKind, halt_event};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Keeps what was sequenced, before it has an effect.
pub trait Keeper: Send {
    /// Takes inputs as they are sequenced, and orders and requests to cancel before they leave.
    fn keep(&mut self, events: &[Event]);

    /// Returns when everything that was taken is as safe as an order's causes must be; `false` if it never will be.
    fn secure(&mut self) -> bool;

    /// Whether nothing more can be kept.
    fn has_failed(&self) -> bool;
}

/// What happens when nothing more can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// New risk is halted, and requests to cancel still leave: there may be orders at a venue.
    Halt,
    /// The run ends: it trades with nobody.
    End,
}

/// The venue, the journal and the past of a run.
pub struct Edge<V> {
    /// The venue.
    pub venue: V,
    keeper: Option<Box<dyn Keeper>>,
    on_failure: OnFailure,
    past: Option<Past>,
    /// Inputs from outside of the fold that wait to be sequenced.
    pending: VecDeque<Event>,
    halted: bool,
    settled: Settled,
}

/// Whether it is known what became of every order of a past, for other threads to look at.
///
/// Orders that turn out lost are rejected by inputs right behind the past: until these are numbered, whoever folds the
/// journal alone takes such orders for sent.
#[derive(Debug, Clone)]
pub struct Settled(Arc<AtomicU64>);

impl Settled {
    const NOT_YET: u64 = u64::MAX;

    /// Nothing is in doubt.
    pub fn already() -> Self {
        Self(Arc::new(AtomicU64::new(0)))
    }

    /// The last input by which an order of the past was rejected, 0 if there was none; `None`: not yet known.
    pub fn by_input(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|seq| *seq != Self::NOT_YET)
    }

    fn set(&self, seq: u64) {
        self.0.store(seq, Ordering::Relaxed);
    }
}

impl<V: Exchange> Edge<V> {
    /// A venue; nothing is kept.
    pub fn new(venue: V) -> Self {
        Self {
            venue,
            keeper: None,
            on_failure: OnFailure::Halt,
            past: None,
            pending: VecDeque::new(),
            halted: false,
            settled: Settled::already(),
        }
    }

    /// Whether it is known what became of every order of the past.
    pub fn settled(&self) -> Settled {
        self.settled.clone()
    }

    /// Keeps what is sequenced.
    #[must_use]
    pub fn keeping(mut self, keeper: Box<dyn Keeper>, on_failure: OnFailure) -> Self {
        self.keeper = Some(keeper);
        self.on_failure = on_failure;
        self
    }

    /// Goes through a past first.
    #[must_use]
    pub fn after(mut self, past: Past) -> Self {
        self.past = Some(past);
        self.settled.set(Settled::NOT_YET);
        self
    }

    /// Takes what was sequenced, in order.
    #[inline]
    pub(crate) fn sequenced(&mut self, events: &[Event]) -> Result<(), Diverged> {
        if self.past.is_some() {
            return self.compare(events);
        }
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(events);
        }
        Ok(())
    }

    /// The past lives until an input is sequenced that is not in it: what the last of its inputs caused may have left.
    #[cold]
    fn compare(&mut self, events: &[Event]) -> Result<(), Diverged> {
        let past = self.past.as_mut().expect("there is a past to compare with");
        let known = past.compare(events)?;
        if known == events.len() {
            return Ok(());
        }
        self.pending.extend(past.take_lost());
        self.past = None;
        if self.pending.is_empty() {
            self.settled.set(0);
        }
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(&events[known..]);
        }
        Ok(())
    }

    /// The sequence number at which the next input from outside of the fold is due; `u64::MAX` if none is.
    pub(crate) fn outside_seq(&self, next: u64) -> u64 {
        match &self.past {
            Some(past) => past.outside_seq(),
            None if self.pending.is_empty() => u64::MAX,
            None => next,
        }
    }

    /// The next input from outside of the fold, if it is due as number `seq` at `now`.
    pub(crate) fn outside(&mut self, seq: u64, now: Nanos) -> Option<Event> {
        if let Some(past) = &mut self.past {
            return past.outside(seq);
        }
        let event = self.pending.pop_front()?;
        if self.pending.is_empty() && self.settled.by_input().is_none() {
            self.settled.set(seq);
        }
        Some(Event { ts: now, ..event })
    }

    /// Whether the journal failed since this was asked last, so that there is a halt to sequence.
    ///
    /// # Errors
    /// [`RunError::Journal`] where that ends the run.
    pub(crate) fn notices_failure(&mut self) -> Result<bool, RunError> {
        let failed = self.keeper.as_ref().is_some_and(|keeper| keeper.has_failed());
        let news = failed && !self.halted;
        if news {
            self.halt()?;
        }
        Ok(news)
    }

    fn halt(&mut self) -> Result<(), RunError> {
        if self.on_failure == OnFailure::End {
            return Err(RunError::Journal);
        }
        self.halted = true;
        // The time is set when it is sequenced.
        self.pending.push_back(halt_event(Nanos(0)));
        Ok(())
    }

    /// Keeps an order or a request to cancel, and hands it to the venue; other events are passed over.
    pub(crate) fn forward(&mut self, event: &Event) -> Result<(), RunError> {
        match event.kind {
            Kind::ORDER => self.submit(event),
            Kind::CANCEL => self.cancel(event),
            _ => Ok(()),
        }
    }

    fn submit(&mut self, event: &Event) -> Result<(), RunError> {
        let order = Order::from_event(event);
        let delivery = self.delivery(event);
        if delivery == Delivery::First && !self.keep(event) {
            if !self.halted {
                self.halt()?;
            }
            self.reject(&order, RejectReason::NotKept);
            return Ok(());
        }
        if self.past.as_ref().is_some_and(|past| past.was_rejected(order.id)) {
            return Ok(());
        }
        if self.venue.submit(&order, delivery).map_err(Fault::Venue)? == Handed::Lost {
            match &mut self.past {
                Some(past) => past.lose(rejection(&order, RejectReason::Lost)),
                None => self.reject(&order, RejectReason::Lost),
            }
        }
        Ok(())
    }

    fn cancel(&mut self, event: &Event) -> Result<(), RunError> {
        // A cancel takes risk away: it leaves even where it cannot be kept.
        if self.delivery(event) == Delivery::First {
            self.keep(event);
        }
        let id = OrderId(event.words[0] as u32);
        Ok(self.venue.cancel(id, event.symbol, event.ts).map_err(Fault::Venue)?)
    }

    /// Whether an order or a request to cancel left before the run was cut.
    fn delivery(&self, event: &Event) -> Delivery {
        self.past.as_ref().map_or(Delivery::First, |past| past.delivery(event))
    }

    /// Keeps one event that is about to leave; `false` if it cannot be.
    fn keep(&mut self, event: &Event) -> bool {
        let Some(keeper) = &mut self.keeper else { return true };
        keeper.keep(std::slice::from_ref(event));
        keeper.secure()
    }

    fn reject(&mut self, order: &Order, reason: RejectReason) {
        self.pending.push_back(rejection(order, reason));
    }
}

/// The answer to an order that the venue never had.
fn rejection(order: &Order, reason: RejectReason) -> Event {
    let report =
        Report { id: order.id, symbol: order.symbol, kind: ReportKind::Rejected, reason: Some(reason) };
    report.to_event(order.ts)
}
