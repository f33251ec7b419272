//! The venue as the sequencer sees it: requests leave, arrive after the latency, and are answered.
//!
//! Requests arrive in the order of their arrival times, and as they were sent where those are equal. Messages about
//! one order are first in, first out, as on one connection: a delayed order may be overtaken by other orders, and
//! never by its own cancel, which arrives right after it where it would arrive before. At equal
//! times a request arrives before the next tick applies, so the caller lets everything arrive that is due, then
//! applies the tick. What a tick fills is sequenced right before that tick.
//! Not here: matching itself (`book`).

use crate::book::Book;
use crate::tape::{FeeFailed, Tape, VenueError};
use model::state::{StateCause, StateError, StateReader, StateWriter, Value};
use model::{
    Event, InstrumentTable, Kind, Nanos, Order, OrderId, Rate, ReportKind, StreamHash, SymbolId, SymbolTable,
};
use std::collections::VecDeque;

/// Requests in flight before the queue grows.
const FLIGHTS_CAPACITY: usize = 256;
/// Most requests in flight at once: an order and its cancel for each of the 32-bit numbers.
const FLIGHTS_MAX: usize = 2 * (u32::MAX as usize);

/// How much of an order a print can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillSize {
    /// All of it.
    Unlimited,
    /// Up to the print's size, shared among the orders in order of arrival.
    Print,
}

/// What the venue is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VenueConfig {
    /// From decision to arrival, not negative.
    pub latency: Nanos,
    /// Fee of a resting order, as a fraction of notional; negative is a rebate.
    pub maker: Rate,
    /// Fee of an order that takes, as a fraction of notional.
    pub taker: Rate,
    /// How much of an order a print can fill.
    pub fill_size: FillSize,
}

/// What is asked of the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Submit(Order),
    Cancel(OrderId, SymbolId),
}

/// A code, then the order, or its number and symbol.
impl Value for Request {
    fn put(&self, to: &mut StateWriter) {
        match self {
            Self::Submit(order) => {
                0_u8.put(to);
                order.put(to);
            }
            Self::Cancel(id, symbol) => {
                1_u8.put(to);
                (*id, *symbol).put(to);
            }
        }
    }

    fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
        match u8::read(from)? {
            0 => Order::read(from).map(Self::Submit),
            1 => <(OrderId, SymbolId)>::read(from).map(|(id, symbol)| Self::Cancel(id, symbol)),
            _ => Err(from.error(StateCause::NoValue("request"))),
        }
    }
}

/// A request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Flight {
    arrival: Nanos,
    request: Request,
}

model::value!(Flight { arrival, request });

/// The simulated venue: a pure fold of requests and ticks.
#[derive(Debug, Clone)]
pub struct Venue {
    config: VenueConfig,
    symbols: SymbolTable,
    books: Vec<Book>,
    flights: VecDeque<Flight>,
    /// The number of the last fill.
    fills: u32,
}

model::state!(Venue { books, fills; list flights: FLIGHTS_MAX; config config, symbols });

impl Venue {
    /// A venue without orders. `quoted[i]`: whether symbol i has quotes in this run.
    ///
    /// # Panics
    /// If the latency is negative, or `quoted` is not of the table's length.
    pub fn new(config: VenueConfig, instruments: &InstrumentTable, quoted: &[bool]) -> Self {
        assert!(config.latency >= Nanos(0), "the venue's latency is not negative");
        assert_eq!(quoted.len(), instruments.instruments.len(), "each symbol has quotes or has not");
        let books =
            instruments.instruments.iter().zip(quoted).map(|(i, &quoted)| Book::new(i, quoted)).collect();
        let flights = VecDeque::with_capacity(FLIGHTS_CAPACITY);
        Self { config, symbols: instruments.symbols.clone(), books, flights, fills: 0 }
    }

    /// Sends an order; it arrives its delay and the latency after `order.ts`. Requests are sent in time order.
    pub fn submit(&mut self, order: Order) {
        debug_assert!(order.delay >= Nanos(0), "an order leaves after it was decided");
        let arrival = order.ts.saturating_add(order.delay).saturating_add(self.config.latency);
        let overtaken = self.in_flight_after(arrival).count();
        self.flights
            .insert(self.flights.len() - overtaken, Flight { arrival, request: Request::Submit(order) });
    }

    /// Asks at `ts` to cancel an order; the request arrives the latency after, but right after its order where that
    /// arrives later still.
    pub fn cancel(&mut self, id: OrderId, symbol: SymbolId, ts: Nanos) {
        let own = ts.saturating_add(self.config.latency);
        let is_the_order =
            |flight: &Flight| matches!(flight.request, Request::Submit(order) if order.id == id);
        let (place, arrival) = match self.in_flight_after(own).position(is_the_order) {
            Some(behind) => {
                let order = self.flights.len() - 1 - behind;
                (order + 1, self.flights[order].arrival)
            }
            None => (self.flights.len() - self.in_flight_after(own).count(), own),
        };
        self.flights.insert(place, Flight { arrival, request: Request::Cancel(id, symbol) });
    }

