//! From when on: the earliest time that can still come after a row of a file.
//!
//! Why: rows of one symbol come in order, but a file of several symbols may hold them one after the
//! other, or a little mixed up. To merge such a file its time column is read once beforehand; then a tick
//! may go out as soon as nothing earlier can follow, and no more of the file waits in memory than needed.

use catalog::{CatalogError, Chunk, TIME_INVALID, TickReader};

/// Rows that share a bound.
const BLOCK_ROWS: u64 = 4_096;

/// Lower bounds of engine time, by block of rows.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    /// The earliest time in a block or any after it.
    from_block: Vec<i64>,
}

impl Bounds {
    /// Reads the time column of a file: `ts_recv` if `by_recv`, else `ts_event`.
    pub(crate) fn scan(mut reader: TickReader, by_recv: bool) -> Result<Self, CatalogError> {
        let mut chunk = Chunk::new(reader.kind());
        let mut from_block = Vec::new();
        while reader.next_chunk(&mut chunk)? {
            let times = if by_recv { &chunk.ts_recv } else { &chunk.ts_event };
            for (row, &ts) in (chunk.first_row - 1..).zip(times) {
                let block = (row / BLOCK_ROWS) as usize;
                if block >= from_block.len() {
                    from_block.resize(block + 1, i64::MAX);
                }
                if ts != TIME_INVALID {
                    from_block[block] = from_block[block].min(ts);
                }
            }
        }
        for block in (1..from_block.len()).rev() {
            from_block[block - 1] = from_block[block - 1].min(from_block[block]);
        }
        Ok(Self { from_block })
    }

    /// No row from number `row` on is earlier than this.
    pub(crate) fn after(&self, row: u64) -> i64 {
        let block = ((row - 1) / BLOCK_ROWS) as usize;
        self.from_block.get(block).copied().unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_for_all_that_follows() {
        let bounds = Bounds { from_block: vec![1, 5, 5] };
        assert_eq!(bounds.after(1), 1);
        assert_eq!(bounds.after(BLOCK_ROWS), 1);
        assert_eq!(bounds.after(BLOCK_ROWS + 1), 5);
        assert_eq!(bounds.after(10 * BLOCK_ROWS), i64::MAX);
    }
}
