//! Ticks to time bars.
//!
//! Why: every later stage works on bars, so the rules for opening, filling and closing one live here, once.
//! A tick touches only the shortest timeframes; a longer one whose length is a multiple is rolled up from
//! the closed shorter bars, which gives the same integers. Bars close when the sequencer's timer says so,
//! never because a tick happens to be later: [`Boundaries`] tells the sequencer which timers there must be.
//! Not here: indicators over bars (`indicators`), keeping bars (`report`).

mod boundaries;
mod partial;
mod stage;

pub use boundaries::{Boundaries, TimerMask};
pub use stage::{Bars, BarsConfig, BarsConfigError, Fill, TIMEFRAMES_MAX};
