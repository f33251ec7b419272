//! Reading state.

use super::writer::{CHECKSUM_BYTES, LENGTH_BYTES};
use super::{NAME_BYTES, State, StateCause, StateError, Value, name_bytes};
use twox_hash::XxHash3_128;

/// Bytes from which state is read, with the place in them for errors.
#[derive(Debug)]
pub struct StateReader<'a> {
    rest: &'a [u8],
    section: &'static str,
    mark: &'static str,
}

impl<'a> StateReader<'a> {
    /// Before the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, section: "", mark: "" }
    }

    /// The next bytes as they are.
    ///
    /// # Errors
    /// [`StateCause::Ends`] if there are not so many.
    #[inline]
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], StateError> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.error(StateCause::Ends))?;
        self.rest = rest;
        Ok(bytes)
    }

    /// The next bytes, as many as an array holds.
    ///
    /// # Errors
    /// [`StateCause::Ends`] if there are not so many.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(|| self.error(StateCause::Ends))?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Reads the length of a list that follows from the configuration.
    ///
    /// # Errors
    /// [`StateCause::Length`] if it is another.
    pub fn len(&mut self, expected: usize) -> Result<(), StateError> {
        let (expected, found) = (expected as u64, u64::read(self)?);
        if found == expected { Ok(()) } else { Err(self.error(StateCause::Length { expected, found })) }
    }

    /// Reads the length of a list that grows. It claims no more entries than there are bytes left.
    ///
    /// # Errors
    /// [`StateCause::TooLong`] beyond `max`, [`StateCause::Ends`] beyond the bytes.
    pub fn list_len(&mut self, max: usize) -> Result<usize, StateError> {
        let (max, found) = (max as u64, u64::read(self)?);
        if found > max {
            return Err(self.error(StateCause::TooLong { max, found }));
        }
        let len = usize::try_from(found).ok().filter(|len| *len <= self.left());
        len.ok_or_else(|| self.error(StateCause::Ends))
    }

    /// Reads a setting and compares it with ours.
    ///
    /// # Errors
    /// [`StateCause::Setting`] if it is another, [`StateCause::Length`] if it is a list of another length.
    pub fn same<T>(&mut self, name: &'static str, ours: &T) -> Result<(), StateError>
    where
        T: State + Clone + PartialEq,
    {
        let mut theirs = ours.clone();
        theirs.load(self)?;
        if theirs == *ours { Ok(()) } else { Err(self.error(StateCause::Setting(name))) }
    }

    /// Holds a restored value to a condition.
    ///
    /// # Errors
    /// [`StateCause::Impossible`] of `what` if it does not hold.
    pub fn check(&self, holds: bool, what: &'static str) -> Result<(), StateError> {
        if holds { Ok(()) } else { Err(self.error(StateCause::Impossible(what))) }
    }

    /// Reads a section: checks its name and checksum, and that `load` reads all of it.
    ///
    /// # Errors
    /// [`StateError`] where one of them is not as it should be, or of `load`.
    ///
    /// # Panics
    /// If the name is empty or longer than 16 bytes.
    pub fn section(
        &mut self,
        name: &'static str,
        load: impl FnOnce(&mut StateReader<'a>) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        let mut inner = StateReader { rest: self.rest, section: name, mark: "" };
        inner.name(name)?;
        let length = u64::from_le_bytes(inner.array::<LENGTH_BYTES>()?);
        let checksum = u128::from_le_bytes(inner.array::<CHECKSUM_BYTES>()?);
        let ends = inner.error(StateCause::Ends);
        let body = inner.bytes(usize::try_from(length).map_err(|_| ends)?)?;
        let after = inner.rest;
        if XxHash3_128::oneshot(body) != checksum {
            return Err(inner.error(StateCause::Damaged));
        }
        inner.rest = body;
        load(&mut inner)?;
        inner.finish()?;
        self.rest = after;
        Ok(())
    }

    /// Reads a name; errors say it from here on.
    ///
    /// # Errors
    /// [`StateCause::Name`] if something else stands here.
    ///
    /// # Panics
    /// If the name is empty or longer than 16 bytes.
    pub fn mark(&mut self, name: &'static str) -> Result<(), StateError> {
        self.mark = name;
        self.name(name)
    }

    /// Nothing is left.
    ///
    /// # Errors
    /// [`StateCause::GoesOn`] if something is.
    pub fn finish(&self) -> Result<(), StateError> {
        match self.left() {
            0 => Ok(()),
            bytes => Err(self.error(StateCause::GoesOn { bytes: bytes as u64 })),
        }
    }

    /// An error at this place.
    #[cold]
    pub fn error(&self, cause: StateCause) -> StateError {
        StateError { section: self.section, mark: self.mark, cause }
    }

    fn name(&mut self, name: &'static str) -> Result<(), StateError> {
        let found = self.array::<NAME_BYTES>()?;
        if found == name_bytes(name) { Ok(()) } else { Err(self.error(StateCause::Name(name))) }
    }
}
