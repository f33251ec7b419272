//! What no compiler checks: the layers, the code map, lengths, heads of modules, and what may not be named where.
//!
//! A finding names the file and line and says what to do. There are no exceptions lists but the ones below.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Longest file and function, and longest line, in lines and characters.
const FILE_LINES_MAX: usize = 800;
const FILE_LINES_MEDIAN_MAX: usize = 200;
const FUNCTION_LINES_MAX: usize = 70;
const LINE_CHARS_MAX: usize = 120;

/// The given top-level folders that hold crates.
const CRATE_ROOTS: [&str; 5] = ["engine", "feeds", "strategies", "risk", "bench"];

/// Files that may contain `unsafe`, each with the reason.
const UNSAFE_ALLOWED: [(&str, &str); 4] = [
    ("bench/src/allocations.rs", "a counting allocator must implement `GlobalAlloc`"),
    ("strategies/inference/src/kernels/avx2.rs", "vector registers are loaded from memory by intrinsics"),
    ("strategies/inference/src/kernels/avx512.rs", "vector registers are loaded from memory by intrinsics"),
    (
        "strategies/inference/src/kernels/mod.rs",
        "kernels run only where the processor has their instructions",
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace root exists")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All crates: folder from the root, and manifest text.
fn crates() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for top in CRATE_ROOTS {
        let mut folders = vec![root().join(top)];
        while let Some(folder) = folders.pop() {
            let manifest = folder.join("Cargo.toml");
            if manifest.exists() {
                let name = folder.strip_prefix(root()).expect("a crate is inside").display().to_string();
                found.insert(name, read(&manifest));
            } else {
                folders.extend(subfolders(&folder));
            }
        }
    }
    found
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// All Rust files of all crates, as paths from the root, with their text.
fn sources() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for name in crates().keys() {
        let mut folders: Vec<PathBuf> =
            ["src", "tests", "benches", "examples"].iter().map(|part| root().join(name).join(part)).collect();
        while let Some(folder) = folders.pop() {
            folders.extend(subfolders(&folder));
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.strip_prefix(root()).expect("a source is inside").display().to_string();
                    found.insert(name, read(&path));
                }
            }
        }
    }
    found
}

/// The code map of ARCHITECTURE.md: rows `| engine/model | 0 | … |`.
fn code_map() -> BTreeMap<String, u32> {
    let text = read(&root().join("ARCHITECTURE.md"));
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (name, layer) = (cells.next()?.trim_matches('`'), cells.next()?);
        Some((name.to_owned(), layer.trim().parse().ok()?))
    });
    rows.collect()
}

