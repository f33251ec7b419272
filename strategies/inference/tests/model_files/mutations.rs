//! Bytes that are not a model file, and files that were one: loading them never panics.

use crate::files::{expected, load_bytes, model, sha256};
use inference::Expected;
use proptest::prelude::*;

/// Loads the bytes as what their hash says; a mutation that changes nothing that matters may be accepted.
fn try_to_load(bytes: &[u8]) {
    if let Err(error) = load_bytes(bytes) {
        assert!(!error.to_string().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(load_bytes(&bytes).is_err());
    }

    #[test]
    fn any_header(text in "[\\[\\]{}\":,0-9a-z_ .-]{0,120}", data in prop::collection::vec(any::<u8>(), 0..64)) {
        let bytes = [&(text.len() as u64).to_le_bytes(), text.as_bytes(), &data].concat();
        prop_assert!(load_bytes(&bytes).is_err());
    }

    #[test]
    fn changed_bytes(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut bytes = model().to_bytes();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        try_to_load(&bytes);
    }

    /// In the header, where a change is most likely to be understood as something else.
    #[test]
    fn changed_headers(changes in prop::collection::vec((any::<prop::sample::Index>(), 0x20_u8..0x7F), 1..4)) {
        let mut bytes = model().to_bytes();
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        for (place, value) in changes {
            bytes[8 + place.index(length)] = value;
        }
        try_to_load(&bytes);
    }

    #[test]
    fn cut_and_doubled(
        start in any::<prop::sample::Index>(),
        end in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut bytes = model().to_bytes();
        let (start, end) = (start.index(bytes.len()), end.index(bytes.len()));
        let range = start.min(end)..start.max(end);
        let part = bytes[range.clone()].to_vec();
        if is_cut {
            bytes.drain(range);
        } else {
            bytes.splice(range.end..range.end, part);
        }
        try_to_load(&bytes);
    }

    /// Whatever is changed, the configured hash of the whole file does not accept it.
    #[test]
    fn no_change_passes_the_hash(place in any::<prop::sample::Index>(), change in 1_u8..=255) {
        let whole = model().to_bytes();
        let mut bytes = whole.clone();
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        let expecting = Expected { sha256: sha256(&whole), ..expected(&whole) };
        prop_assert!(inference::load(&crate::files::Place::new(&bytes).path, &expecting).is_err());
    }
}
