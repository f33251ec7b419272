//! PostgreSQL's binary COPY format, written.
//!
//! Source: PostgreSQL's documentation, "COPY", section "Binary Format", and the `…_send` functions of the types: a
//! signature, then rows of (number of fields: i16, each a length: i32 and that many bytes; length -1 is null), then
//! -1. All numbers are big-endian.
//! Not here: which columns a table has.

use bytes::{BufMut, Bytes, BytesMut};

/// Signature, flags and the length of the header's extension.
const HEADER: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Object ids of the types of array elements: boolean, float4, float8.
const BOOL_OID: i32 = 16;
const FLOAT4_OID: i32 = 700;
const FLOAT8_OID: i32 = 701;

/// Rows in binary.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    bytes: BytesMut,
    /// Whether the header is written.
    begun: bool,
}

impl Sheet {
    /// Bytes written and not yet taken.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Begins a row of so many fields.
    #[inline]
    pub fn row(&mut self, fields: u16) {
        if !self.begun {
            self.bytes.put_slice(HEADER);
            self.begun = true;
        }
        self.bytes.put_u16(fields);
    }

    /// Ends the rows, if there is one.
    pub fn end(&mut self) {
        if self.begun {
            self.bytes.put_i16(-1);
        }
    }

    /// Takes what is written so far.
    pub fn take(&mut self) -> Bytes {
        self.bytes.split().freeze()
    }

    /// A null.
    #[inline]
    pub fn null(&mut self) {
        self.bytes.put_i32(-1);
    }

    /// A `smallint`.
    #[inline]
    pub fn int2(&mut self, value: i16) {
        self.bytes.put_i32(2);
        self.bytes.put_i16(value);
    }

    /// An `int`.
    #[inline]
    pub fn int4(&mut self, value: i32) {
        self.bytes.put_i32(4);
        self.bytes.put_i32(value);
    }

    /// A `bigint`, or a `timestamptz`.
    #[inline]
    pub fn int8(&mut self, value: i64) {
        self.bytes.put_i32(8);
        self.bytes.put_i64(value);
    }

    /// A `boolean`.
    pub fn boolean(&mut self, value: bool) {
        self.bytes.put_i32(1);
        self.bytes.put_u8(u8::from(value));
    }

    /// A `real`.
    pub fn float4(&mut self, value: f32) {
        self.bytes.put_i32(4);
        self.bytes.put_f32(value);
    }

    /// A `text`.
    pub fn text(&mut self, value: &str) {
        self.bytes.put_i32(value.len() as i32);
        self.bytes.put_slice(value.as_bytes());
    }

    /// A one-dimensional array of elements of `size` bytes.
    fn array<T: Copy>(&mut self, oid: i32, size: i32, values: &[T], mut put: impl FnMut(&mut BytesMut, T)) {
        let dimensions = i32::from(!values.is_empty());
        self.bytes.put_i32(12 + dimensions * 8 + values.len() as i32 * (4 + size));
        self.bytes.put_i32(dimensions);
        self.bytes.put_i32(0);
        self.bytes.put_i32(oid);
        if dimensions == 1 {
            self.bytes.put_i32(values.len() as i32);
            self.bytes.put_i32(1);
        }
        for &value in values {
            self.bytes.put_i32(size);
            put(&mut self.bytes, value);
        }
    }

    /// A `real[]`.
    pub fn float4s(&mut self, values: &[f32]) {
        self.array(FLOAT4_OID, 4, values, |bytes, value| bytes.put_f32(value));
    }

    /// A `double precision[]`.
    pub fn float8s(&mut self, values: &[f64]) {
        self.array(FLOAT8_OID, 8, values, |bytes, value| bytes.put_f64(value));
    }

    /// A `boolean[]`.
    pub fn booleans(&mut self, values: &[bool]) {
        self.array(BOOL_OID, 1, values, |bytes, value| bytes.put_u8(u8::from(value)));
    }

    /// A `numeric` of nine decimals, from units of 1e-9.
    ///
    /// It is sent as digits of 10,000: three of them behind the point hold the nine decimals and three zeros.
    ///
    /// # Panics
    /// Beyond 3.4e35 units, a million times the largest [`model::Money`].
    pub fn numeric(&mut self, raw: i128) {
        let mut rest = raw.unsigned_abs().checked_mul(1_000).expect("an amount has fewer than 36 digits");
        // Least significant first; 39 decimal digits are ten of these.
        let mut digits = [0_i16; 10];
        let mut count = 0;
        while rest > 0 {
            digits[count] = (rest % 10_000) as i16;
            rest /= 10_000;
            count += 1;
        }
        let zeros = digits[..count].iter().take_while(|&&digit| digit == 0).count();
        self.bytes.put_i32(8 + 2 * (count - zeros) as i32);
        self.bytes.put_i16((count - zeros) as i16);
        self.bytes.put_i16(if count == 0 { 0 } else { count as i16 - 4 });
        self.bytes.put_u16(if raw < 0 { 0x4000 } else { 0 });
        self.bytes.put_i16(9);
        for digit in digits[zeros..count].iter().rev() {
            self.bytes.put_i16(*digit);
        }
    }

    /// A `numeric`, or null.
    pub fn numeric_or_null(&mut self, raw: Option<i128>) {
        match raw {
            Some(raw) => self.numeric(raw),
            None => self.null(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition of `numeric_recv`: value = sum of digit · 10000^(weight − index).
    fn slow_numeric(bytes: &[u8]) -> i128 {
        let word = |at: usize| i16::from_be_bytes([bytes[at], bytes[at + 1]]);
        assert_eq!(i32::from_be_bytes(bytes[..4].try_into().expect("four")), bytes.len() as i32 - 4);
        let (count, weight, sign) = (word(4), word(6), word(8) as u16);
        assert_eq!((word(10), bytes.len()), (9, 12 + 2 * count as usize));
        // In units of 1e-12: the last digit that may stand there has weight -3.
        let sum: i128 = (0..count)
            .map(|n| {
                let digit = word(12 + 2 * n as usize);
                assert!((0..10_000).contains(&digit));
                i128::from(digit) * 10_000_i128.pow((weight - n + 3).try_into().expect("not below 1e-12"))
            })
            .sum();
        assert_eq!(sum % 1_000, 0);
        if sign == 0x4000 { -sum / 1_000 } else { sum / 1_000 }
    }

    proptest! {
        #[test]
        fn numerics_equal_their_definition(raw in -(1_i128 << 96)..1_i128 << 96, shift in 0_u32..96) {
            for raw in [raw, raw >> shift, (raw >> shift) * 10_000, 0] {
                let mut sheet = Sheet::default();
                sheet.numeric(raw);
                prop_assert_eq!(slow_numeric(&sheet.take()), raw);
            }
        }
    }

    #[test]
    fn a_row_is_lengths_and_big_endian_numbers() {
        let mut sheet = Sheet::default();
        sheet.end();
        assert!(sheet.take().is_empty(), "no rows, no header, no end");
        sheet.row(3);
        sheet.int2(-2);
        sheet.null();
        sheet.booleans(&[true, false]);
        sheet.end();
        let bytes = sheet.take();
        assert_eq!(bytes[..19], HEADER[..]);
        let expected = [
            &[0, 3, 0, 0, 0, 2, 255, 254, 255, 255, 255, 255, 0, 0, 0, 30][..],
            &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, 1],
            &[0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 255, 255],
        ];
        assert_eq!(bytes[19..], expected.concat()[..]);
    }
}
