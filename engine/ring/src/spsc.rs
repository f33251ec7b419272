//! A ring from one thread to one other, published and read in batches.
//!
//! The slots are the `disruptor` crate's; a [`Sender`] waits for room and a [`Receiver`] for items by the
//! ring's [`Wait`] strategy. Either end notices when the other is gone: a panic on one thread must not
//! leave the other waiting.

use crate::sync::{AtomicBool, Ordering};
use crate::{Signal, Wait, Waiter};
use disruptor::{
    BusySpin, EventPoller, Polling, Producer, SingleConsumerBarrier, SingleProducer, SingleProducerBarrier,
    build_single_producer,
};
use std::fmt;
use std::sync::Arc;

/// The other end is gone: its thread has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnected;

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the thread at the other end of a ring has ended")
    }
}

impl std::error::Error for Disconnected {}

#[derive(Debug, Default)]
struct Shared {
    items: Signal,
    sender_gone: AtomicBool,
    receiver_gone: AtomicBool,
}

/// The writing end.
pub struct Sender<T: Send + Sync + 'static> {
    /// Taken on drop, so that the ring is shut before the receiver is woken.
    producer: Option<SingleProducer<T, SingleConsumerBarrier>>,
    shared: Arc<Shared>,
    capacity: usize,
    wait: Wait,
}

/// The reading end.
pub struct Receiver<T: Send + Sync + 'static> {
    poller: EventPoller<T, SingleProducerBarrier>,
    shared: Arc<Shared>,
    wait: Wait,
}

/// What a poll found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// So many items were read.
    Items(usize),
    /// There is nothing now.
    Nothing,
    /// There will never be anything again.
    Closed,
}

/// A ring of `capacity` slots, a power of two.
///
/// # Panics
/// If `capacity` is not a power of two.
pub fn ring<T>(capacity: usize, wait: Wait) -> (Sender<T>, Receiver<T>)
where
    T: Copy + Default + Send + Sync + 'static,
{
    assert!(capacity.is_power_of_two(), "a ring has a power of two of slots");
    let (poller, builder) = build_single_producer(capacity, T::default, BusySpin).new_event_poller();
    let shared = Arc::new(Shared::default());
    let sender = Sender { producer: Some(builder.build()), shared: Arc::clone(&shared), capacity, wait };
    (sender, Receiver { poller, shared, wait })
}

impl<T: Copy + Send + Sync + 'static> Sender<T> {
    /// Publishes all items in order, waiting for room; `while_full` runs at each wait.
    ///
    /// # Errors
    /// [`Disconnected`] when the receiver is gone.
    pub fn send(&mut self, items: &[T], mut while_full: impl FnMut()) -> Result<(), Disconnected> {
        for part in items.chunks(self.capacity / 2 + 1) {
            let mut waiter = Waiter::new();
            while !self.try_send(part) {
                if self.shared.receiver_gone.load(Ordering::Acquire) {
                    return Err(Disconnected);
                }
                while_full();
                // A sender that is needed elsewhere must not sleep: it yields instead of blocking.
                waiter.idle(self.wait, crate::sync::yield_now);
            }
        }
        Ok(())
    }

    /// Publishes all items as one batch if there is room for them now.
    #[inline]
    pub fn try_send(&mut self, items: &[T]) -> bool {
        if items.is_empty() {
            return true;
        }
        let producer = self.producer.as_mut().expect("a sender has its producer until it is dropped");
        let sent = producer.try_batch_publish(items.len(), |slots| {
            slots.zip(items).for_each(|(slot, item)| *slot = *item);
        });
        if sent.is_ok() && self.wait == Wait::Block {
            self.shared.items.wake();
        }
        sent.is_ok()
    }
}

impl<T: Send + Sync + 'static> Drop for Sender<T> {
    fn drop(&mut self) {
        drop(self.producer.take());
        // Release pairs with the acquire in `Receiver::wait`.
        self.shared.sender_gone.store(true, Ordering::Release);
        self.shared.items.wake();
    }
}

impl<T: Copy + Send + Sync + 'static> Receiver<T> {
    /// Reads everything that is there now, in order.
    #[inline]
    pub fn poll(&mut self, mut read: impl FnMut(&T)) -> Received {
        match self.poller.poll() {
            Ok(mut items) => {
                let mut count = 0;
                for item in &mut items {
                    read(item);
                    count += 1;
                }
                drop(items);
                Received::Items(count)
            }
            Err(Polling::NoEvents) => Received::Nothing,
            Err(Polling::Shutdown) => Received::Closed,
        }
    }

    /// Passes a moment until there may be something to read.
    #[inline]
    pub fn wait(&self, waiter: &mut Waiter) {
        waiter.idle(self.wait, || {
            // Acquire pairs with the release in the sender's drop.
            let ready = || self.poller.has_available() || self.shared.sender_gone.load(Ordering::Acquire);
            self.shared.items.sleep_until(ready);
        });
    }
}

impl<T: Send + Sync + 'static> Drop for Receiver<T> {
    fn drop(&mut self) {
        // Release pairs with the acquire in `Sender::send`.
        self.shared.receiver_gone.store(true, Ordering::Release);
    }
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests {
    use super::*;

    fn passes_everything_in_order(wait: Wait, capacity: usize, batch: usize) {
        let (mut sender, mut receiver) = ring::<u64>(capacity, wait);
        let items: Vec<u64> = (0..10_000).collect();
        let expected = items.clone();
        let producer = std::thread::spawn(move || {
            items.chunks(batch).for_each(|part| sender.send(part, || ()).expect("the receiver lives"));
        });
        let (mut seen, mut waiter) = (Vec::new(), Waiter::new());
        loop {
            match receiver.poll(|item| seen.push(*item)) {
                Received::Items(_) => waiter.reset(),
                Received::Nothing => receiver.wait(&mut waiter),
                Received::Closed => break,
            }
        }
        producer.join().expect("the producer ends well");
        assert_eq!(seen, expected, "{wait:?}, {capacity} slots, batches of {batch}");
    }

    #[test]
    fn every_wait_strategy_passes_everything_in_order() {
        for wait in [Wait::Spin, Wait::Yield, Wait::Block] {
            for (capacity, batch) in [(1024, 100), (2, 1), (64, 1000)] {
                passes_everything_in_order(wait, capacity, batch);
            }
        }
    }

    #[test]
    fn a_sender_notices_that_the_receiver_is_gone() {
        let (mut sender, receiver) = ring::<u64>(2, Wait::Block);
        drop(receiver);
        assert_eq!(sender.send(&[1, 2, 3, 4, 5], || ()), Err(Disconnected));
    }
}
