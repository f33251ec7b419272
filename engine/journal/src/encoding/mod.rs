//! Events as bytes, compact and exact.
//!
//! Why: 64 bytes a tick would be four times what the disk need write. Most of a tick is known from the one before it:
//! what is written is the difference to a prediction, so an ordinary trade takes 10 to 14 bytes. Every bit pattern of
//! an event comes back exactly, sensible or not.
//! Predictions start anew with each frame, so that a frame is read without those before it.
//!
//! An event is, in this order:
//!
//! | part | when |
//! | --- | --- |
//! | control, 2 bytes: bits 0–2 kind, 3 other symbol, 4–5 flags, 6–15 two bits for each word | always |
//! | kind, mask: 1 byte each | kind 0: all that the other codes do not say |
//! | sequence number, difference | mask bit 0 |
//! | detail, whole | mask bit 1 |
//! | symbol + 1, wrapping | control bit 3 |
//! | engine time, difference to the event before | always |
//! | flags, 1 byte | flags code 3; 0, 1 and 2 stand for 0, 1 and 255 |
//! | a word's difference | word code 1; of code 2 in millions; 0 is as predicted, 3 is `i64::MIN` |
//!
//! Not here: frames and their checksums (`frame`).

mod decode;
mod encode;
mod predict;
mod varint;

pub(crate) use decode::decode_events;
pub(crate) use encode::{EVENT_BYTES_MAX, Encoder};
pub(crate) use predict::Predictor;

use model::Kind;

/// Kinds by their code in the control; code 0 is for all others.
const KINDS: [Kind; 8] =
    [Kind::NONE, Kind::TRADE, Kind::QUOTE, Kind::TIMER, Kind::REPORT, Kind::FILL, Kind::ORDER, Kind::CANCEL];

const CONTROL_SYMBOL: u16 = 1 << 3;
const CONTROL_FLAGS_SHIFT: u16 = 4;
const CONTROL_WORDS_SHIFT: u16 = 6;

/// Flags by their code; code 3 is for all others.
const FLAGS: [u8; 3] = [0, 1, 0xff];
const FLAGS_OTHER: u16 = 3;

const WORD_PREDICTED: u16 = 0;
const WORD_DIFFERENCE: u16 = 1;
const WORD_MILLIONS: u16 = 2;
const WORD_MIN: u16 = 3;

/// Prices and sizes of most markets are multiples of this many units of 1e-9.
const MILLION: i64 = 1_000_000;

const MASK_SEQ: u8 = 1;
const MASK_DETAIL: u8 = 2;

#[cfg(test)]
mod tests;
