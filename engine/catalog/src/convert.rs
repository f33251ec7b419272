//! From arrow arrays of any legal type to plain columns of cells, timestamps and sides.
//!
//! Why: the contract accepts any physical form of a number as long as its value is exact. Each form is
//! one closure over a native value; the loop around it is shared and has no branch per row but that.

use crate::cell::{Cell, Excess, NULL_CELL, TIME_INVALID, in_range};
use crate::chunk::SIDE_INVALID;
use crate::float::nearest_nano;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, PrimitiveArray};
use arrow_buffer::i256;
use arrow_schema::{DataType, TimeUnit};
use model::{Nanos, UNIT, round_half_even};

/// The types read as numbers.
pub(crate) const NUMBER_TYPES: &str = "a decimal, a double, a float or an integer";
/// The types read as timestamps.
pub(crate) const TIME_TYPES: &str = "a timestamp or an integer";
/// The types read as sides.
pub(crate) const SIDE_TYPES: &str = "an integer (1, -1 or 0)";

/// Whether [`append_numbers`] reads the type.
pub(crate) fn is_number(data_type: &DataType) -> bool {
    use DataType::{Decimal32, Decimal64, Decimal128, Decimal256, Float32, Float64, Null};
    let decimal = matches!(data_type, Decimal32(..) | Decimal64(..) | Decimal128(..) | Decimal256(..));
    decimal || matches!(data_type, Float32 | Float64 | Null) || data_type.is_integer()
}

/// Whether [`append_times`] reads the type.
pub(crate) fn is_time(data_type: &DataType) -> bool {
    use DataType::{Int32, Int64, Null, Timestamp, UInt32, UInt64};
    matches!(data_type, Timestamp(..) | Int32 | Int64 | UInt32 | UInt64 | Null)
}

/// Whether [`append_sides`] reads the type.
pub(crate) fn is_side(data_type: &DataType) -> bool {
    data_type.is_integer() || *data_type == DataType::Null
}

fn append<T: ArrowPrimitiveType, O: Copy>(
    array: &dyn Array,
    out: &mut Vec<O>,
    null: O,
    cell: impl Fn(T::Native) -> O,
) {
    let array: &PrimitiveArray<T> = array.as_primitive();
    if array.null_count() == 0 {
        out.extend(array.values().iter().map(|&value| cell(value)));
    } else {
        out.extend(array.iter().map(|value| value.map_or(null, &cell)));
    }
}

/// Appends a number column as raw cells. The type has passed [`is_number`].
pub(crate) fn append_numbers(array: &dyn Array, excess: Excess, out: &mut Vec<i64>) {
    fn whole<T: ArrowPrimitiveType>(array: &dyn Array, out: &mut Vec<i64>)
    where
        T::Native: Into<i128>,
    {
        append::<T, i64>(array, out, NULL_CELL, |v| in_range(Into::<i128>::into(v) * i128::from(UNIT)));
    }
    match array.data_type() {
        DataType::Null => out.resize(out.len() + array.len(), NULL_CELL),
        DataType::Float64 => append::<Float64Type, _>(array, out, NULL_CELL, nearest_nano),
        DataType::Float32 => append::<Float32Type, _>(array, out, NULL_CELL, |v| nearest_nano(f64::from(v))),
        DataType::Decimal32(_, scale) => decimals::<Decimal32Type>(array, *scale, excess, out),
        DataType::Decimal64(_, scale) => decimals::<Decimal64Type>(array, *scale, excess, out),
        DataType::Decimal128(_, scale) => decimals::<Decimal128Type>(array, *scale, excess, out),
        DataType::Decimal256(_, scale) => {
            append::<Decimal256Type, _>(array, out, NULL_CELL, |v| wide_decimal(v, *scale, excess));
        }
        DataType::Int8 => whole::<Int8Type>(array, out),
        DataType::Int16 => whole::<Int16Type>(array, out),
        DataType::Int32 => whole::<Int32Type>(array, out),
        DataType::Int64 => whole::<Int64Type>(array, out),
        DataType::UInt8 => whole::<UInt8Type>(array, out),
        DataType::UInt16 => whole::<UInt16Type>(array, out),
        DataType::UInt32 => whole::<UInt32Type>(array, out),
        DataType::UInt64 => whole::<UInt64Type>(array, out),
        other => unreachable!("{other} was not accepted as a number"),
    }
}

