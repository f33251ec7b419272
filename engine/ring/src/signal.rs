//! Sleeping until another thread has done something, without a lock where nobody sleeps.
//!
//! Why: a ring's publication is one atomic store. Who sleeps must be woken, but a producer must not pay
//! for a wake-up that nobody waits for: it pays a fence and a load.
//! Not here: what is waited for; the caller gives it as a condition.

use crate::sync::{AtomicBool, Mutex, Ordering, Thread, current, fence, park};

/// One thread may sleep on it; any thread may wake it.
#[derive(Debug, Default)]
pub struct Signal {
    sleeping: AtomicBool,
    sleeper: Mutex<Option<Thread>>,
}

impl Signal {
    /// Nobody sleeps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sleeps until `ready` holds. Whoever makes it hold must call [`Signal::wake`] afterwards.
    pub fn sleep_until(&self, ready: impl Fn() -> bool) {
        while !ready() {
            *self.sleeper.lock().expect("a sleeper's lock is never poisoned") = Some(current());
            self.sleeping.store(true, Ordering::Relaxed);
            // Pairs with the fence in `wake`: either we see the condition hold, or the waker sees us sleep.
            fence(Ordering::SeqCst);
            if ready() {
                self.sleeping.store(false, Ordering::Relaxed);
                return;
            }
            // Acquire pairs with the release in `wake`.
            while self.sleeping.load(Ordering::Acquire) {
                park();
            }
        }
    }

    /// Wakes the sleeper, if there is one, after making its condition hold.
    #[inline]
    pub fn wake(&self) {
        // Pairs with the fence in `sleep_until`.
        fence(Ordering::SeqCst);
        if self.sleeping.load(Ordering::Relaxed) {
            self.wake_sleeper();
        }
    }

    #[cold]
    fn wake_sleeper(&self) {
        let sleeper = self.sleeper.lock().expect("a sleeper's lock is never poisoned").clone();
        // Release pairs with the acquire in `sleep_until`.
        self.sleeping.store(false, Ordering::Release);
        if let Some(sleeper) = sleeper {
            sleeper.unpark();
        }
    }
}
