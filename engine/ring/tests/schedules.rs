//! The crate's atomics under random schedules: no lost wake-up, nothing finished before what it caused.
#![cfg(feature = "shuttle")]

use ring::{Progress, Signal, Wait};
use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::{check_random, thread};
use std::sync::Arc;

const SCHEDULES: usize = 20_000;

#[test]
fn a_sleeper_is_always_woken() {
    check_random(
        || {
            let signal = Arc::new(Signal::new());
            let published = Arc::new(AtomicU64::new(0));
            let (waker, source) = (Arc::clone(&signal), Arc::clone(&published));
            let producer = thread::spawn(move || {
                for item in 1..=3 {
                    source.store(item, Ordering::Release);
                    waker.wake();
                }
            });
            // A lost wake-up would leave this thread parked for ever, which shuttle reports as a deadlock.
            for item in 1..=3 {
                signal.sleep_until(|| published.load(Ordering::Acquire) >= item);
            }
            producer.join().unwrap();
        },
        SCHEDULES,
    );
}

#[test]
fn who_sees_a_finished_sequence_sees_its_orders() {
    check_random(
        || {
            let progress = Arc::new(Progress::new());
            let orders = Arc::new(AtomicU64::new(0));
            let (done, sent) = (Arc::clone(&progress), Arc::clone(&orders));
            let consumer = thread::spawn(move || {
                for sequence in 1..=3 {
                    sent.store(sequence * 10, Ordering::Relaxed);
                    done.finish(sequence, Wait::Block);
                }
            });
            for sequence in 1..=3 {
                progress.sleep_until(sequence);
                assert!(orders.load(Ordering::Relaxed) >= sequence * 10);
            }
            consumer.join().unwrap();
        },
        SCHEDULES,
    );
}

#[test]
fn two_wakers_and_one_sleeper() {
    check_random(
        || {
            let signal = Arc::new(Signal::new());
            let count = Arc::new(AtomicU64::new(0));
            let wakers: Vec<_> = (0..2)
                .map(|_| {
                    let (signal, count) = (Arc::clone(&signal), Arc::clone(&count));
                    thread::spawn(move || {
                        count.fetch_add(1, Ordering::AcqRel);
                        signal.wake();
                    })
                })
                .collect();
            signal.sleep_until(|| count.load(Ordering::Acquire) == 2);
            wakers.into_iter().for_each(|waker| waker.join().unwrap());
        },
        SCHEDULES,
    );
}