fn decimals<T: ArrowPrimitiveType>(array: &dyn Array, scale: i8, excess: Excess, out: &mut Vec<i64>)
where
    T::Native: Into<i128>,
{
    match scale {
        9 => append::<T, i64>(array, out, NULL_CELL, |v| in_range(v.into())),
        0..=8 => {
            let factor = 10_i128.pow(9 - scale as u32);
            append::<T, i64>(array, out, NULL_CELL, |v| {
                let value: i128 = v.into();
                let negative = value < 0;
                value.checked_mul(factor).map_or(Cell::OutOfRange { negative }.raw(), in_range)
            });
        }
        10..=38 => {
            let divisor = 10_i128.pow(scale as u32 - 9);
            append::<T, i64>(array, out, NULL_CELL, |v| shorten(v.into(), divisor, excess));
        }
        _ => append::<T, i64>(array, out, NULL_CELL, |v| {
            wide_decimal(i256::from_i128(v.into()), scale, excess)
        }),
    }
}

/// Drops decimals beyond the ninth.
fn shorten(value: i128, divisor: i128, excess: Excess) -> i64 {
    match (value % divisor, excess) {
        (0, _) => in_range(value / divisor),
        (_, Excess::Round) => in_range(round_half_even(value, divisor)),
        (_, Excess::Reject) => Cell::TooManyDecimals { negative: value < 0 }.raw(),
    }
}

/// Any decimal, at 256 bits.
fn wide_decimal(value: i256, scale: i8, excess: Excess) -> i64 {
    let negative = value < i256::ZERO;
    let beyond = Cell::OutOfRange { negative }.raw();
    let power = |digits: u32| i256::from_i128(10).checked_pow(digits);
    let narrow = |value: i256| value.to_i128().map_or(beyond, in_range);
    if value == i256::ZERO {
        return 0;
    }
    if scale <= 9 {
        let digits = (9 - i32::from(scale)) as u32;
        return power(digits).and_then(|factor| value.checked_mul(factor)).map_or(beyond, narrow);
    }
    let divisor = power(scale as u32 - 9).expect("a scale of at most 76 is a power of 10 in 256 bits");
    let (quotient, rest) = (value / divisor, value % divisor);
    if rest == i256::ZERO {
        return narrow(quotient);
    }
    if excess == Excess::Reject {
        return Cell::TooManyDecimals { negative }.raw();
    }
    let twice = rest.wrapping_abs() + rest.wrapping_abs();
    let odd = quotient % i256::from_i128(2) != i256::ZERO;
    let away = twice > divisor || (twice == divisor && odd);
    let step = if !away {
        i256::ZERO
    } else if negative {
        i256::MINUS_ONE
    } else {
        i256::ONE
    };
    narrow(quotient + step)
}

/// Nanoseconds in the unit of a timestamp type; `None` for plain integers.
pub(crate) fn unit_nanos(data_type: &DataType) -> Option<i64> {
    match data_type {
        DataType::Timestamp(TimeUnit::Second, _) => Some(1_000_000_000),
        DataType::Timestamp(TimeUnit::Millisecond, _) => Some(1_000_000),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Some(1_000),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => Some(1),
        _ => None,
    }
}

/// Appends a time column in nanoseconds; null and what is no time of a tick ([`Nanos::is_tick_time`]) become
/// [`TIME_INVALID`]. `integer_unit` is that of plain integers. The type has passed [`is_time`].
pub(crate) fn append_times(array: &dyn Array, integer_unit: i64, out: &mut Vec<i64>) {
    fn scaled<T: ArrowPrimitiveType>(array: &dyn Array, unit: i64, out: &mut Vec<i64>)
    where
        T::Native: TryInto<i64>,
    {
        // Both ends are whole seconds, so they are exact in any unit.
        let (first, end) = (Nanos::TICK_FIRST.0 / unit, Nanos::TICK_END.0 / unit);
        append::<T, i64>(array, out, TIME_INVALID, |value| match value.try_into() {
            Ok(value) if value >= first && value < end => value * unit,
            _ => TIME_INVALID,
        });
    }
    let unit = unit_nanos(array.data_type()).unwrap_or(integer_unit);
    match array.data_type() {
        DataType::Null => out.resize(out.len() + array.len(), TIME_INVALID),
        DataType::Timestamp(TimeUnit::Second, _) => scaled::<TimestampSecondType>(array, unit, out),
        DataType::Timestamp(TimeUnit::Millisecond, _) => scaled::<TimestampMillisecondType>(array, unit, out),
        DataType::Timestamp(TimeUnit::Microsecond, _) => scaled::<TimestampMicrosecondType>(array, unit, out),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => scaled::<TimestampNanosecondType>(array, unit, out),
        DataType::Int32 => scaled::<Int32Type>(array, unit, out),
        DataType::Int64 => scaled::<Int64Type>(array, unit, out),
        DataType::UInt32 => scaled::<UInt32Type>(array, unit, out),
        DataType::UInt64 => scaled::<UInt64Type>(array, unit, out),
        other => unreachable!("{other} was not accepted as a time"),
    }
}

