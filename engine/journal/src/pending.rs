//! What was appended and is not written yet: frames without their headers.
//!
//! A header names the frame's place in its file, which is known when it is written.
//! Not here: files.

use crate::encoding::Encoder;
use crate::frame::{self, kind};
use model::Event;

/// Events in a frame, at most.
pub(crate) const FRAME_EVENTS_MAX: u16 = 16_384;
/// Payload at which a frame is ended, in bytes.
const FRAME_BYTES_FULL: usize = 1 << 18;

const _: () = assert!(
    FRAME_BYTES_FULL + crate::encoding::EVENT_BYTES_MAX + 64 < frame::SEGMENT_PAYLOAD_MAX as usize,
    "a full frame is one that readers take"
);

/// A frame that waits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PendingFrame {
    /// Where it stands in [`Pending::bytes`].
    pub start: usize,
    pub end: usize,
    pub next_seq: u64,
    pub events: u16,
    pub inputs: u16,
}

/// Frames that wait to be written.
#[derive(Debug)]
pub(crate) struct Pending {
    pub bytes: Vec<u8>,
    pub frames: Vec<PendingFrame>,
    encoder: Encoder,
    /// Whether the last frame takes more events.
    is_open: bool,
}

impl Pending {
    pub fn new() -> Self {
        Self { bytes: Vec::new(), frames: Vec::new(), encoder: Encoder::new(), is_open: false }
    }

    /// Adds an event; `next_seq` is the number of the next input, this one if it is one.
    #[inline]
    pub fn push(&mut self, event: &Event, next_seq: u64) {
        if !self.is_open {
            self.begin(kind::EVENTS, next_seq);
            self.encoder.begin(next_seq);
            self.is_open = true;
        }
        self.encoder.encode(event, &mut self.bytes);
        let frame = self.frames.last_mut().expect("a frame is open");
        frame.events += 1;
        frame.inputs += u16::from(event.kind.is_input());
        if frame.events == FRAME_EVENTS_MAX || self.bytes.len() - frame.start >= FRAME_BYTES_FULL {
            self.end();
        }
    }

    /// Adds a frame of its own without events.
    pub fn mark(&mut self, kind: u8, payload: &[u8], next_seq: u64) {
        self.end();
        self.begin(kind, next_seq);
        self.bytes.extend_from_slice(payload);
        self.is_open = true;
        self.end();
    }

    fn begin(&mut self, kind: u8, next_seq: u64) {
        let start = frame::begin(&mut self.bytes, kind);
        self.frames.push(PendingFrame { start, end: start, next_seq, events: 0, inputs: 0 });
    }

    /// Ends the frame that is open, if one is.
    pub fn end(&mut self) {
        if self.is_open {
            frame::end(&mut self.bytes);
            self.frames.last_mut().expect("a frame is open").end = self.bytes.len();
            self.is_open = false;
        }
    }

    /// Forgets everything: it was written.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
    }
}
