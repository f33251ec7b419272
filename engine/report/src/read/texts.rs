//! A column of names in any of the physical forms that writers give it.

use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, LargeStringArray, StringArray, StringViewArray};

/// A column of names in any of their physical forms.
pub(crate) enum Texts<'a> {
    Plain(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    Dictionary { keys: &'a DictionaryArray<Int32Type>, names: &'a StringArray },
}

impl<'a> Texts<'a> {
    /// The column, if it is one of names.
    pub fn of(array: &'a ArrayRef) -> Option<Self> {
        let any = array.as_any();
        if let Some(keys) = any.downcast_ref::<DictionaryArray<Int32Type>>() {
            let names = keys.values().as_any().downcast_ref()?;
            return Some(Self::Dictionary { keys, names });
        }
        let plain = any.downcast_ref().map(Self::Plain);
        plain.or_else(|| any.downcast_ref().map(Self::Large)).or_else(|| any.downcast_ref().map(Self::View))
    }

    /// The name of a row; `None` for null.
    pub fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Plain(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Large(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Dictionary { keys, names } => {
                let name = keys.key(row)?;
                names.is_valid(name).then(|| names.value(name))
            }
        }
    }

    /// The name of a row as text of its own; `None` for null.
    pub fn maybe(&self, row: usize) -> Option<String> {
        self.get(row).map(str::to_owned)
    }

    /// The name of a row as text of its own, empty for null.
    pub fn text(&self, row: usize) -> String {
        self.maybe(row).unwrap_or_default()
    }
}