    /// When the next request arrives; [`Nanos::MAX`] if none is in flight.
    #[inline]
    pub fn next_arrival(&self) -> Nanos {
        self.flights.front().map_or(Nanos::MAX, |flight| flight.arrival)
    }

    /// Lets the next request arrive and appends the venue's answers, at the time of arrival. Does nothing
    /// if none is in flight.
    ///
    /// # Errors
    /// [`VenueError`] if a fill's fee is beyond the range of money; the venue is of no use afterwards.
    pub fn arrive(&mut self, out: &mut Vec<Event>) -> Result<(), VenueError> {
        let Some(Flight { arrival, request }) = self.flights.pop_front() else { return Ok(()) };
        let mut tape = Tape { config: &self.config, fills: &mut self.fills, ts: arrival, out };
        match request {
            Request::Submit(order) => {
                let done = self.books[order.symbol.index()].arrive(order, &mut tape);
                done.map_err(|failed| self.error(failed, order.symbol))
            }
            Request::Cancel(id, symbol) => {
                let open = self.books[symbol.index()].cancel(id);
                tape.report(
                    id,
                    symbol,
                    if open { ReportKind::Cancelled } else { ReportKind::CancelRejected },
                );
                Ok(())
            }
        }
    }

    /// Applies a tick and appends the fills it causes, at the tick's time; the caller sequences them right
    /// before the tick, and has let all requests arrive that are due at or before it.
    ///
    /// # Errors
    /// [`VenueError`] if a fill's fee is beyond the range of money; the venue is of no use afterwards.
    #[inline]
    pub fn on_tick(&mut self, tick: &Event, out: &mut Vec<Event>) -> Result<(), VenueError> {
        debug_assert!(tick.kind.is_tick(), "the venue applies ticks");
        debug_assert!(self.next_arrival() > tick.ts, "what is due arrives before the tick applies");
        let book = &mut self.books[tick.symbol.index()];
        if tick.kind == Kind::QUOTE {
            book.stand(&tick.as_quote());
        }
        if book.is_idle() { Ok(()) } else { self.serve(tick, out) }
    }

    /// The run ends: appends an expiry for every order open or in flight, in the order of their ids.
    pub fn expire(&mut self, now: Nanos, out: &mut Vec<Event>) {
        let in_flight = self.flights.drain(..).filter_map(|flight| match flight.request {
            Request::Submit(order) => Some(order),
            Request::Cancel(..) => None,
        });
        let mut orders: Vec<Order> = in_flight.chain(self.books.iter_mut().flat_map(Book::drain)).collect();
        orders.sort_unstable_by_key(|order| order.id);
        let mut tape = Tape { config: &self.config, fills: &mut self.fills, ts: now, out };
        for order in orders {
            tape.report(order.id, order.symbol, ReportKind::Expired);
        }
    }

    /// How many orders are open in books; those in flight are not counted.
    pub fn open_orders(&self) -> usize {
        self.books.iter().map(Book::open_orders).sum()
    }

    /// Hash of quotes, open orders, requests in flight and the fill counter.
    pub fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        self.books.iter().for_each(|book| book.hash(&mut hash));
        for flight in &self.flights {
            hash.words(&[flight.arrival.0 as u64]);
            match flight.request {
                Request::Submit(order) => hash.events(&[order.to_event()]),
                Request::Cancel(id, symbol) => hash.words(&[u64::from(id.0), u64::from(symbol.0)]),
            }
        }
        hash.words(&[u64::from(self.fills)]);
        hash.value()
    }

    /// What is in flight and arrives after `arrival`, the last first: a request of that arrival overtakes it.
    fn in_flight_after(&self, arrival: Nanos) -> impl Iterator<Item = &Flight> {
        self.flights.iter().rev().take_while(move |flight| flight.arrival > arrival)
    }

    #[inline(never)]
    fn serve(&mut self, tick: &Event, out: &mut Vec<Event>) -> Result<(), VenueError> {
        let mut tape = Tape { config: &self.config, fills: &mut self.fills, ts: tick.ts, out };
        let book = &mut self.books[tick.symbol.index()];
        let done = if tick.kind == Kind::QUOTE {
            book.serve_quote(&mut tape)
        } else {
            book.serve_print(&tick.as_trade(), &mut tape)
        };
        done.map_err(|failed| self.error(failed, tick.symbol))
    }

    #[cold]
    fn error(&self, failed: FeeFailed, symbol: SymbolId) -> VenueError {
        VenueError::FeeOverflow { order: failed.0, symbol: self.symbols.name(symbol).to_owned() }
    }
}
