//! The venue as the sequencer needs it, whatever stands behind: matching in this process, or another process.
//!
//! A request may be told again: a run that was cut and is continued goes through what it had done before, and an
//! order that may have left must never leave twice. Who keeps orders on its side answers for them by their ids.
//! Not here: matching (`venue`), the wire to another process.

use crate::{Venue, VenueError};
use model::state::{State, StateError, StateReader};
use model::{Event, Nanos, Order, OrderId, SymbolId};

/// Whether an order is sent for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It was never sent.
    First,
    /// It may have been sent before the run was cut: the venue is asked for it by its id, and it is not sent again.
    Again {
        /// The session in which it may have been sent.
        session: u32,
    },
}

/// What became of an order that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// The venue has it.
    Over,
    /// The venue was asked for it and never saw it.
    Lost,
}

/// The venue beside the sequencer. Requests come in time order; what is due arrives before a tick applies.
pub trait Exchange {
    /// Hands an order over; it arrives its delay and the latency after `order.ts`.
    ///
    /// # Errors
    /// [`VenueError`] if the venue is gone.
    fn submit(&mut self, order: &Order, delivery: Delivery) -> Result<Handed, VenueError>;

    /// Asks at `ts` to cancel an order.
    ///
    /// # Errors
    /// [`VenueError`] if the venue is gone.
    fn cancel(&mut self, id: OrderId, symbol: SymbolId, ts: Nanos) -> Result<(), VenueError>;

    /// When the next request arrives; [`Nanos::MAX`] if none is in flight.
    fn next_arrival(&self) -> Nanos;

    /// Lets the next request arrive and appends the answers.
    ///
    /// # Errors
    /// [`VenueError`] if the venue cannot go on.
    fn arrive(&mut self, answers: &mut Vec<Event>) -> Result<(), VenueError>;

    /// Applies a tick and appends the fills it causes.
    ///
    /// # Errors
    /// [`VenueError`] if the venue cannot go on.
    fn on_tick(&mut self, tick: &Event, answers: &mut Vec<Event>) -> Result<(), VenueError>;

    /// The run ends: appends an expiry for every order open or in flight.
    ///
    /// # Errors
    /// [`VenueError`] if the venue is gone.
    fn expire(&mut self, now: Nanos, answers: &mut Vec<Event>) -> Result<(), VenueError>;

    /// Restores the state of a venue that was saved, before anything else is said to it.
    ///
    /// # Errors
    /// [`StateError`] if the bytes are not the state of a venue of these instruments.
    fn restore(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError>;

    /// The hash of its state: equal wherever the venue stands.
    ///
    /// # Errors
    /// [`VenueError`] if the venue is gone.
    fn state_hash(&mut self) -> Result<u128, VenueError>;
}

/// In this process nothing is ever lost: the venue is cut and continued with the run.
impl Exchange for Venue {
    fn submit(&mut self, order: &Order, _: Delivery) -> Result<Handed, VenueError> {
        self.submit(*order);
        Ok(Handed::Over)
    }

    fn cancel(&mut self, id: OrderId, symbol: SymbolId, ts: Nanos) -> Result<(), VenueError> {
        self.cancel(id, symbol, ts);
        Ok(())
    }

    #[inline]
    fn next_arrival(&self) -> Nanos {
        self.next_arrival()
    }

    fn arrive(&mut self, answers: &mut Vec<Event>) -> Result<(), VenueError> {
        self.arrive(answers)
    }

    #[inline]
    fn on_tick(&mut self, tick: &Event, answers: &mut Vec<Event>) -> Result<(), VenueError> {
        self.on_tick(tick, answers)
    }

    fn expire(&mut self, now: Nanos, answers: &mut Vec<Event>) -> Result<(), VenueError> {
        self.expire(now, answers);
        Ok(())
    }

    fn restore(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        self.load(from)
    }

    fn state_hash(&mut self) -> Result<u128, VenueError> {
        Ok(Venue::state_hash(self))
    }
}
