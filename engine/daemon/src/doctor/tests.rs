//! The doctor on made-up machines.

use super::*;
use std::fs;

struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(root)
    }

    fn examine(&self) -> Vec<Finding> {
        Machine::new(self.0.path(), Some(5 << 30)).examine()
    }

    fn check(&self, topic: &str, state: State, part: &str) {
        let findings = self.examine();
        let finding = findings.iter().find(|finding| finding.topic == topic).unwrap();
        assert_eq!(finding.state, state, "{finding:?}");
        assert!(finding.found.contains(part), "{finding:?}");
    }
}

const CPU: &str = "sys/devices/system/cpu";

fn cpu(path: &str) -> String {
    format!("{CPU}/{path}")
}

fn tuned() -> Vec<(String, String)> {
    let files = vec![
        (cpu("online"), "0-3,8\n"),
        (cpu("smt/active"), "0\n"),
        (cpu("isolated"), "2-3\n"),
        (cpu("cpu0/cpufreq/scaling_governor"), "performance\n"),
        (cpu("cpu8/cpufreq/scaling_governor"), "performance\n"),
        (
            "proc/cpuinfo".to_owned(),
            "model name\t: Testium 9\nflags\t\t: fpu constant_tsc nonstop_tsc avx2 fma\n",
        ),
        ("proc/self/status".to_owned(), "Name:\tx\nCpus_allowed_list:\t0-8\n"),
        ("sys/devices/system/clocksource/clocksource0/current_clocksource".to_owned(), "tsc\n"),
        ("sys/fs/cgroup/cpu.max".to_owned(), "max 100000\n"),
        ("sys/kernel/mm/transparent_hugepage/enabled".to_owned(), "always [madvise] never\n"),
        (
            "proc/meminfo".to_owned(),
            "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n\
             HugePages_Total: 64\nHugepagesize: 2048 kB\n",
        ),
        (
            "proc/self/limits".to_owned(),
            "Limit  Soft Limit  Hard Limit  Units\nMax open files  65536  65536  files\n\
             Max locked memory  unlimited  unlimited  bytes\n",
        ),
    ];
    files.into_iter().map(|(path, text)| (path, text.to_owned())).collect()
}

/// The tuned machine with some files replaced.
fn with(changes: &[(&str, &str)]) -> Tree {
    let mut files = tuned();
    for (path, text) in changes {
        files.retain(|(known, _)| known != path);
        files.push(((*path).to_owned(), (*text).to_owned()));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Tree::new(&files)
}

#[test]
fn a_tuned_machine_is_fine() {
    let findings = with(&[]).examine();
    assert!(
        findings.iter().all(|finding| finding.state == State::Ok && finding.remedy.is_none()),
        "{findings:#?}"
    );
    with(&[]).check("cores", State::Ok, "5 online, 5 allowed");
    with(&[]).check("processor", State::Ok, "Testium 9");
}

#[test]
fn a_machine_that_says_nothing_is_not_guessed_at() {
    let tree = Tree::new(&[]);
    let findings = Machine::new(tree.0.path(), None).examine();
    for finding in &findings {
        let known = finding.topic == "cpu quota";
        assert_eq!(finding.state, if known { State::Ok } else { State::Unknown }, "{finding:?}");
    }
}

#[test]
fn what_costs_is_told_with_its_remedy() {
    let online = cpu("online");
    let governor = cpu("cpu8/cpufreq/scaling_governor");
    let isolated = cpu("isolated");
    let smt = cpu("smt/active");
    let clock = "sys/devices/system/clocksource/clocksource0/current_clocksource";
    for (path, text, topic, part) in [
        (online.as_str(), "0-1\n", "cores", "2 online"),
        ("proc/self/status", "Cpus_allowed_list: 3\n", "cores", "5 online, 1 allowed"),
        ("sys/fs/cgroup/cpu.max", "150000 100000\n", "cpu quota", "1.50 cores"),
        (governor.as_str(), "powersave\n", "governor", "powersave on core 8"),
        (isolated.as_str(), "\n", "isolated cores", "none"),
        (smt.as_str(), "1\n", "hyper-threads", "on"),
        (clock, "hpet\n", "clock", "hpet"),
        ("proc/cpuinfo", "flags: constant_tsc avx512f\n", "clock", "without nonstop_tsc"),
        ("proc/cpuinfo", "flags: constant_tsc nonstop_tsc sse2\n", "instruction sets", "scalar"),
        (
            "sys/kernel/mm/transparent_hugepage/enabled",
            "[always] madvise never\n",
            "transparent huge pages",
            "always",
        ),
        (
            "proc/meminfo",
            "MemTotal: 2097152 kB\nMemAvailable: 524288 kB\n",
            "memory",
            "512 MiB available of 2,048",
        ),
        ("proc/meminfo", "SwapTotal: 2097152 kB\nSwapFree: 1048576 kB\n", "swap", "2,048 MiB, 1,024 used"),
        ("proc/self/limits", "Max open files  256  4096  files\n", "open files", "at most 256"),
    ] {
        let tree = with(&[(path, text)]);
        tree.check(topic, State::Costs, part);
        let remedied = tree.examine().into_iter().all(|f| (f.state == State::Ok) == f.remedy.is_none());
        assert!(remedied, "{topic}");
    }
}

#[test]
fn nonsense_is_not_believed() {
    let online = cpu("online");
    for (path, text, topic) in [
        (online.as_str(), "all of them\n", "cores"),
        ("sys/fs/cgroup/cpu.max", "lots\n", "cpu quota"),
        ("proc/meminfo", "MemTotal: many kB\n", "memory"),
        ("proc/self/limits", "Max open files\n", "open files"),
        ("sys/kernel/mm/transparent_hugepage/enabled", "yes\n", "transparent huge pages"),
    ] {
        with(&[(path, text)]).check(topic, State::Unknown, "could not tell");
    }
}

#[test]
fn df_is_read() {
    let text = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 40 60 40% /\n";
    assert_eq!(limits::parse_df(text), Some(60 * 1024));
    assert_eq!(limits::parse_df(""), None);
    let tree = with(&[]);
    let findings = Machine::new(tree.0.path(), Some(10 << 20)).examine();
    assert!(findings.iter().any(|finding| finding.topic == "disk" && finding.state == State::Costs));
}

#[test]
fn text_and_json() {
    let findings = with(&[("sys/fs/cgroup/cpu.max", "50000 100000\n")]).examine();
    let text = render(&findings, Colour::Off);
    assert!(text.contains("costs    cpu quota"), "{text}");
    assert!(text.contains("→ raise the container's cpu limit"), "{text}");
    assert!(text.ends_with(" fine, 1 cost latency, 0 could not be told.\n"), "{text}");
    assert!(!text.contains('\u{1b}'));
    assert!(render(&findings, Colour::On).contains("\u{1b}[33mcosts"));
    let value: serde_json::Value = serde_json::from_str(&json(&findings)).unwrap();
    let quota = value["findings"].as_array().unwrap().iter().find(|f| f["topic"] == "cpu quota").unwrap();
    assert_eq!(quota["state"], "costs");
    assert!(quota["remedy"].is_string());
}
