//! Frames as bytes, to be kept in a file and read back to the same bits.
//!
//! The layout is that of a frame on its way over a ring (`wire`), slot after slot.
//! Not here: files.

use crate::wire::{Decoder, Item, Slot, encode};
use model::Frame;

/// Turns frames into bytes.
#[derive(Debug, Default)]
pub struct FrameWriter {
    scratch: Vec<u64>,
    slots: Vec<Slot>,
}

impl FrameWriter {
    /// The bytes of a frame.
    pub fn bytes(&mut self, frame: &Frame) -> &[u8] {
        self.slots.clear();
        encode(frame, 0, &mut self.scratch, &mut self.slots);
        bytemuck::cast_slice(&self.slots)
    }
}

/// Turns bytes back into frames.
#[derive(Debug, Default)]
pub struct FrameReader {
    decoder: Decoder,
    frame: Frame,
}

impl FrameReader {
    /// The frame of some bytes that [`FrameWriter::bytes`] gave; `None` if they are not a whole frame.
    pub fn frame(&mut self, bytes: &[u8]) -> Option<&Frame> {
        let slots = bytes.chunks_exact(size_of::<Slot>());
        if !slots.remainder().is_empty() {
            return None;
        }
        let mut whole = false;
        for slot in slots {
            let slot: Slot = bytemuck::pod_read_unaligned(slot);
            whole = matches!(self.decoder.push(&slot, &mut self.frame), Item::Frame { .. });
        }
        whole.then_some(&self.frame)
    }
}
