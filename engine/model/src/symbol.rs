//! Symbols: one instrument each, resolved once to a dense id.
//!
//! Why: hot state is a `Vec` by id. Ids follow the byte order of all names in config and data, so they
//! do not depend on how the data is split over files.

use std::fmt;

/// Longest symbol, in bytes.
pub const SYMBOL_BYTES_MAX: usize = 32;

/// A symbol's place in the [`SymbolTable`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, bytemuck::Pod, bytemuck::Zeroable,
)]
#[repr(transparent)]
pub struct SymbolId(pub u32);

impl SymbolId {
    /// "No symbol": events of the whole run, such as timers.
    pub const NONE: Self = Self(u32::MAX);

    /// As an index into hot state.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The text is not a symbol: `[A-Z0-9][A-Z0-9._:@=^/-]{0,31}` after trimming and upper-casing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolError(pub String);

impl fmt::Display for SymbolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "symbol {:?} is not of the form [A-Z0-9][A-Z0-9._:@=^/-]{{0,31}}", self.0)
    }
}

impl std::error::Error for SymbolError {}

/// Trims, upper-cases and checks a symbol.
///
/// # Errors
/// [`SymbolError`] with the text as given.
pub fn normalise_symbol(text: &str) -> Result<String, SymbolError> {
    let symbol = text.trim().to_ascii_uppercase();
    let tail_ok = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b"._:@=^/-".contains(&b);
    let bytes = symbol.as_bytes();
    let ok = (1..=SYMBOL_BYTES_MAX).contains(&bytes.len())
        && (bytes[0].is_ascii_uppercase() || bytes[0].is_ascii_digit())
        && bytes.iter().copied().all(tail_ok);
    if ok { Ok(symbol) } else { Err(SymbolError(text.to_owned())) }
}

/// All symbols of a run, in byte order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SymbolTable {
    names: Vec<String>,
}

crate::state!(SymbolTable { names });

impl SymbolTable {
    /// Builds the table from names that are already normalised; order and repeats do not matter.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Self { names }
    }

    /// The id of a normalised name.
    pub fn id(&self, name: &str) -> Option<SymbolId> {
        self.names.binary_search_by(|n| n.as_str().cmp(name)).ok().map(|i| SymbolId(i as u32))
    }

    /// The name of an id.
    ///
    /// # Panics
    /// If the id is not of this table.
    pub fn name(&self, id: SymbolId) -> &str {
        &self.names[id.index()]
    }

    /// How many symbols.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Ids and names in id order.
    pub fn iter(&self) -> impl Iterator<Item = (SymbolId, &str)> {
        self.names.iter().enumerate().map(|(i, n)| (SymbolId(i as u32), n.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(normalise_symbol(text).ok().as_deref(), expected, "{text:?}");
    }

    #[test]
    fn normalises_and_refuses() {
        check(" btcusdt.spot ", Some("BTCUSDT.SPOT"));
        check("EUR/USD", Some("EUR/USD"));
        check("^SPX", None);
        check("", None);
        check("A B", None);
        check("ÄBC", None);
        check(&"A".repeat(32), Some(&"A".repeat(32)));
        check(&"A".repeat(33), None);
    }

    #[test]
    fn ids_follow_byte_order() {
        let table = SymbolTable::new(["B", "A", "B", "A.X"].map(String::from));
        assert_eq!(table.iter().map(|(_, n)| n).collect::<Vec<_>>(), ["A", "A.X", "B"]);
        assert_eq!(table.id("B"), Some(SymbolId(2)));
        assert_eq!(table.id("C"), None);
    }
}
