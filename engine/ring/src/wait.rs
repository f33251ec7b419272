//! How a thread waits for another one.
//!
//! Spinning is fastest and burns a core. With fewer cores than spinning threads it is ruinous: the thread
//! that has the work waits for a core that a spinner holds. Then waits must yield or block.

use crate::sync::yield_now;

/// How to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Poll without pause. One core per thread.
    Spin,
    /// Poll a little, then offer the core to others.
    Yield,
    /// Poll a little, then sleep until woken.
    Block,
}

/// Polls before a waiting thread yields or sleeps.
const SPINS_MAX: u32 = 64;
/// Yields before a blocking thread sleeps.
const YIELDS_MAX: u32 = 8;

/// One wait: what to do at each unsuccessful poll.
#[derive(Debug, Default)]
pub struct Waiter {
    polls: u32,
}

impl Waiter {
    /// A wait that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts over, after a successful poll.
    #[inline]
    pub fn reset(&mut self) {
        self.polls = 0;
    }

    /// Passes a moment; `sleep` puts the thread to sleep until its condition may hold.
    #[inline]
    pub fn idle(&mut self, wait: Wait, sleep: impl FnOnce()) {
        self.polls = self.polls.saturating_add(1);
        match wait {
            // The pause leaves the cache line to its writer: without it a round trip took 1.2 to 1.5 times as long.
            Wait::Spin => std::hint::spin_loop(),
            _ if self.polls <= SPINS_MAX => std::hint::spin_loop(),
            Wait::Yield => yield_now(),
            Wait::Block if self.polls <= SPINS_MAX + YIELDS_MAX => yield_now(),
            Wait::Block => sleep(),
        }
    }
}
