//! A line cut into cells by the `csv` crate's own parser, one line at a time (`lines` says why).

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

/// Cuts lines into cells; its memory is reused.
pub(crate) struct Splitter {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    cells: usize,
}

impl Splitter {
    pub(crate) fn new() -> Self {
        // With a terminator of one byte a stray `\r` is a byte like any other.
        let reader = ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build();
        Self { reader, text: Vec::new(), ends: Vec::new(), cells: 0 }
    }

    /// Cuts a line. `false`: a quote is opened and never closed.
    ///
    /// # Panics
    /// If the line has a line break in it.
    pub(crate) fn split(&mut self, line: &[u8]) -> bool {
        assert!(!line.contains(&b'\n'), "a line is one line");
        self.text.resize(line.len() + 1, 0);
        self.ends.resize(line.iter().filter(|byte| **byte == b',').count() + 2, 0);
        // An empty input would mean the end of the file, which closes every quote.
        let (mut written, mut cells) = (0, 0);
        if !line.is_empty() {
            let (result, read, nout, nend) = self.reader.read_record(line, &mut self.text, &mut self.ends);
            assert!(result == ReadRecordResult::InputEmpty && read == line.len(), "there is room for a line");
            (written, cells) = (nout, nend);
        }
        let (text, ends) = (&mut self.text[written..], &mut self.ends[cells..]);
        let (result, _, _, nend) = self.reader.read_record(b"\n", text, ends);
        self.cells = cells + nend;
        let is_record = result == ReadRecordResult::Record;
        if !is_record {
            self.reader.reset();
        }
        is_record
    }

    /// How many cells the last line has.
    pub(crate) fn cells(&self) -> usize {
        self.cells
    }

    /// A cell of the last line, without the spaces around it; `\u{fffd}` if it is not UTF-8.
    ///
    /// # Panics
    /// Beyond the last cell.
    pub(crate) fn cell(&self, index: usize) -> &str {
        assert!(index < self.cells, "the line has the cell");
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        std::str::from_utf8(self.text[start..self.ends[index]].trim_ascii()).unwrap_or("\u{fffd}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(splitter: &mut Splitter, line: &[u8], expected: Option<&[&str]>) {
        let is_record = splitter.split(line);
        let cells: Vec<&str> = (0..splitter.cells()).map(|cell| splitter.cell(cell)).collect();
        assert_eq!(is_record.then_some(cells.as_slice()), expected, "{:?}", String::from_utf8_lossy(line));
    }

    #[test]
    fn lines_are_cut_as_csv() {
        let splitter = &mut Splitter::new();
        check(splitter, b"a,b,c", Some(&["a", "b", "c"]));
        check(splitter, b"a,,", Some(&["a", "", ""]));
        check(splitter, b",", Some(&["", ""]));
        check(splitter, b" 1 ,\t2\r", Some(&["1", "2"]));
        check(splitter, b"\"1.5\",\"a,b\",\"say \"\"x\"\"\"", Some(&["1.5", "a,b", "say \"x\""]));
        check(splitter, b"a,\"b,c", None);
        check(splitter, b"a,b", Some(&["a", "b"]));
        check(splitter, b"a\"b,c", Some(&["a\"b", "c"]));
        check(splitter, b"\xff,\0", Some(&["\u{fffd}", "\0"]));
        check(splitter, b"a;b", Some(&["a;b"]));
    }

    proptest! {
        #[test]
        fn plain_lines_are_cut_at_commas(lines in prop::collection::vec("[a-z0-9.,;: \\r]{0,40}", 1..20)) {
            let mut splitter = Splitter::new();
            for line in lines.iter().filter(|line| !line.is_empty()) {
                prop_assert!(splitter.split(line.as_bytes()));
                let cells: Vec<&str> = (0..splitter.cells()).map(|cell| splitter.cell(cell)).collect();
                let expected: Vec<&str> = line.split(',').map(|cell| cell.trim_ascii()).collect();
                prop_assert_eq!(cells, expected);
            }
        }

        #[test]
        fn no_line_is_a_panic_and_none_spoils_the_next(lines in prop::collection::vec(
            prop::collection::vec(prop_oneof![Just(b'"'), Just(b','), any::<u8>()], 1..40), 1..20,
        )) {
            let mut splitter = Splitter::new();
            for line in lines.iter().filter(|line| !line.contains(&b'\n')) {
                let is_record = splitter.split(line);
                let mut fresh = Splitter::new();
                prop_assert_eq!(fresh.split(line), is_record);
                if is_record {
                    let cells = |of: &Splitter| -> Vec<String> {
                        (0..of.cells()).map(|cell| of.cell(cell).to_owned()).collect()
                    };
                    prop_assert_eq!(cells(&splitter), cells(&fresh));
                }
            }
        }
    }
}
