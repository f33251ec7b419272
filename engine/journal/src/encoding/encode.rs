//! Writing events.

use super::predict::Predictor;
use super::varint::{VARINT_BYTES_MAX, put, zigzag};
use super::{
    CONTROL_FLAGS_SHIFT, CONTROL_SYMBOL, CONTROL_WORDS_SHIFT, FLAGS, FLAGS_OTHER, KINDS, MASK_DETAIL,
    MASK_SEQ, MILLION, WORD_DIFFERENCE, WORD_MILLIONS, WORD_MIN, WORD_PREDICTED,
};
use model::{Event, Kind};

/// Longest encoding of an event, in bytes: control, kind, mask, flags; number, detail, symbol, time, five words.
pub const EVENT_BYTES_MAX: usize = 5 + 9 * VARINT_BYTES_MAX;

/// Writes the events of one frame after the other.
#[derive(Debug)]
pub struct Encoder {
    predictor: Predictor,
    scratch: [u8; EVENT_BYTES_MAX],
}

impl Encoder {
    /// Ready for a first frame.
    pub fn new() -> Self {
        Self { predictor: Predictor::new(), scratch: [0; EVENT_BYTES_MAX] }
    }

    /// Begins a frame whose first input has this number.
    pub fn begin(&mut self, next_seq: u64) {
        self.predictor.begin(next_seq);
    }

    /// Appends an event to the frame's bytes.
    #[inline]
    pub fn encode(&mut self, event: &Event, out: &mut Vec<u8>) {
        let (scratch, predictor) = (&mut self.scratch, &self.predictor);
        let mut at = 2;
        let mut control = header(event, predictor, scratch, &mut at);
        for (nth, (word, predicted)) in (0..).zip(event.words.iter().zip(predictor.words(event))) {
            let code = put_word(scratch, &mut at, *word, predicted);
            control |= code << (CONTROL_WORDS_SHIFT + 2 * nth);
        }
        scratch[..2].copy_from_slice(&control.to_le_bytes());
        out.extend_from_slice(&scratch[..at]);
        self.predictor.learn(event);
    }
}

/// Writes all but the words; gives the control's bits for it.
#[inline]
fn header(event: &Event, predictor: &Predictor, scratch: &mut [u8], at: &mut usize) -> u16 {
    let mut control = kind_code(event.kind);
    let predicted = predictor.seq(event.kind);
    let detail = Predictor::detail(event.kind);
    if control == 0 || event.seq != predicted || event.detail != detail {
        control = 0;
        let mask = if event.seq == predicted { 0 } else { MASK_SEQ }
            | if event.detail == detail { 0 } else { MASK_DETAIL };
        scratch[*at..*at + 2].copy_from_slice(&[event.kind.0, mask]);
        *at += 2;
        if mask & MASK_SEQ != 0 {
            put(scratch, at, zigzag(event.seq.wrapping_sub(predicted) as i64));
        }
        if mask & MASK_DETAIL != 0 {
            put(scratch, at, event.detail.into());
        }
    }
    if event.symbol.0 != predictor.symbol {
        control |= CONTROL_SYMBOL;
        put(scratch, at, event.symbol.0.wrapping_add(1).into());
    }
    put(scratch, at, zigzag(event.ts.0.wrapping_sub(predictor.ts)));
    let flags = match event.flags {
        flags if flags == FLAGS[0] => 0,
        flags if flags == FLAGS[1] => 1,
        flags if flags == FLAGS[2] => 2,
        other => {
            scratch[*at] = other;
            *at += 1;
            FLAGS_OTHER
        }
    };
    control | flags << CONTROL_FLAGS_SHIFT
}

/// The kind's code; 0 if it has none.
#[inline]
fn kind_code(kind: Kind) -> u16 {
    match kind {
        Kind::TRADE => 1,
        Kind::QUOTE => 2,
        _ => (1..).zip(&KINDS[1..]).find(|(_, known)| **known == kind).map_or(0, |(code, _)| code),
    }
}

/// Writes a word; gives its code.
#[inline]
fn put_word(scratch: &mut [u8], at: &mut usize, word: i64, predicted: i64) -> u16 {
    let difference = word.wrapping_sub(predicted);
    if difference == 0 {
        return WORD_PREDICTED;
    }
    if word == i64::MIN {
        return WORD_MIN;
    }
    let millions = difference / MILLION;
    let (code, value) = if millions * MILLION == difference {
        (WORD_MILLIONS, millions)
    } else {
        (WORD_DIFFERENCE, difference)
    };
    put(scratch, at, zigzag(value));
    code
}
