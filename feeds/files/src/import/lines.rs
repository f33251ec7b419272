//! A raw file line by line, with the numbers that an editor shows.
//!
//! Why lines and not records: a quote that is never closed would otherwise swallow every row up to the next one.
//! Numbers and times have no line breaks in them, so here a row is a line and a broken one costs itself alone.
//! `\n` and `\r\n` end a line, a byte-order mark is passed over, and so are blank lines, which count. Memory is
//! bounded: of a longer line only the start is kept.

use super::error::{Codec, ImportError};
use super::open::{Opened, open};
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};
use twox_hash::xxhash3_128;

/// Bytes of a line that are kept; no row of the formats comes near.
pub(crate) const LINE_BYTES_MAX: usize = 1 << 20;
/// Bytes of a line that are shown.
const SHOWN_BYTES_MAX: usize = 2_048;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether a line was kept whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Whole,
    /// Only its start was kept.
    TooLong,
}

/// Reads lines.
pub(crate) struct Lines {
    path: PathBuf,
    input: Box<dyn BufRead>,
    codec: Codec,
    line: Vec<u8>,
    number: u64,
    content: xxhash3_128::Hasher,
}

impl Lines {
    pub(crate) fn open(path: &Path) -> Result<Self, ImportError> {
        let Opened { input, codec } = open(path)?;
        let content = xxhash3_128::Hasher::new();
        Ok(Self { path: path.to_owned(), input, codec, line: Vec::new(), number: 0, content })
    }

    /// Reads the next line that is not blank; `None` at the end.
    ///
    /// # Errors
    /// [`ImportError`] where the file cannot be read or unpacked further.
    pub(crate) fn advance(&mut self) -> Result<Option<Line>, ImportError> {
        loop {
            let Some(line) = self.read_line().map_err(|error| self.failed(error))? else { return Ok(None) };
            self.number += 1;
            self.content.write(&self.line);
            self.content.write(b"\n");
            if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            if line == Line::TooLong || !self.line.trim_ascii().is_empty() {
                return Ok(Some(line));
            }
        }
    }

    fn read_line(&mut self) -> std::io::Result<Option<Line>> {
        self.line.clear();
        let mut start = (&mut *self.input).take(LINE_BYTES_MAX as u64 + 1);
        if start.read_until(b'\n', &mut self.line)? == 0 {
            return Ok(None);
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        } else if self.line.len() > LINE_BYTES_MAX {
            self.input.skip_until(b'\n')?;
            return Ok(Some(Line::TooLong));
        }
        if self.line.last() == Some(&b'\r') {
            self.line.pop();
        }
        Ok(Some(Line::Whole))
    }

    fn failed(&self, error: std::io::Error) -> ImportError {
        let path = self.path.clone();
        match self.codec {
            Codec::Plain => ImportError::Io { action: "read", path, error },
            codec => ImportError::Damaged { path, codec, cause: error.to_string() },
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The line, without its end.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.line
    }

    /// The line's number, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The line as text for a person.
    pub(crate) fn shown(&self) -> String {
        let shown = &self.line[..self.line.len().min(SHOWN_BYTES_MAX)];
        let cut = if shown.len() < self.line.len() { "…" } else { "" };
        String::from_utf8_lossy(shown).into_owned() + cut
    }

    /// The hash of all lines read so far, blank ones too.
    pub(crate) fn content_hash(&self) -> u128 {
        self.content.finish_128()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn lines_of(name: &str, bytes: &[u8]) -> Result<Vec<(u64, String)>, ImportError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut lines = Lines::open(&path)?;
        let mut found = Vec::new();
        while let Some(line) = lines.advance()? {
            let text = if line == Line::TooLong { "too long".to_owned() } else { lines.shown() };
            found.push((lines.number(), text));
        }
        Ok(found)
    }

    fn check(bytes: &[u8], expected: &[(u64, &str)]) {
        let gzip = {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        };
        let zstd = zstd::encode_all(bytes, 1).unwrap();
        for (name, packed) in [("a.csv", bytes), ("a.csv.gz", &gzip), ("a.csv.ZST", &zstd), ("a.csv", &gzip)]
        {
            let found = lines_of(name, packed).unwrap();
            let found: Vec<(u64, &str)> = found.iter().map(|(row, text)| (*row, text.as_str())).collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn lines_end_in_two_ways_and_blank_ones_count() {
        check(b"a\nb\n", &[(1, "a"), (2, "b")]);
        check(b"a\r\nb", &[(1, "a"), (2, "b")]);
        check(b"\xef\xbb\xbfa\n\n \t\r\nb\n\xef\xbb\xbfc", &[(1, "a"), (4, "b"), (5, "\u{feff}c")]);
        check(b"a\rb\n\xff\x00\n", &[(1, "a\rb"), (2, "\u{fffd}\0")]);
        check(b"\n\n", &[]);
        let long = [vec![b'x'; LINE_BYTES_MAX + 7], b"\ny\n".to_vec()].concat();
        check(&long, &[(1, "too long"), (2, "y")]);
        let longest = [vec![b' '; LINE_BYTES_MAX], b"\ny".to_vec()].concat();
        check(&longest, &[(2, "y")]);
    }

    #[track_caller]
    fn check_refused(name: &str, bytes: &[u8], part: &str) {
        let error = lines_of(name, bytes).map(|lines| lines.len()).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains(name), "{error}");
    }

    #[test]
    fn packed_files_are_whole_or_refused() {
        let text: Vec<u8> = (0..50_000_u32)
            .flat_map(|n| format!("{}\n", n.wrapping_mul(2_654_435_761)).into_bytes())
            .collect();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&text).unwrap();
        let gzip = encoder.finish().unwrap();
        // As the zstd program writes it: with a checksum, without which damage may look like other text.
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        encoder.write_all(&text).unwrap();
        let zstd = encoder.finish().unwrap();
        for (name, whole) in [("a.csv.gz", &gzip), ("a.csv.zst", &zstd)] {
            for cut in [5, whole.len() / 2, whole.len() - 1] {
                check_refused(name, &whole[..cut], "truncated");
            }
            let mut damaged = whole.clone();
            let middle = damaged.len() / 2;
            damaged[middle..middle + 50].fill(0x55);
            check_refused(name, &damaged, "damaged");
            check_refused(name, &[whole.as_slice(), b"more"].concat(), "damaged");
            let twice = lines_of(name, &[whole.as_slice(), whole].concat()).unwrap();
            assert_eq!(twice.len(), 100_000, "several members are one file");
        }
        check_refused("a.csv.gz", b"text", "no gzip file");
        check_refused("a.csv.zst", &gzip, "no zstd file");
        check_refused("a.csv", b"", "empty");
        check_refused("a.csv.gz", b"", "empty");
    }
}
