//! What happened, handed to a recorder beside the hot path.
//!
//! Frames are copied into batches of slots, as they cross a ring (`wire`); emptied batches come back. Nothing
//! is allocated after warm-up, whatever the sizes of the frames. A recorder that is slow holds the engine
//! back; nothing is dropped.

use crate::wire::{Decoder, Item, Slot, encode};
use crossbeam::channel::{Receiver, Sender, bounded};
use model::Frame;

/// Slots after which a batch is handed over: 256 KiB.
const SLOTS: usize = 4096;
/// Batches there are.
const BATCHES: usize = 8;

type Batch = Vec<Slot>;

/// The engine's end.
#[derive(Debug)]
pub struct Tap {
    batch: Batch,
    scratch: Vec<u64>,
    full: Sender<Batch>,
    empty: Receiver<Batch>,
}

/// The recorder's end.
#[derive(Debug)]
pub struct TapEnd {
    full: Receiver<Batch>,
    empty: Sender<Batch>,
}

/// Both ends.
pub fn tap() -> (Tap, TapEnd) {
    let (full, from_engine) = bounded(BATCHES);
    let (to_engine, empty) = bounded(BATCHES);
    // Room for a frame of that size on top, so that a batch seldom grows.
    let batch = || Vec::with_capacity(2 * SLOTS);
    for _ in 1..BATCHES {
        to_engine.send(batch()).expect("the channel has room for every batch");
    }
    let tap = Tap { batch: batch(), scratch: Vec::with_capacity(8 * SLOTS), full, empty };
    (tap, TapEnd { full: from_engine, empty: to_engine })
}

/// The recorder is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecorderGone;

impl Tap {
    /// Hands a frame over.
    pub(crate) fn record(&mut self, frame: &Frame) -> Result<(), RecorderGone> {
        encode(frame, 0, &mut self.scratch, &mut self.batch);
        if self.batch.len() < SLOTS { Ok(()) } else { self.flush() }
    }

    /// Hands over what there is.
    pub(crate) fn flush(&mut self) -> Result<(), RecorderGone> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let empty = self.empty.recv().map_err(|_| RecorderGone)?;
        let full = std::mem::replace(&mut self.batch, empty);
        self.full.send(full).map_err(|_| RecorderGone)
    }
}

impl TapEnd {
    /// Calls `record` for every frame in order, until the engine's end is gone.
    ///
    /// # Errors
    /// The first error of `record`; the engine then stops too.
    pub fn drain<E>(self, mut record: impl FnMut(&Frame) -> Result<(), E>) -> Result<(), E> {
        let (mut decoder, mut frame) = (Decoder::default(), Frame::default());
        while let Ok(mut batch) = self.full.recv() {
            for slot in &batch {
                if let Item::Frame { .. } = decoder.push(slot, &mut frame) {
                    record(&frame)?;
                }
            }
            batch.clear();
            // The engine's end may be gone already; then nobody needs the batch.
            let _ = self.empty.send(batch);
        }
        Ok(())
    }
}
