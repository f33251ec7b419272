//! Files that claim to be huge: loading them allocates no more than a small multiple of what they hold.
//!
//! Alone in its file, because it reads how much memory the whole process ever had.

mod files;

use files::{load_bytes, model, split, with_metadata};
use serde_json::{Value, json};

/// How much the process may grow: far more than the small file asks for, far less than its claims.
const GROWTH_BYTES_MAX: u64 = 256 << 20;

/// The most virtual memory this process ever had, in bytes, where the system tells.
fn memory_peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmPeak:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

/// Loads the bytes as what their hash says; a mutation that changes nothing that matters may be accepted.
fn try_to_load(bytes: &[u8]) {
    if let Err(error) = load_bytes(bytes) {
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn claims_of_any_size_allocate_little() {
    let peak = memory_peak();
    let numbers = [0, 1, 2, 255, 4_096, 65_536, 1 << 20, 1 << 24, 1 << 31, 1 << 40, u64::MAX];
    let (whole_header, data) = split(&model().to_bytes());
    for claimed in numbers {
        // In the length of the header.
        let mut bytes = model().to_bytes();
        bytes[..8].copy_from_slice(&claimed.to_le_bytes());
        try_to_load(&bytes);
        // In the shape and place of a tensor.
        for change in [json!([claimed]), json!([claimed, claimed]), json!([1, claimed, 1])] {
            for key in ["shape", "data_offsets"] {
                let mut header = whole_header.clone();
                header["layers.5.weight"][key] = change.clone();
                try_to_load(&files::join(&header, &data));
            }
        }
        // In every number of the network's description.
        let json: Value = serde_json::from_str(&files::description().to_json()).unwrap();
        for key in ["rows", "columns", "context"] {
            let mut json = json.clone();
            json[key] = json!(claimed);
            try_to_load(&with_metadata("network", Some(&json.to_string())));
        }
        for (layer, key) in
            [(0, "in"), (0, "out"), (0, "width"), (0, "padding"), (2, "spans"), (5, "in"), (7, "out")]
        {
            let mut json = json.clone();
            json["layers"][layer][key] = json!(claimed);
            try_to_load(&with_metadata("network", Some(&json.to_string())));
        }
        let mut many = json.clone();
        many["layers"] = json!(vec![json!({ "kind": "relu" }); claimed.min(5_000) as usize]);
        try_to_load(&with_metadata("network", Some(&many.to_string())));
    }
    if let (Some(before), Some(after)) = (peak, memory_peak()) {
        assert!(after - before < GROWTH_BYTES_MAX, "memory grew by {} bytes", after - before);
    }
}
