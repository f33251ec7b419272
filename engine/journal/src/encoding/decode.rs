//! Reading events.

use super::predict::Predictor;
use super::varint::{get, unzigzag};
use super::{
    CONTROL_FLAGS_SHIFT, CONTROL_SYMBOL, CONTROL_WORDS_SHIFT, FLAGS, FLAGS_OTHER, KINDS, MASK_DETAIL,
    MASK_SEQ, MILLION, WORD_DIFFERENCE, WORD_MILLIONS, WORD_PREDICTED,
};
use model::{Event, Kind, Nanos, SymbolId};

/// Reads a frame's events into `out`, which is emptied first. `false` if the bytes are not exactly `count` events
/// and fewer than eight zeros; what is in `out` then has no meaning.
pub fn decode_events(
    predictor: &mut Predictor,
    bytes: &[u8],
    next_seq: u64,
    count: usize,
    out: &mut Vec<Event>,
) -> bool {
    out.clear();
    // Every event takes bytes: what a number claims is never allocated.
    if count > bytes.len() {
        return false;
    }
    out.reserve(count);
    predictor.begin(next_seq);
    let mut at = 0;
    for _ in 0..count {
        let Some(event) = decode_event(predictor, bytes, &mut at) else { return false };
        predictor.learn(&event);
        out.push(event);
    }
    bytes.len() - at < 8 && bytes[at..].iter().all(|byte| *byte == 0)
}

#[inline]
fn decode_event(predictor: &Predictor, bytes: &[u8], at: &mut usize) -> Option<Event> {
    let control = u16::from_le_bytes(bytes.get(*at..*at + 2)?.try_into().expect("two bytes"));
    *at += 2;
    let mut kind = KINDS[usize::from(control & 7)];
    let mut mask = 0;
    if control & 7 == 0 {
        let extended = bytes.get(*at..*at + 2)?;
        (kind, mask) = (Kind(extended[0]), extended[1]);
        *at += 2;
    }
    let mut seq = predictor.seq(kind);
    if mask & MASK_SEQ != 0 {
        seq = seq.wrapping_add(unzigzag(get(bytes, at)?) as u64);
    }
    let mut detail = Predictor::detail(kind);
    if mask & MASK_DETAIL != 0 {
        detail = u16::try_from(get(bytes, at)?).ok()?;
    }
    let mut symbol = predictor.symbol;
    if control & CONTROL_SYMBOL != 0 {
        symbol = u32::try_from(get(bytes, at)?).ok()?.wrapping_sub(1);
    }
    let ts = predictor.ts.wrapping_add(unzigzag(get(bytes, at)?));
    let flags_code = control >> CONTROL_FLAGS_SHIFT & 3;
    let flags = if flags_code == FLAGS_OTHER {
        let flags = *bytes.get(*at)?;
        *at += 1;
        flags
    } else {
        FLAGS[usize::from(flags_code)]
    };
    let mut event =
        Event { seq, ts: Nanos(ts), symbol: SymbolId(symbol), kind, flags, detail, words: [0; 5] };
    event.words = predictor.words(&event);
    let mut codes = control >> CONTROL_WORDS_SHIFT;
    for word in &mut event.words {
        match codes & 3 {
            WORD_PREDICTED => {}
            WORD_DIFFERENCE => *word = word.wrapping_add(unzigzag(get(bytes, at)?)),
            WORD_MILLIONS => *word = word.wrapping_add(unzigzag(get(bytes, at)?).wrapping_mul(MILLION)),
            _ => *word = i64::MIN,
        }
        codes >>= 2;
    }
    Some(event)
}
