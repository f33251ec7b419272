//! Where a run's venue is: in this process, or in one of its own (`paper`).
//!
//! One type for both, so that every strategy's engine is compiled once and not per place; which of the two is one
//! branch per tick that always goes the same way.
//! Not here: matching (`matching`), the wire (`paper`).

use matching::{Delivery, Exchange, Handed, Venue, VenueError};
use model::state::{StateError, StateReader};
use model::{Event, Nanos, Order, OrderId, SymbolId};
use paper::Client;

/// The venue of a run.
pub enum RunVenue {
    /// Matching in this process.
    Here(Venue),
    /// Another process.
    There(Box<Client>),
}

/// Says the same to whichever it is.
macro_rules! either {
    ($run_venue:expr, $said:ident($($argument:expr),*)) => {
        match $run_venue {
            RunVenue::Here(venue) => Exchange::$said(venue, $($argument),*),
            RunVenue::There(client) => Exchange::$said(client.as_mut(), $($argument),*),
        }
    };
}

impl Exchange for RunVenue {
    fn submit(&mut self, order: &Order, delivery: Delivery) -> Result<Handed, VenueError> {
        either!(self, submit(order, delivery))
    }

    fn cancel(&mut self, id: OrderId, symbol: SymbolId, ts: Nanos) -> Result<(), VenueError> {
        either!(self, cancel(id, symbol, ts))
    }

    #[inline]
    fn next_arrival(&self) -> Nanos {
        match self {
            Self::Here(venue) => venue.next_arrival(),
            Self::There(client) => client.next_arrival(),
        }
    }

    fn arrive(&mut self, answers: &mut Vec<Event>) -> Result<(), VenueError> {
        either!(self, arrive(answers))
    }

    #[inline]
    fn on_tick(&mut self, tick: &Event, answers: &mut Vec<Event>) -> Result<(), VenueError> {
        either!(self, on_tick(tick, answers))
    }

    fn expire(&mut self, now: Nanos, answers: &mut Vec<Event>) -> Result<(), VenueError> {
        either!(self, expire(now, answers))
    }

    fn restore(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        either!(self, restore(from))
    }

    fn state_hash(&mut self) -> Result<u128, VenueError> {
        either!(self, state_hash())
    }
}