/// Appends a side column; whatever is not 1, -1 or 0 becomes [`SIDE_INVALID`]. The type has passed [`is_side`].
pub(crate) fn append_sides(array: &dyn Array, out: &mut Vec<i8>) {
    fn sides<T: ArrowPrimitiveType>(array: &dyn Array, out: &mut Vec<i8>)
    where
        T::Native: TryInto<i8>,
    {
        append::<T, i8>(array, out, SIDE_INVALID, |value| {
            let side: i8 = value.try_into().unwrap_or(SIDE_INVALID);
            if (-1..=1).contains(&side) { side } else { SIDE_INVALID }
        });
    }
    match array.data_type() {
        DataType::Null => out.resize(out.len() + array.len(), SIDE_INVALID),
        DataType::Int8 => sides::<Int8Type>(array, out),
        DataType::Int16 => sides::<Int16Type>(array, out),
        DataType::Int32 => sides::<Int32Type>(array, out),
        DataType::Int64 => sides::<Int64Type>(array, out),
        DataType::UInt8 => sides::<UInt8Type>(array, out),
        DataType::UInt16 => sides::<UInt16Type>(array, out),
        DataType::UInt32 => sides::<UInt32Type>(array, out),
        DataType::UInt64 => sides::<UInt64Type>(array, out),
        other => unreachable!("{other} was not accepted as a side"),
    }
}

/// A cell of a number, time or side column as the file has it, for people; without zeros at its end.
pub(crate) fn cell_text(array: &dyn Array, row: usize) -> String {
    fn plain<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> String {
        format!("{:?}", array.as_primitive::<T>().value(row))
    }
    if array.is_null(row) || *array.data_type() == DataType::Null {
        return "null".to_owned();
    }
    match array.data_type() {
        DataType::Float64 => short(plain::<Float64Type>(array, row)),
        DataType::Float32 => short(plain::<Float32Type>(array, row)),
        DataType::Decimal32(..) => short(array.as_primitive::<Decimal32Type>().value_as_string(row)),
        DataType::Decimal64(..) => short(array.as_primitive::<Decimal64Type>().value_as_string(row)),
        DataType::Decimal128(..) => short(array.as_primitive::<Decimal128Type>().value_as_string(row)),
        DataType::Decimal256(..) => short(array.as_primitive::<Decimal256Type>().value_as_string(row)),
        DataType::Int8 => plain::<Int8Type>(array, row),
        DataType::Int16 => plain::<Int16Type>(array, row),
        DataType::Int32 => plain::<Int32Type>(array, row),
        DataType::Int64 => plain::<Int64Type>(array, row),
        DataType::UInt8 => plain::<UInt8Type>(array, row),
        DataType::UInt16 => plain::<UInt16Type>(array, row),
        DataType::UInt32 => plain::<UInt32Type>(array, row),
        DataType::UInt64 => plain::<UInt64Type>(array, row),
        DataType::Timestamp(TimeUnit::Second, _) => plain::<TimestampSecondType>(array, row) + "s",
        DataType::Timestamp(TimeUnit::Millisecond, _) => plain::<TimestampMillisecondType>(array, row) + "ms",
        DataType::Timestamp(TimeUnit::Microsecond, _) => plain::<TimestampMicrosecondType>(array, row) + "us",
        DataType::Timestamp(TimeUnit::Nanosecond, _) => plain::<TimestampNanosecondType>(array, row) + "ns",
        other => other.to_string(),
    }
}

