//! Saving the state of the engine into bytes, and restoring it.
//!
//! Why: a run that is cut at any input and continued from bytes must give what the uninterrupted one gives. So the
//! bytes hold what a fold changes and nothing else: configuration (windows, names, schemas, sessions, models) stays
//! with whoever builds a stage, and [`State::load`] fills a freshly built one of the same configuration in place.
//! What follows from the configuration and shows in the state, a list's length or a period, is written and compared.
//!
//! - [`State`] is restored in place; [`Value`] is a number, a small struct or a code, which its bytes give whole.
//! - [`state!`](crate::state!) and [`value!`](crate::value!) write both from a list of a type's fields. The list is
//!   whole: the compiler refuses a field that is neither state nor named as configuration or scratch.
//! - Numbers are little-endian, side by side; slices of numbers are copied as they lie. A section has a name, a
//!   length and a checksum; a mark is a name within one. A reader that finds something else says where.
//! - Whatever the bytes are, reading ends with a value or a [`StateError`]: it never panics, and takes memory only for
//!   what the bytes really hold.
//!
//! Not here: what a snapshot of a run consists of (`pipeline`), files and versions (`journal`).

mod error;
mod macros;
mod reader;
mod values;
mod vocabulary;
mod writer;

pub use error::{StateCause, StateError};
pub use reader::StateReader;
pub use writer::StateWriter;

/// Bytes of a section's or mark's name.
const NAME_BYTES: usize = 16;

/// A name as it is written: padded with zeros.
fn name_bytes(name: &str) -> [u8; NAME_BYTES] {
    assert!(!name.is_empty() && name.len() <= NAME_BYTES, "a name has 1 to {NAME_BYTES} bytes");
    let mut bytes = [0; NAME_BYTES];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes
}

/// What a fold has changed since it was built.
pub trait State {
    /// Appends the state.
    fn save(&self, to: &mut StateWriter);

    /// Restores what [`Self::save`] wrote, into a value of the same configuration that has seen nothing yet.
    ///
    /// # Errors
    /// [`StateError`] if the bytes are no such state; `self` is then of no use.
    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError>;

    /// Appends the states of a slice, without its length.
    #[inline]
    fn save_all(all: &[Self], to: &mut StateWriter)
    where
        Self: Sized,
    {
        all.iter().for_each(|one| one.save(to));
    }

    /// Restores what [`Self::save_all`] wrote.
    ///
    /// # Errors
    /// As [`Self::load`].
    #[inline]
    fn load_all(all: &mut [Self], from: &mut StateReader<'_>) -> Result<(), StateError>
    where
        Self: Sized,
    {
        all.iter_mut().try_for_each(|one| one.load(from))
    }
}

/// What its bytes give whole.
pub trait Value: Sized {
    /// Appends the value.
    fn put(&self, to: &mut StateWriter);

    /// Reads what [`Self::put`] wrote.
    ///
    /// # Errors
    /// [`StateError`] if the bytes are no such value.
    fn read(from: &mut StateReader<'_>) -> Result<Self, StateError>;

    /// Appends the values of a slice, without its length.
    #[inline]
    fn put_all(all: &[Self], to: &mut StateWriter) {
        all.iter().for_each(|one| one.put(to));
    }

    /// Reads what [`Self::put_all`] wrote.
    ///
    /// # Errors
    /// As [`Self::read`].
    #[inline]
    fn read_all(all: &mut [Self], from: &mut StateReader<'_>) -> Result<(), StateError> {
        for one in all {
            *one = Self::read(from)?;
        }
        Ok(())
    }
}

impl<T: Value> State for T {
    #[inline]
    fn save(&self, to: &mut StateWriter) {
        self.put(to);
    }

    #[inline]
    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        *self = T::read(from)?;
        Ok(())
    }

    #[inline]
    fn save_all(all: &[Self], to: &mut StateWriter) {
        T::put_all(all, to);
    }

    #[inline]
    fn load_all(all: &mut [Self], from: &mut StateReader<'_>) -> Result<(), StateError> {
        T::read_all(all, from)
    }
}

/// A list that grows and shrinks: its length is state.
pub trait List {
    /// Appends the length and the entries.
    fn save_list(&self, to: &mut StateWriter);

    /// Restores at most `len_max` entries; the list keeps its room.
    ///
    /// # Errors
    /// [`StateError`] if there are more, or the bytes are no such entries.
    fn load_list(&mut self, len_max: usize, from: &mut StateReader<'_>) -> Result<(), StateError>;
}

#[cfg(test)]
mod tests;
