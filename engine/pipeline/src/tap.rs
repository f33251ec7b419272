//! What happened, handed to a recorder beside the hot path.
//!
//! Frames are moved in batches by swapping, and come back empty: nothing is copied or allocated after
//! warm-up. A recorder that is slow holds the engine back; nothing is dropped.

use crossbeam::channel::{Receiver, Sender, bounded};
use model::Frame;

/// Frames in a batch.
const FRAMES_MAX: usize = 256;
/// Batches in flight.
const BATCHES_MAX: usize = 16;

/// Some frames, in order.
#[derive(Debug)]
pub struct FrameBatch {
    frames: Vec<Frame>,
    len: usize,
}

impl FrameBatch {
    fn new() -> Self {
        Self { frames: vec![Frame::default(); FRAMES_MAX], len: 0 }
    }

    /// The frames.
    pub fn frames(&self) -> &[Frame] {
        &self.frames[..self.len]
    }
}

/// The engine's end.
#[derive(Debug)]
pub struct Tap {
    batch: FrameBatch,
    full: Sender<FrameBatch>,
    empty: Receiver<FrameBatch>,
}

/// The recorder's end.
#[derive(Debug)]
pub struct TapEnd {
    full: Receiver<FrameBatch>,
    empty: Sender<FrameBatch>,
}

/// Both ends.
pub fn tap() -> (Tap, TapEnd) {
    let (full, from_engine) = bounded(BATCHES_MAX);
    let (to_engine, empty) = bounded(BATCHES_MAX);
    for _ in 0..BATCHES_MAX - 1 {
        to_engine.send(FrameBatch::new()).expect("the channel has room for every batch");
    }
    let tap = Tap { batch: FrameBatch::new(), full, empty };
    (tap, TapEnd { full: from_engine, empty: to_engine })
}

/// The recorder is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecorderGone;

impl Tap {
    /// Hands a frame over; `frame` is an empty one afterwards.
    pub(crate) fn record(&mut self, frame: &mut Frame) -> Result<(), RecorderGone> {
        std::mem::swap(&mut self.batch.frames[self.batch.len], frame);
        frame.clear();
        self.batch.len += 1;
        if self.batch.len == FRAMES_MAX { self.flush() } else { Ok(()) }
    }

    /// Hands over what there is.
    pub(crate) fn flush(&mut self) -> Result<(), RecorderGone> {
        if self.batch.len > 0 {
            let empty = self.empty.recv().map_err(|_| RecorderGone)?;
            let full = std::mem::replace(&mut self.batch, empty);
            self.full.send(full).map_err(|_| RecorderGone)?;
        }
        Ok(())
    }
}

impl TapEnd {
    /// Calls `record` for every frame in order, until the engine's end is gone.
    ///
    /// # Errors
    /// The first error of `record`; the engine then stops too.
    pub fn drain<E>(self, mut record: impl FnMut(&Frame) -> Result<(), E>) -> Result<(), E> {
        while let Ok(mut batch) = self.full.recv() {
            for frame in batch.frames() {
                record(frame)?;
            }
            batch.len = 0;
            // The engine's end may be gone already; then nobody needs the batch.
            let _ = self.empty.send(batch);
        }
        Ok(())
    }
}
