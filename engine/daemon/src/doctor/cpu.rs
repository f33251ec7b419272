//! Cores, frequency, isolation, instruction sets, clock.

use super::{Finding, Machine};

const CPU: &str = "/sys/devices/system/cpu";
const CPUINFO: &str = "/proc/cpuinfo";
const STATUS: &str = "/proc/self/status";
const CLOCK: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
const QUOTA: &str = "/sys/fs/cgroup/cpu.max";

/// Threads that a split layout keeps busy: decoding, and two groups.
const CORES_WANTED: usize = 3;

pub(super) fn examine(machine: &Machine) -> Vec<Finding> {
    vec![
        processor(machine),
        cores(machine),
        quota(machine),
        siblings(machine),
        governor(machine),
        isolation(machine),
        instructions(machine),
        clock(machine),
    ]
}

fn processor(machine: &Machine) -> Finding {
    match machine.field(CPUINFO, "model name") {
        Some(name) => Finding::ok("processor", name),
        None => Finding::unknown("processor", CPUINFO),
    }
}

/// Cores that are on, and those of them this process may use.
fn cores(machine: &Machine) -> Finding {
    let online = machine.read(&format!("{CPU}/online")).and_then(|list| parse_list(&list));
    let allowed = machine.field(STATUS, "Cpus_allowed_list").and_then(|list| parse_list(&list));
    let (Some(online), Some(allowed)) = (online, allowed) else {
        return Finding::unknown("cores", &format!("{CPU}/online and {STATUS}"));
    };
    let usable = allowed.iter().filter(|core| online.contains(core)).count();
    let found = format!("{} online, {usable} allowed to this process", online.len());
    match usable {
        0..CORES_WANTED => Finding::costs(
            "cores",
            found,
            "use run.layout = \"fused\" and run.wait = \"auto\"; spinning threads want a core each (taskset, cpuset)",
        ),
        _ => Finding::ok("cores", found),
    }
}

/// The control group's share of time; no file is no limit.
fn quota(machine: &Machine) -> Finding {
    let Some(text) = machine.read(QUOTA) else {
        return Finding::ok("cpu quota", "no limit found for this control group");
    };
    match text.split_once(' ').map(|(quota, period)| (quota.parse::<f64>(), period.parse::<f64>())) {
        Some((Ok(quota), Ok(period))) if period > 0.0 => Finding::costs(
            "cpu quota",
            format!("limited to {:.2} cores; threads are stopped when it is used up", quota / period),
            "raise the container's cpu limit, or give it whole cores (cpuset)",
        ),
        Some((Err(_), Ok(_))) if text.starts_with("max") => Finding::ok("cpu quota", "no limit"),
        _ => Finding::unknown("cpu quota", QUOTA),
    }
}

fn siblings(machine: &Machine) -> Finding {
    match machine.read(&format!("{CPU}/smt/active")).as_deref() {
        Some("0") => Finding::ok("hyper-threads", "off: every core is whole"),
        Some("1") => Finding::costs(
            "hyper-threads",
            "on: two threads may share one core's caches and units",
            "name one core of each pair in run.cores, or: echo off | sudo tee /sys/devices/system/cpu/smt/control",
        ),
        _ => Finding::unknown("hyper-threads", &format!("{CPU}/smt/active")),
    }
}

/// The slowest governor of any core counts.
fn governor(machine: &Machine) -> Finding {
    let path = |core: &usize| format!("{CPU}/cpu{core}/cpufreq/scaling_governor");
    let online =
        machine.read(&format!("{CPU}/online")).and_then(|list| parse_list(&list)).unwrap_or_default();
    let governors: Vec<(usize, String)> =
        online.iter().filter_map(|core| Some((*core, machine.read(&path(core))?))).collect();
    if governors.is_empty() {
        return Finding::unknown("governor", &format!("{CPU}/cpu*/cpufreq/scaling_governor"));
    }
    match governors.iter().find(|(_, governor)| governor != "performance") {
        None => Finding::ok("governor", "performance"),
        Some((core, governor)) => Finding::costs(
            "governor",
            format!("{governor} on core {core}: the clock slows down between bursts"),
            "sudo cpupower frequency-set -g performance",
        ),
    }
}

fn isolation(machine: &Machine) -> Finding {
    match machine.read(&format!("{CPU}/isolated")) {
        None => Finding::unknown("isolated cores", &format!("{CPU}/isolated")),
        Some(list) if list.is_empty() => Finding::costs(
            "isolated cores",
            "none: the system may run anything beside the pipeline",
            "boot with isolcpus=LIST nohz_full=LIST rcu_nocbs=LIST and name those cores in run.cores",
        ),
        Some(list) => Finding::ok("isolated cores", format!("{list}; name them in run.cores")),
    }
}

fn flags(machine: &Machine) -> Option<Vec<String>> {
    let flags = machine.field(CPUINFO, "flags")?;
    Some(flags.split_whitespace().map(str::to_owned).collect())
}

fn instructions(machine: &Machine) -> Finding {
    let Some(flags) = flags(machine) else { return Finding::unknown("instruction sets", CPUINFO) };
    let has = |name: &str| flags.iter().any(|flag| flag == name);
    if has("avx512f") {
        Finding::ok("instruction sets", "AVX-512")
    } else if has("avx2") && has("fma") {
        Finding::ok("instruction sets", "AVX2 and FMA")
    } else {
        Finding::costs(
            "instruction sets",
            "neither AVX2 with FMA nor AVX-512: kernels run in their scalar form",
            "use a processor of 2013 or later, or let the virtual machine pass its host's processor through",
        )
    }
}

fn clock(machine: &Machine) -> Finding {
    let Some(source) = machine.read(CLOCK) else { return Finding::unknown("clock", CLOCK) };
    let Some(flags) = flags(machine) else { return Finding::unknown("clock", CPUINFO) };
    let missing: Vec<&str> =
        ["constant_tsc", "nonstop_tsc"].into_iter().filter(|name| !flags.iter().any(|f| f == name)).collect();
    if source != "tsc" {
        Finding::costs(
            "clock",
            format!("the clock source is {source}: reading it takes a call into the system"),
            "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource",
        )
    } else if missing.is_empty() {
        Finding::ok("clock", "tsc, constant and never stopping")
    } else {
        Finding::costs(
            "clock",
            format!("tsc without {}: its pace may change", missing.join(" and ")),
            "do not compare latencies across frequency changes; fix the frequency in the firmware",
        )
    }
}

/// `0-3,8` as core numbers; `None` if it is not such a list.
fn parse_list(text: &str) -> Option<Vec<usize>> {
    let mut cores = Vec::new();
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        cores.extend(first.trim().parse::<usize>().ok()?..=last.trim().parse::<usize>().ok()?);
    }
    Some(cores)
}
