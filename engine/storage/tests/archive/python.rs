//! The archive through the libraries that others read Parquet with.

use super::support::{Dice, dictionary, expected, feed, small};
use std::path::Path;
use std::process::Command;
use storage::Store;
use storage::archive::{Archive, Place};

const END: u64 = 2_000;

const SCRIPT: &str = r#"
import sys, glob
import pandas, pyarrow.dataset, polars, duckdb
root = sys.argv[1]
trades = pandas.concat(pandas.read_parquet(f, partitioning=None) for f in glob.glob(root + "/trades/*/*/*.parquet"))
assert str(trades.dtypes["ts_event"]) == "datetime64[ns, UTC]", trades.dtypes
assert str(trades.dtypes["symbol"]) in ("category", "str", "object"), trades.dtypes
table = pyarrow.dataset.dataset(root + "/trades", partitioning=None).to_table()
assert str(table.schema.field("price").type) == "decimal128(18, 9)", table.schema
assert str(table.schema.field("symbol").type).startswith("dictionary<values=string"), table.schema
lazy = polars.scan_parquet(root + "/trades/**/*.parquet", hive_partitioning=False).collect()
duck = duckdb.sql(f"select count(*), sum(size) from read_parquet('{root}/trades/*/*/*.parquet')").fetchall()[0]
bars = pandas.concat(pandas.read_parquet(f, partitioning=None) for f in glob.glob(root + "/bars/*/*/*.parquet"))
assert len(trades) == table.num_rows == len(lazy) == duck[0]
assert trades["size"].sum() == duck[1]
print(len(trades), int(trades["size"].sum() * 10**9), len(bars))
"#;

#[test]
fn others_read_what_the_archive_holds() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python/bin/python");
    if !python.exists() {
        super::server::skip("target/python is not there; scripts/setup-python.sh makes it");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("catalog");
    let mut store = Archive::new(Place::Folder(root.clone()), small());
    let marks = store.open(&dictionary("live")).unwrap();
    feed(&mut store, marks, END, &mut Dice(21)).unwrap();
    store.flush().unwrap();
    for compacts in [false, true] {
        if compacts {
            store.compact_all().unwrap();
        }
        let output = Command::new(&python).args(["-c", SCRIPT]).arg(&root).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let trades: Vec<_> = expected(END)
            .into_iter()
            .filter(|((kind, _), _)| kind.name() == "trades")
            .flat_map(|(_, rows)| rows)
            .collect();
        let size: i64 = trades.iter().map(|row| row.2[1]).sum();
        let expected = format!("{} {size} {}", trades.len(), END / 5);
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), expected);
    }
}