/// A plain number without zeros at the end of its decimals.
fn short(mut text: String) -> String {
    if text.contains('.') && !text.contains('e') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::RAW_MAX;
    use arrow_array::{
        Decimal128Array, Decimal256Array, Float64Array, Int64Array, NullArray, TimestampMicrosecondArray,
        TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
    };
    use proptest::prelude::*;

    fn check(array: &dyn Array, excess: Excess, expected: &[Cell]) {
        let mut out = Vec::new();
        append_numbers(array, excess, &mut out);
        assert_eq!(out.into_iter().map(Cell::from_raw).collect::<Vec<_>>(), expected);
    }

    fn decimal(values: Vec<Option<i128>>, scale: i8) -> Decimal128Array {
        Decimal128Array::from(values).with_precision_and_scale(38, scale).unwrap()
    }

    #[test]
    fn decimals_are_exact_or_odd() {
        let long = Cell::TooManyDecimals { negative: true };
        check(&decimal(vec![Some(15), None], 1), Excess::Reject, &[Cell::Value(1_500_000_000), Cell::Null]);
        check(&decimal(vec![Some(-1_500), Some(-1_501)], 12), Excess::Reject, &[long, long]);
        check(&decimal(vec![Some(-1_000)], 12), Excess::Reject, &[Cell::Value(-1)]);
        let rounded = [Cell::Value(-2), Cell::Value(-2), Cell::Value(2)];
        check(&decimal(vec![Some(-1_500), Some(-2_500), Some(2_499)], 12), Excess::Round, &rounded);
        let beyond = Cell::OutOfRange { negative: false };
        check(
            &decimal(vec![Some(i128::from(RAW_MAX) + 1), Some(10_i128.pow(37))], 9),
            Excess::Reject,
            &[beyond; 2],
        );
        check(&decimal(vec![Some(10_i128.pow(37))], 0), Excess::Reject, &[beyond]);
        check(&decimal(vec![Some(3)], -2), Excess::Reject, &[Cell::Value(300_000_000_000)]);
    }

    #[test]
    fn whole_numbers_nulls_and_times() {
        let whole = Int64Array::from(vec![Some(-7), None, Some(i64::MAX)]);
        let expected = [Cell::Value(-7_000_000_000), Cell::Null, Cell::OutOfRange { negative: false }];
        check(&whole, Excess::Reject, &expected);
        check(&NullArray::new(2), Excess::Reject, &[Cell::Null; 2]);

        let mut times = Vec::new();
        append_times(&TimestampSecondArray::from(vec![Some(2), None, Some(i64::MAX)]), 1, &mut times);
        append_times(&UInt64Array::from(vec![3, u64::MAX]), 1_000, &mut times);
        assert_eq!(times, [2_000_000_000, TIME_INVALID, TIME_INVALID, 3_000, TIME_INVALID]);

        let mut sides = Vec::new();
        append_sides(
            &Int64Array::from(vec![Some(1), Some(-1), Some(0), Some(2), Some(257), None]),
            &mut sides,
        );
        assert_eq!(sides, [1, -1, 0, SIDE_INVALID, SIDE_INVALID, SIDE_INVALID]);
    }

    /// In any unit, with and without a type of its own: the first and the last time are in, their neighbours out.
    #[test]
    fn times_beyond_those_of_ticks_are_invalid() {
        let instant =
            |text: &str| i64::try_from(text.parse::<jiff::Timestamp>().unwrap().as_nanosecond()).unwrap();
        let (first, end) = (instant("1678-01-01T00:00:00Z"), instant("2262-01-01T00:00:00Z"));
        for unit in [1, 1_000, 1_000_000, 1_000_000_000] {
            let (low, high) = (first / unit, end / unit);
            let values = vec![i64::MIN, low - 1, low, high - 1, high, i64::MAX - 1, i64::MAX];
            let expected = [TIME_INVALID, TIME_INVALID, first, end - unit]
                .into_iter()
                .chain([TIME_INVALID; 3])
                .collect::<Vec<_>>();
            let typed: Box<dyn Array> = match unit {
                1 => Box::new(TimestampNanosecondArray::from(values.clone())),
                1_000 => Box::new(TimestampMicrosecondArray::from(values.clone())),
                1_000_000 => Box::new(TimestampMillisecondArray::from(values.clone())),
                _ => Box::new(TimestampSecondArray::from(values.clone())),
            };
            let plain: Box<dyn Array> = Box::new(Int64Array::from(values));
            for (array, integer_unit) in [(typed, 7), (plain, unit)] {
                let mut out = Vec::new();
                append_times(&*array, integer_unit, &mut out);
                assert_eq!(out, expected, "unit {unit}");
            }
        }
    }

    #[test]
    fn texts_are_those_of_the_file() {
        let texts = |array: &dyn Array| (0..array.len()).map(|row| cell_text(array, row)).collect::<Vec<_>>();
        let floats =
            Float64Array::from(vec![Some(1e-10), Some(-1.0), Some(0.1), Some(1e300), Some(f64::NAN), None]);
        assert_eq!(texts(&floats), ["1e-10", "-1", "0.1", "1e300", "NaN", "null"]);
        assert_eq!(
            texts(&decimal(vec![Some(4), Some(-1_500_000), Some(0)], 10)),
            ["0.0000000004", "-0.00015", "0"]
        );
        assert_eq!(texts(&decimal(vec![Some(100)], 0)), ["100"]);
        assert_eq!(texts(&NullArray::new(1)), ["null"]);
        assert_eq!(texts(&TimestampNanosecondArray::from(vec![i64::MAX])), ["9223372036854775807ns"]);
    }

    proptest! {
        #[test]
        fn wide_and_narrow_decimals_agree(value in any::<i64>(), scale in 0_i8..30, round in any::<bool>()) {
            let excess = if round { Excess::Round } else { Excess::Reject };
            let narrow = decimal(vec![Some(i128::from(value))], scale);
            let wide = Decimal256Array::from(vec![i256::from_i128(i128::from(value))]);
            let wide = wide.with_precision_and_scale(76, scale).unwrap();
            let (mut a, mut b) = (Vec::new(), Vec::new());
            append_numbers(&narrow, excess, &mut a);
            append_numbers(&wide, excess, &mut b);
            prop_assert_eq!(a, b);
        }
    }
}
