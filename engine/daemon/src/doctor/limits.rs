//! What the system grants this process: locked memory, open files, disk.

use super::{Finding, Machine};
use crate::table::count;
use std::path::Path;
use std::process::Command;

const LIMITS: &str = "/proc/self/limits";

/// Fewer open files than this may not be enough for a large catalog.
const OPEN_FILES_MIN: u64 = 1024;
/// Less free disk than this may not hold a run folder.
const DISK_MIB_MIN: u64 = 1024;

pub(super) fn examine(machine: &Machine) -> Vec<Finding> {
    vec![locked_memory(machine), open_files(machine), disk(machine)]
}

/// A soft limit; `u64::MAX` is unlimited.
fn soft_limit(machine: &Machine, name: &str) -> Option<u64> {
    let text = machine.read(LIMITS)?;
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    match rest.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

fn locked_memory(machine: &Machine) -> Finding {
    match soft_limit(machine, "Max locked memory") {
        None => Finding::unknown("locked memory", LIMITS),
        Some(u64::MAX) => Finding::ok("locked memory", "unlimited"),
        Some(bytes) => {
            Finding::ok("locked memory", format!("{} KiB; this build locks none", count(bytes / 1024)))
        }
    }
}

fn open_files(machine: &Machine) -> Finding {
    match soft_limit(machine, "Max open files") {
        None => Finding::unknown("open files", LIMITS),
        Some(u64::MAX) => Finding::ok("open files", "unlimited"),
        Some(files) if files < OPEN_FILES_MIN => Finding::costs(
            "open files",
            format!("at most {}: a catalog of many files may not open", count(files)),
            "ulimit -n 65536, or LimitNOFILE=65536 in the service",
        ),
        Some(files) => Finding::ok("open files", format!("at most {}", count(files))),
    }
}

fn disk(machine: &Machine) -> Finding {
    match machine.disk_free_bytes.map(|bytes| bytes / (1024 * 1024)) {
        None => Finding::unknown("disk", "df"),
        Some(free) if free < DISK_MIB_MIN => Finding::costs(
            "disk",
            format!("{} MiB free where run folders go", count(free)),
            "remove old run folders, or name another disk in run.out",
        ),
        Some(free) => Finding::ok("disk", format!("{} MiB free where run folders go", count(free))),
    }
}

/// Free bytes of the disk of a folder, or of its nearest parent that exists, as `df` tells.
pub(super) fn disk_free(folder: &Path) -> Option<u64> {
    let here = Path::new(".");
    let existing = folder.ancestors().find(|path| path.exists()).unwrap_or(here);
    let existing = if existing.as_os_str().is_empty() { here } else { existing };
    let output = Command::new("df").arg("-Pk").arg("--").arg(existing).output().ok()?;
    parse_df(&String::from_utf8(output.stdout).ok()?)
}

/// The fourth figure of the second line, in KiB (POSIX `df -Pk`).
pub(super) fn parse_df(text: &str) -> Option<u64> {
    let kib: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    kib.checked_mul(1024)
}