fn report(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

#[test]
fn the_code_map_names_exactly_the_crates_that_exist() {
    let (map, crates) = (code_map(), crates());
    let missing = crates.keys().filter(|name| !map.contains_key(*name));
    let extra = map.keys().filter(|name| !crates.contains_key(*name));
    let findings = missing.map(|name| format!("{name} is not in ARCHITECTURE.md's code map; add a row"));
    let extra =
        extra.map(|name| format!("ARCHITECTURE.md maps {name}, which does not exist; remove the row"));
    report(&findings.chain(extra).collect::<Vec<_>>());
}

#[test]
fn a_crate_depends_only_on_lower_layers() {
    let (map, crates) = (code_map(), crates());
    let layer_of: BTreeMap<&str, u32> =
        map.iter().map(|(folder, layer)| (folder.rsplit('/').next().unwrap_or(folder), *layer)).collect();
    let mut findings = Vec::new();
    for (folder, manifest) in &crates {
        let normal = manifest.split("[dependencies]").nth(1).unwrap_or("");
        let normal = normal.split("\n[").next().unwrap_or("");
        for line in normal.lines().filter(|line| line.ends_with(".workspace = true")) {
            let dependency = line.trim_end_matches(".workspace = true");
            let layer = layer_of.get(dependency).copied();
            if let Some(layer) = layer.filter(|layer| *layer >= map[folder]) {
                let own = map[folder];
                findings.push(format!("{folder} (layer {own}) depends on {dependency} (layer {layer})"));
            }
        }
    }
    report(&findings);
}

#[test]
fn files_and_lines_are_short() {
    let sources = sources();
    let mut findings = Vec::new();
    let mut lengths: Vec<usize> = Vec::new();
    for (name, text) in &sources {
        lengths.push(text.lines().count());
        if text.lines().count() > FILE_LINES_MAX {
            findings
                .push(format!("{name} has {} lines; give an idea a file of its own", text.lines().count()));
        }
        for (number, line) in text.lines().enumerate() {
            // A sentence in quotes and a row of a table are as long as they are.
            let is_whole = line.contains('"') || line.trim_start().starts_with("//! |");
            if line.chars().count() > LINE_CHARS_MAX && !is_whole {
                findings.push(format!("{name}:{} is longer than {LINE_CHARS_MAX} characters", number + 1));
            }
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    if median > FILE_LINES_MEDIAN_MAX {
        findings.push(format!("the median file has {median} lines, more than {FILE_LINES_MEDIAN_MAX}"));
    }
    report(&findings);
}

#[test]
fn functions_are_short() {
    let mut findings = Vec::new();
    for (name, text) in sources() {
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let words: Vec<&str> = line.trim_start().split(' ').take(4).collect();
            if !words.contains(&"fn") || line.trim_start().starts_with("//") || line.trim_end().ends_with(';')
            {
                continue;
            }
            let close = format!("{}}}", " ".repeat(indent));
            let length = lines[start..].iter().position(|line| *line == close).unwrap_or(0);
            if length > FUNCTION_LINES_MAX {
                findings.push(format!("{name}:{} is a function of {length} lines; cut it", start + 1));
            }
        }
    }
    report(&findings);
}

#[test]
fn every_file_says_what_it_is() {
    let silent = |text: &String| !text.starts_with("//! ");
    let sources = sources();
    let files = sources.iter().filter(|(_, text)| silent(text));
    report(
        &files
            .map(|(name, _)| format!("{name} does not begin with `//! …`; say what, why, what not"))
            .collect::<Vec<_>>(),
    );
}

/// The line at which a file's tests begin.
fn first_test_line(text: &str) -> usize {
    text.lines().position(|line| line == "#[cfg(test)]").unwrap_or(usize::MAX)
}

#[test]
fn nothing_is_named_where_it_must_not_be() {
    let mut findings = Vec::new();
    let word = |line: &str, word: &str| {
        line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
    };
    for (name, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            let mut find = |what: &str| findings.push(format!("{name}:{}: {what}", number + 1));
            // Tests make fills by hand, and those name the order they belong to.
            let is_test = name.ends_with("testing.rs")
                || name.ends_with("tests.rs")
                || number >= first_test_line(&text);
            if name.starts_with("strategies/")
                && !is_test
                && ["Order", "Gateway", "OrderId"].iter().any(|w| word(code, w))
            {
                find("a strategy names an order or a gateway; it may only say what it wants");
            }
            if name.starts_with("engine/model/src")
                && ["serde", "tokio", "File"].iter().any(|w| word(code, w))
            {
                find("the vocabulary does no I/O and knows no serde");
            }
            if word(code, "unsafe")
                && !UNSAFE_ALLOWED.iter().any(|(file, _)| *file == name)
                && !name.ends_with("tidy.rs")
            {
                find("unsafe outside the files listed in tidy.rs");
            }
            if ["FIXME", "XXX", "HACK"].iter().any(|w| word(line, w)) && !name.ends_with("tidy.rs") {
                find("finish it, or open an issue");
            }
        }
    }
    let banned = crates().into_keys().filter(|name| {
        ["common", "core", "utils", "util", "helpers", "misc"]
            .contains(&name.rsplit('/').next().unwrap_or(""))
    });
    findings.extend(banned.map(|name| format!("{name}: name a crate after its idea")));
    report(&findings);
}

#[test]
fn rings_and_events_stay_free_of_locks_on_the_hot_path() {
    // Crates of the fold may not know threads, locks or clocks at all.
    let fold = [
        "engine/bars",
        "engine/indicators",
        "engine/matrices",
        "engine/synergy",
        "engine/portfolio",
        "feeds/matching",
        "risk/gate",
        "engine/orders",
        "strategies/agents",
        "strategies/strategy",
    ];
    let banned =
        ["Mutex", "RwLock", "thread", "Instant", "SystemTime", "HashMap", "HashSet", "println", "eprintln"];
    let mut findings = Vec::new();
    for (name, text) in sources() {
        let is_fold = fold.iter().any(|folder| name.starts_with(&format!("{folder}/src")));
        if !is_fold || name.ends_with("testing.rs") {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for (number, line) in code.lines().enumerate() {
            let line = line.split("//").next().unwrap_or("");
            for word in banned {
                if line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word) {
                    findings.push(format!("{name}:{}: {word} in the fold", number + 1));
                }
            }
        }
    }
    report(&findings);
}
