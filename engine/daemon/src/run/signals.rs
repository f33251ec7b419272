//! Signals that end a run: the first asks it to drain, a second ends the process at once.
//!
//! A signal that is ignored stays ignored: `nohup` and a shell's background jobs mean it.
//! Not here: what draining is; whoever holds the flag looks at it.

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The exit code of a process that a second signal ends.
const EXIT_INTERRUPTED: i32 = 130;

/// Sets `stop` at the first of SIGINT, SIGTERM and SIGHUP; call it before anything that would have to be cleaned up.
pub fn drain_at_signal(stop: &Arc<AtomicBool>) {
    let ignored = ignored_mask(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0) {
        let registered =
            signal_hook::flag::register_conditional_shutdown(signal, EXIT_INTERRUPTED, Arc::clone(stop))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(stop)));
        registered.expect("the system lets a process handle its own signals");
    }
}

/// The signals a process ignores, bit 0 for signal 1; none where the system does not say.
fn ignored_mask(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: &str, expected: u64) {
        assert_eq!(ignored_mask(status), expected, "{status}");
    }

    #[test]
    fn the_mask_is_that_of_the_process() {
        check("", 0);
        check("Name:\tx\nSigBlk:\t0000000000000003\nSigIgn:\t0000000000001001\n", 0x1001);
        check("SigIgn:\tnonsense\n", 0);
    }
}
