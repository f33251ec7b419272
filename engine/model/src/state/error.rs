//! Why bytes are not the state of this run.

use std::fmt;

/// Why bytes are not the state of this run, and where that was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateError {
    /// The section, empty outside of any.
    pub section: &'static str,
    /// The last mark within it, empty before the first.
    pub mark: &'static str,
    /// What is wrong there.
    pub cause: StateCause,
}

/// What is wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateCause {
    /// They end before the state does.
    Ends,
    /// They go on after the state.
    GoesOn {
        /// How many bytes are left.
        bytes: u64,
    },
    /// Something else stands where this name should.
    Name(&'static str),
    /// They are not those that were written: the checksum differs.
    Damaged,
    /// A list is not as long as this configuration's.
    Length {
        /// This configuration's.
        expected: u64,
        /// The bytes'.
        found: u64,
    },
    /// A list is longer than it can be.
    TooLong {
        /// Its greatest length.
        max: u64,
        /// The bytes'.
        found: u64,
    },
    /// A setting is not this configuration's.
    Setting(&'static str),
    /// The bytes are no such value.
    NoValue(&'static str),
    /// The values do not belong together.
    Impossible(&'static str),
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { section, mark, cause } = self;
        f.write_str("the snapshot cannot be used: ")?;
        match (*section, *mark) {
            ("", _) => f.write_str("it"),
            (section, "") => write!(f, "its section {section}"),
            (section, mark) => write!(f, "its section {section} at {mark}"),
        }?;
        match cause {
            StateCause::Ends => f.write_str(" ends early"),
            StateCause::GoesOn { bytes } => write!(f, " has {bytes} bytes too many"),
            StateCause::Name(name) => write!(f, " does not begin with {name}"),
            StateCause::Damaged => f.write_str(" is damaged, its checksum differs"),
            StateCause::Length { expected, found } => {
                write!(f, " holds {found} entries where this configuration has {expected}")
            }
            StateCause::TooLong { max, found } => {
                write!(f, " holds {found} entries where there can be {max}")
            }
            StateCause::Setting(name) => write!(f, " differs in {name}"),
            StateCause::NoValue(what) => write!(f, " holds no {what} where one should be"),
            StateCause::Impossible(what) => write!(f, " holds a {what} that cannot be"),
        }?;
        f.write_str("; use one of this program and configuration, or begin without one")
    }
}

impl std::error::Error for StateError {}
