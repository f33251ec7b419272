//! Numbers, options, tuples, text, slices and lists.

use super::{List, State, StateCause, StateError, StateReader, StateWriter, Value};
use std::collections::VecDeque;

/// Numbers: their little-endian bytes. A slice of them is copied as it lies, for this is a little-endian machine
/// (`hash` refuses another).
macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Value for $number {
            #[inline]
            fn put(&self, to: &mut StateWriter) {
                to.bytes(&self.to_le_bytes());
            }

            #[inline]
            fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
                Ok(Self::from_le_bytes(from.array()?))
            }

            #[inline]
            fn put_all(all: &[Self], to: &mut StateWriter) {
                to.bytes(bytemuck::cast_slice(all));
            }

            #[inline]
            fn read_all(all: &mut [Self], from: &mut StateReader<'_>) -> Result<(), StateError> {
                let bytes = from.bytes(size_of_val(all))?;
                bytemuck::cast_slice_mut(all).copy_from_slice(bytes);
                Ok(())
            }
        }
    )* };
}

numbers!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64);

/// As 64 bits.
impl Value for usize {
    #[inline]
    fn put(&self, to: &mut StateWriter) {
        (*self as u64).put(to);
    }

    #[inline]
    fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
        Self::try_from(u64::read(from)?).map_err(|_| from.error(StateCause::NoValue("place")))
    }
}

/// A byte, 0 or 1.
impl Value for bool {
    #[inline]
    fn put(&self, to: &mut StateWriter) {
        u8::from(*self).put(to);
    }

    #[inline]
    fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
        match u8::read(from)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(from.error(StateCause::NoValue("bool"))),
        }
    }
}

/// Whether there is one, then the value.
impl<T: Value> Value for Option<T> {
    #[inline]
    fn put(&self, to: &mut StateWriter) {
        self.is_some().put(to);
        if let Some(value) = self {
            value.put(to);
        }
    }

    #[inline]
    fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
        if bool::read(from)? { T::read(from).map(Some) } else { Ok(None) }
    }
}

/// The length in bytes, then UTF-8.
impl Value for String {
    fn put(&self, to: &mut StateWriter) {
        to.len(self.len());
        to.bytes(self.as_bytes());
    }

    fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
        let len = from.list_len(usize::MAX)?;
        let text = std::str::from_utf8(from.bytes(len)?);
        text.map(str::to_owned).map_err(|_| from.error(StateCause::NoValue("text")))
    }
}

/// Tuples: one after the other.
macro_rules! tuples {
    ($(($($name:ident),+))*) => { $(
        impl<$($name: Value),+> Value for ($($name,)+) {
            #[inline]
            fn put(&self, to: &mut StateWriter) {
                #[expect(non_snake_case, reason = "each value is called as its type")]
                let ($($name,)+) = self;
                $($name.put(to);)+
            }

            #[inline]
            fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
                Ok(($($name::read(from)?,)+))
            }
        }
    )* };
}

tuples! { (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) }

/// One after the other. The length is the type's, and not written.
impl<T: State, const N: usize> State for [T; N] {
    #[inline]
    fn save(&self, to: &mut StateWriter) {
        T::save_all(self, to);
    }

    #[inline]
    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        T::load_all(self, from)
    }
}

/// The length, which follows from the configuration and is compared, then one after the other.
impl<T: State> State for [T] {
    #[inline]
    fn save(&self, to: &mut StateWriter) {
        to.len(self.len());
        T::save_all(self, to);
    }

    #[inline]
    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        from.len(self.len())?;
        T::load_all(self, from)
    }
}

/// Pointers to slices, as the slices.
macro_rules! as_slices {
    ($($pointer:ty),*) => { $(
        impl<T: State> State for $pointer {
            #[inline]
            fn save(&self, to: &mut StateWriter) {
                <[T]>::save(self, to);
            }

            #[inline]
            fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
                <[T]>::load(self, from)
            }
        }
    )* };
}

as_slices!(Vec<T>, Box<[T]>);

impl<T: State, const N: usize> State for Box<[T; N]> {
    #[inline]
    fn save(&self, to: &mut StateWriter) {
        T::save_all(&**self, to);
    }

    #[inline]
    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        T::load_all(&mut **self, from)
    }
}

impl<T: Value> List for Vec<T> {
    fn save_list(&self, to: &mut StateWriter) {
        to.len(self.len());
        T::put_all(self, to);
    }

    fn load_list(&mut self, len_max: usize, from: &mut StateReader<'_>) -> Result<(), StateError> {
        self.clear();
        for _ in 0..from.list_len(len_max)? {
            self.push(T::read(from)?);
        }
        Ok(())
    }
}

impl<T: Value> List for VecDeque<T> {
    fn save_list(&self, to: &mut StateWriter) {
        to.len(self.len());
        self.iter().for_each(|one| one.put(to));
    }

    fn load_list(&mut self, len_max: usize, from: &mut StateReader<'_>) -> Result<(), StateError> {
        self.clear();
        for _ in 0..from.list_len(len_max)? {
            self.push_back(T::read(from)?);
        }
        Ok(())
    }
}

/// Something that is there from the start and may go for good: at most one entry.
impl<T: State> List for Option<T> {
    fn save_list(&self, to: &mut StateWriter) {
        to.len(self.iter().len());
        if let Some(one) = self {
            one.save(to);
        }
    }

    fn load_list(&mut self, len_max: usize, from: &mut StateReader<'_>) -> Result<(), StateError> {
        match (from.list_len(len_max.min(self.iter().len()))?, self.as_mut()) {
            (1.., Some(one)) => one.load(from)?,
            _ => *self = None,
        }
        Ok(())
    }
}

/// Lists, one after the other, each of at most that length.
impl<L: List, const N: usize> List for [L; N] {
    fn save_list(&self, to: &mut StateWriter) {
        self.iter().for_each(|list| list.save_list(to));
    }

    fn load_list(&mut self, len_max: usize, from: &mut StateReader<'_>) -> Result<(), StateError> {
        self.iter_mut().try_for_each(|list| list.load_list(len_max, from))
    }
}
