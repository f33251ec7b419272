//! Whole numbers in as few bytes as they need: seven bits a byte, lowest first, the top bit set on all but the last.
//!
//! Why without a loop: numbers of up to eight bytes, nearly all of them, are packed and unpacked in a register, so that
//! their lengths, which no branch predictor can guess, cost nothing.
//! Not here: what the numbers mean.

/// Longest encoding of a number, in bytes.
pub const VARINT_BYTES_MAX: usize = 10;

/// The magnitude's bits above the sign's: 0, -1, 1, -2, … become 0, 1, 2, 3, …
#[inline]
pub const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The number of these bits.
#[inline]
pub const fn unzigzag(bits: u64) -> i64 {
    (bits >> 1) as i64 ^ -((bits & 1) as i64)
}

/// Writes a number at `at` and moves `at` behind it. There must be room for [`VARINT_BYTES_MAX`] bytes.
#[inline]
pub fn put(out: &mut [u8], at: &mut usize, mut value: u64) {
    if value < 1 << 56 {
        let bits = 64 - (value | 1).leading_zeros() as usize;
        let len = bits.div_ceil(7);
        // Seven bits of each byte, moved apart by halves.
        let spread = (value & 0x0000_0000_0fff_ffff) | ((value & 0x00ff_ffff_f000_0000) << 4);
        let spread = (spread & 0x0000_3fff_0000_3fff) | ((spread & 0x0fff_c000_0fff_c000) << 2);
        let spread = (spread & 0x007f_007f_007f_007f) | ((spread & 0x3f80_3f80_3f80_3f80) << 1);
        let more = 0x8080_8080_8080_8080 & !(u64::MAX << (8 * (len - 1)));
        out[*at..*at + 8].copy_from_slice(&(spread | more).to_le_bytes());
        *at += len;
        return;
    }
    while value >= 0x80 {
        out[*at] = value as u8 | 0x80;
        *at += 1;
        value >>= 7;
    }
    out[*at] = value as u8;
    *at += 1;
}

/// Reads the number at `at` and moves `at` behind it; `None` where the bytes end within it or it has too many.
#[inline]
pub fn get(bytes: &[u8], at: &mut usize) -> Option<u64> {
    if let Some(eight) = bytes.get(*at..*at + 8) {
        let word = u64::from_le_bytes(eight.try_into().expect("eight bytes"));
        let ends = !word & 0x8080_8080_8080_8080;
        if ends != 0 {
            let bits = ends.trailing_zeros() + 1;
            let spread = word & (u64::MAX >> (64 - bits)) & 0x7f7f_7f7f_7f7f_7f7f;
            let spread = (spread & 0x007f_007f_007f_007f) | ((spread & 0x7f00_7f00_7f00_7f00) >> 1);
            let spread = (spread & 0x0000_3fff_0000_3fff) | ((spread & 0x3fff_0000_3fff_0000) >> 2);
            *at += bits as usize / 8;
            return Some((spread & 0x0000_0000_0fff_ffff) | ((spread & 0x0fff_ffff_0000_0000) >> 4));
        }
    }
    get_slowly(bytes, at)
}

#[cold]
fn get_slowly(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for nth in 0..VARINT_BYTES_MAX {
        let byte = *bytes.get(*at)?;
        *at += 1;
        let part = u64::from(byte & 0x7f);
        if nth == VARINT_BYTES_MAX - 1 && byte > 1 {
            return None;
        }
        value |= part << (7 * nth);
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(value: u64) {
        let mut bytes = [0xaa; 24];
        let mut end = 3;
        put(&mut bytes, &mut end, value);
        let bits = 64 - value.leading_zeros() as usize;
        assert_eq!(end - 3, bits.div_ceil(7).max(1), "{value:#x} is as short as it can be");
        for room in [bytes.len(), end] {
            let mut at = 3;
            assert_eq!((get(&bytes[..room], &mut at), at), (Some(value), end), "{value:#x}");
        }
        let mut at = 3;
        assert_eq!(get(&bytes[..end - 1], &mut at), None, "{value:#x} is cut");
        assert_eq!(zigzag(unzigzag(value)), value);
    }

    #[test]
    fn every_length_and_its_neighbours() {
        for bits in 0..64 {
            let power = 1_u64 << bits;
            [power - 1, power, power + 1].into_iter().for_each(check);
        }
        check(u64::MAX);
        assert_eq!([0, -1, 1, -2, i64::MAX, i64::MIN].map(zigzag), [0, 1, 2, 3, u64::MAX - 1, u64::MAX]);
    }

    #[test]
    fn what_is_too_long_is_no_number() {
        for tail in [&[0x02][..], &[0x80, 0x01][..]] {
            let mut bytes = vec![0xff; 9];
            bytes.extend(tail);
            bytes.extend([0; 8]);
            assert_eq!(get(&bytes, &mut 0), None);
        }
    }

    proptest! {
        #[test]
        fn all_numbers(value in any::<u64>(), shift in 0..64_u32) {
            check(value >> shift);
        }
    }
}
