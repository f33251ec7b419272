//! The symbol column: texts become small keys, each distinct text kept once per file.
//!
//! Only texts that a row really has get a key: a dictionary may list others.

use crate::chunk::SYMBOL_NULL;
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use std::collections::BTreeMap;

/// The types read as symbols and text ids.
pub(crate) const TEXT_TYPES: &str = "a string or a dictionary of strings";

const UNSEEN: u32 = u32::MAX - 1;

/// Whether [`Symbols::append`] reads the type.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Binary | DataType::Null => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

const fn is_string(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// The distinct texts of a file's symbol column, in the order they appeared.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    names: Vec<String>,
    keys: BTreeMap<String, u32>,
    /// Dictionary entry → key, for the dictionary at hand.
    entries: Vec<u32>,
}

impl Symbols {
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The key of a text.
    pub(crate) fn key(&mut self, text: &str) -> u32 {
        if let Some(&key) = self.keys.get(text) {
            return key;
        }
        let key = self.names.len() as u32;
        self.names.push(text.to_owned());
        self.keys.insert(text.to_owned(), key);
        key
    }

    /// Appends a column as keys. `false`: the type is not one of text.
    pub(crate) fn append(&mut self, array: &ArrayRef, out: &mut Vec<u32>) -> bool {
        match array.data_type() {
            DataType::Dictionary(key, values) if **key == DataType::Int32 && is_string(values) => {
                self.append_dictionary(array, out);
            }
            DataType::Utf8 => self.append_texts(array.as_string::<i32>().iter(), out),
            DataType::LargeUtf8 => self.append_texts(array.as_string::<i64>().iter(), out),
            DataType::Utf8View => self.append_texts(array.as_string_view().iter(), out),
            DataType::Null => out.resize(out.len() + array.len(), SYMBOL_NULL),
            _ => return false,
        }
        true
    }

    fn append_texts<'a>(&mut self, texts: impl Iterator<Item = Option<&'a str>>, out: &mut Vec<u32>) {
        let mut last: Option<(&str, u32)> = None;
        for text in texts {
            let Some(text) = text else {
                out.push(SYMBOL_NULL);
                continue;
            };
            let key = match last {
                Some((same, key)) if same == text => key,
                _ => self.key(text),
            };
            last = Some((text, key));
            out.push(key);
        }
    }

    fn append_dictionary(&mut self, array: &ArrayRef, out: &mut Vec<u32>) {
        let dictionary = array.as_dictionary::<Int32Type>();
        let values = dictionary.values();
        let mut entries = std::mem::take(&mut self.entries);
        entries.clear();
        entries.resize(values.len(), UNSEEN);
        let mut key_of = |entry: usize| {
            if entries[entry] == UNSEEN {
                entries[entry] =
                    if values.is_null(entry) { SYMBOL_NULL } else { self.key(text_at(values, entry)) };
            }
            entries[entry]
        };
        let keys = dictionary.keys();
        if keys.null_count() == 0 {
            out.extend(keys.values().iter().map(|&entry| key_of(entry as usize)));
        } else {
            out.extend(keys.iter().map(|entry| entry.map_or(SYMBOL_NULL, |entry| key_of(entry as usize))));
        }
        self.entries = entries;
    }
}

fn text_at(values: &ArrayRef, index: usize) -> &str {
    match values.data_type() {
        DataType::LargeUtf8 => values.as_string::<i64>().value(index),
        DataType::Utf8View => values.as_string_view().value(index),
        _ => values.as_string::<i32>().value(index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Int32Array, LargeStringArray, StringArray, StringViewArray};
    use std::sync::Arc;

    #[test]
    fn only_used_texts_get_keys_and_all_forms_share_them() {
        let mut symbols = Symbols::default();
        let mut out = Vec::new();
        let values = Arc::new(StringArray::from(vec![Some("UNUSED"), Some("B"), None, Some("A")]));
        let keys = Int32Array::from(vec![Some(3), Some(1), None, Some(2)]);
        let dictionary: ArrayRef = Arc::new(DictionaryArray::new(keys, values));
        let texts = vec![Some("B"), None, Some("A"), Some("A"), Some("C")];
        let arrays: [ArrayRef; 4] = [
            dictionary,
            Arc::new(StringArray::from(texts.clone())),
            Arc::new(LargeStringArray::from(texts.clone())),
            Arc::new(StringViewArray::from(texts)),
        ];
        for array in &arrays {
            assert!(symbols.append(array, &mut out));
        }
        assert_eq!(symbols.names(), ["A", "B", "C"]);
        assert_eq!(out[..4], [0, 1, SYMBOL_NULL, SYMBOL_NULL]);
        assert!(out[4..].chunks(5).all(|rows| rows == [1, SYMBOL_NULL, 0, 0, 2]));
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        assert!(!symbols.append(&numbers, &mut out));
    }
}
