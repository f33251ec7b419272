//! Memory, swap, huge pages.

use super::{Finding, Machine};
use crate::table::count;

const MEMINFO: &str = "/proc/meminfo";
const TRANSPARENT: &str = "/sys/kernel/mm/transparent_hugepage/enabled";

/// Less available memory than this is too little for a run beside anything else.
const AVAILABLE_MIB_MIN: u64 = 1024;

pub(super) fn examine(machine: &Machine) -> Vec<Finding> {
    vec![available(machine), swap(machine), reserved(machine), transparent(machine)]
}

/// A field of `/proc/meminfo` in KiB (or a plain count).
fn meminfo(machine: &Machine, name: &str) -> Option<u64> {
    machine.field(MEMINFO, name)?.split_whitespace().next()?.parse().ok()
}

fn available(machine: &Machine) -> Finding {
    let (Some(total), Some(available)) = (meminfo(machine, "MemTotal"), meminfo(machine, "MemAvailable"))
    else {
        return Finding::unknown("memory", MEMINFO);
    };
    let (total, available) = (total / 1024, available / 1024);
    let found = format!("{} MiB available of {}", count(available), count(total));
    if available < AVAILABLE_MIB_MIN {
        Finding::costs("memory", found, "stop other programs, or use a machine with more memory")
    } else {
        Finding::ok("memory", found)
    }
}

fn swap(machine: &Machine) -> Finding {
    let (Some(total), Some(free)) = (meminfo(machine, "SwapTotal"), meminfo(machine, "SwapFree")) else {
        return Finding::unknown("swap", MEMINFO);
    };
    if total == 0 {
        return Finding::ok("swap", "none");
    }
    let found = format!("{} MiB, {} used", count(total / 1024), count(total.saturating_sub(free) / 1024));
    Finding::costs(
        "swap",
        found,
        "sudo swapoff -a, or sudo sysctl vm.swappiness=1: a page on disk costs milliseconds",
    )
}

fn reserved(machine: &Machine) -> Finding {
    let (Some(pages), Some(size)) = (meminfo(machine, "HugePages_Total"), meminfo(machine, "Hugepagesize"))
    else {
        return Finding::unknown("huge pages", MEMINFO);
    };
    match pages {
        0 => Finding::ok("huge pages", "none reserved; this build asks for none"),
        _ => Finding::ok("huge pages", format!("{} of {} KiB reserved", count(pages), count(size))),
    }
}

/// The word in brackets is the choice that holds.
fn transparent(machine: &Machine) -> Finding {
    let text = machine.read(TRANSPARENT).unwrap_or_default();
    let choice = text.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(choice, _)| choice);
    match choice {
        None => Finding::unknown("transparent huge pages", TRANSPARENT),
        Some("always") => Finding::costs(
            "transparent huge pages",
            "always: the system may stop a thread to put its pages together",
            "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled",
        ),
        Some(choice) => Finding::ok("transparent huge pages", choice),
    }
}
