//! Both default matrices against numpy, and their schemas' hashes against Python: `oracle.py`.
//!
//! Runs where `GRANDMODEL_PYTHON` names a Python that has numpy, as `scripts/test.sh` does.

mod feed;

use feed::{feed, stage_of};
use matrices::MatrixSpec;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

const BARS: usize = 2_000;

/// A value of column `column` at bar `bar`: on scales from 1e-6 to 1e6, with jumps that are clipped, flat stretches
/// longer than a window, and now and then none.
fn value(bar: usize, column: usize) -> f64 {
    let key = (bar * 31 + column) as u64 + 1;
    let bits =
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (key << 9)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11;
    let level = [0.0, 1.0, -50_000.0, 0.5][column % 4];
    let scale = [1e-6, 1.0, 25.0, 1e6][column % 4];
    let noise = (bits % 2_000_001) as f64 / 1e6 - 1.0;
    match bits >> 24 & 127 {
        0 => f64::NAN,
        1 | 2 => level + 40.0 * scale,
        _ if bar / 130 % 5 == column % 5 => level,
        _ => level + scale * noise,
    }
}

/// The schema's text behind its hash, then each bar's row and the matrix it made, floats so that they read back.
fn transcript(spec: MatrixSpec) -> String {
    let columns = spec.columns.len();
    let mut stage = stage_of(spec, 1);
    let schema = &stage.schemas()[0];
    let (text, hash) = (schema.schema_text().to_owned(), schema.schema_hash().to_owned());
    let mut said = format!("schema {hash} {}\n{text}", text.lines().count());
    for bar in 0..BARS {
        let row: Vec<f64> = (0..columns).map(|column| value(bar, column)).collect();
        let frame = feed(&mut stage, 0, bar, &row);
        let words: Vec<String> = row.iter().map(|value| format!("{value:e}")).collect();
        writeln!(said, "row {}", words.join(" ")).unwrap();
        for matrix in &frame.matrices {
            let cells: Vec<String> =
                frame.matrix_cells(matrix).iter().map(|cell| format!("{cell:e}")).collect();
            writeln!(said, "matrix {}", cells.join(" ")).unwrap();
        }
    }
    said
}

#[test]
fn numpy_agrees() {
    let Ok(python) = std::env::var("GRANDMODEL_PYTHON") else {
        eprintln!("GRANDMODEL_PYTHON is not set: nothing was compared with numpy");
        return;
    };
    for spec in [MatrixSpec::strategic(), MatrixSpec::tactical()] {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle.py");
        let mut child = Command::new(&python);
        let child = child.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().expect("python starts");
        let mut input = child.stdin.take().expect("its input is piped");
        input.write_all(transcript(spec).as_bytes()).expect("python reads all of it");
        drop(input);
        let output = child.wait_with_output().expect("python ends");
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        eprintln!("{said}");
    }
}
