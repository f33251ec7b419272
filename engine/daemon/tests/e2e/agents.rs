//! The agents end to end: what they decide on a synthetic market, that it is the same however the run is put
//! together, and which models are refused.

use crate::support::tables::Table;
use crate::support::{Ended, PROGRAM, Place, Run};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const AGENTS: [&str; 7] = ["mlmi", "nwrqk", "regime", "fvg", "momentum", "entry", "ensemble"];
const TABLES: [&str; 6] = ["bars", "indicators", "decisions", "synergies", "orders", "fills"];

/// A synthetic market of two symbols.
pub fn market(place: &Place, days: u32) -> Vec<PathBuf> {
    let symbol = |name: &str, price: &str, volatility: &str| {
        format!(
            "[[symbols]]\nname = \"{name}\"\nstart_price = \"{price}\"\ntick_size = \"0.01\"\nlot = \"1\"\n\
             daily_volatility = {volatility}\ntrades_per_day = 3000\nquotes_per_trade = 0.5\n"
        )
    };
    let text =
        format!("seed = 3\ndays = {days}\n{}{}", symbol("ONE", "80", "0.02"), symbol("TWO", "300", "0.03"));
    generate(&place.write("market.toml", &text), &place.path("market"))
}

fn generate(config: &Path, out: &Path) -> Vec<PathBuf> {
    let ended: Ended = Command::new(PROGRAM)
        .arg("generate")
        .arg("--config")
        .arg(config)
        .arg("--out")
        .arg(out)
        .output()
        .expect("the program starts")
        .into();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    vec![out.to_owned()]
}

pub fn config(more: &str) -> String {
    format!(
        "[run]\nstrategies = [\"marl\"]\nwait = \"block\"\n[bars]\ntimeframes = [\"5m\"]\n\
         [risk]\nmax_position = \"50\"\n[venue]\nlatency = \"1ms\"\n{more}"
    )
}

#[track_caller]
pub fn check_same(one: &Run, other: &Run) {
    assert_eq!(one.hashes(), other.hashes(), "{} and {}", one.dir.display(), other.dir.display());
    for name in TABLES {
        let same = Table::read(&one.dir, name) == Table::read(&other.dir, name);
        assert!(same, "{name}.parquet differs between {} and {}", one.dir.display(), other.dir.display());
    }
}

#[test]
fn the_quickstart_shows_synergies_fills_a_refusal_and_every_default_pattern() {
    let place = Place::new();
    let configs = Path::new(ROOT).join("configs");
    let data = generate(&configs.join("quickstart-market.toml"), &place.path("market"));
    let text = std::fs::read_to_string(configs.join("quickstart.toml")).expect("the quickstart is there");
    let run = place.run("run", &text, &data, &[]);
    assert!(run.count(&["counts", "synergies"]) >= 30, "{}", run.value(&["counts"]));
    assert!(run.count(&["counts", "fills"]) >= 10, "{}", run.value(&["counts"]));
    assert!(run.total(&["counts", "refused"]) >= 1, "{}", run.value(&["counts"]));
    for pattern in ["mlmi>nwrqk>fvg", "mlmi>fvg>nwrqk", "nwrqk>fvg>mlmi", "nwrqk>mlmi>fvg"] {
        assert!(run.count(&["counts", "synergies_by_pattern", pattern]) > 0, "{pattern} never fires");
    }
    let due = run.count(&["counts", "decisions"]) + run.count(&["agents", "not_ready"]);
    assert_eq!(run.count(&["counts", "synergies"]), due, "each synergy is decided on, or came too early");
    assert!(run.total(&["counts", "synergies_unlisted"]) > 0, "{}", run.value(&["counts"]));
    check_decisions(&run);
    check_explained(&run);
}

/// Seven rows a decision, each a distribution; the outcome stands with the ensemble alone.
fn check_decisions(run: &Run) {
    let table = Table::read(&run.dir, "decisions");
    let decisions = run.count(&["counts", "decisions"]) as usize;
    assert_eq!(table.rows(), decisions * AGENTS.len());
    let [long, flat, short] = ["p_long", "p_flat", "p_short"].map(|name| table.doubles(name));
    let (agents, outcomes) = (table.names("agent"), table.names("outcome"));
    for row in 0..table.rows() {
        assert_eq!(agents[row], AGENTS[row % AGENTS.len()]);
        let sum = long[row] + flat[row] + short[row];
        assert!((sum - 1.0).abs() < 1e-5, "row {row} sums to {sum}");
        assert_eq!(outcomes[row].is_empty(), agents[row] != "ensemble", "row {row}: {:?}", outcomes[row]);
    }
    let said = |outcome: &str| outcomes.iter().filter(|known| known.starts_with(outcome)).count();
    assert!(said("approved") > 10 && said("refused:") > 0, "{} approved", said("approved"));
    assert_eq!(said("approved") + said("refused:") + said("hold") + said("timeout"), decisions);
}

/// Every decision explains itself, and a sequence number without one names its neighbours.
fn check_explained(run: &Run) {
    let explain = |seq: u64| -> Ended {
        let mut command = Command::new(PROGRAM);
        command.arg("explain").arg(&run.dir).arg("--seq").arg(seq.to_string());
        command.output().expect("the program starts").into()
    };
    let mut seqs: Vec<u64> = Table::read(&run.dir, "decisions")
        .uints("seq")
        .into_iter()
        .map(|seq| seq.expect("no null"))
        .collect();
    seqs.dedup();
    for seq in seqs.iter().step_by(10) {
        let ended = explain(*seq);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        for part in ["synergy", "mlmi", "entry", "confidence"] {
            assert!(ended.stdout.to_lowercase().contains(part), "{part} is not in {}", ended.stdout);
        }
    }
    explain(seqs[0] + 1).check_refused(2, &[&seqs[0].to_string(), &seqs[1].to_string()]);
}

#[test]
fn nothing_that_decides_speed_changes_a_decision() {
    let place = Place::new();
    let data = market(&place, 14);
    let base = place.run("base", &config(""), &data, &[]);
    assert!(base.count(&["counts", "decisions"]) > 5, "{}", base.value(&["counts"]));
    let groups = r#"run.layout=[["sequencer"],["portfolio"],["bars"],["indicators"],["matrices"],["synergy"],["agents"],["risk","orders"]]"#;
    let flags = [
        ["--set", "run.layout=split"],
        ["--set", groups],
        ["--set", "data.decode_threads=4"],
        ["--set", "agents.cache_entries=0"],
        ["--set", "agents.cache_entries=1"],
        ["--set", "agents.deadline_us=1"],
        ["--set", "matrices.record=true"],
    ];
    for (at, flags) in flags.iter().enumerate() {
        check_same(&base, &place.run(&format!("run{at}"), &config(""), &data, flags));
    }
    // Asked at every bar, a small cache and a large one answer alike, and the large one does answer.
    let bar = config("[agents]\ndecide_on = \"bar\"\n");
    let cached = place.run("cached", &bar, &data, &[]);
    check_same(&cached, &place.run("uncached", &bar, &data, &["--set", "agents.cache_entries=0"]));
    check_same(&cached, &place.run("split", &bar, &data, &["--set", "run.layout=split"]));
    let hits = |agent: &str| cached.count(&["agents", agent, "cache_hits"]);
    assert!(hits("mlmi") > 100, "the strategic matrix stands for six bars: {}", cached.value(&["agents"]));
    assert_ne!(cached.hashes(), base.hashes());
}

#[test]
fn simulated_misses_and_latency_replay_and_reloads_act_from_their_time_on() {
    let place = Place::new();
    let data = market(&place, 14);
    let base = place.run("base", &config(""), &data, &[]);
    let with = |seed: u32| {
        config(&format!(
            "[agents]\nsimulated_latency = \"2s\"\n[agents.simulated_miss]\nseed = {seed}\nprobability = 0.3\n"
        ))
    };
    let missed = place.run("missed", &with(1), &data, &[]);
    check_same(&missed, &place.run("again", &with(1), &data, &["--set", "run.layout=split"]));
    assert_ne!(missed.hashes(), place.run("other", &with(2), &data, &[]).hashes());
    assert!(AGENTS[..6].iter().any(|agent| missed.count(&["agents", agent, "missed"]) > 0));

    let model = Path::new(ROOT).join("configs/models/nwrqk.safetensors");
    let copy = place.path("nwrqk.safetensors");
    std::fs::copy(&model, &copy).expect("the model is there");
    let times = Table::read(&base.dir, "decisions").times("ts_event");
    let middle = times[times.len() / 2 / 7 * 7].expect("no null");
    let reload = |file: &Path, hash: &str| {
        let at = crate::support::exact::rfc3339(middle);
        let file = file.display();
        config(&format!(
            "[[agents.reloads]]\nat = \"{at}\"\nagent = \"nwrqk\"\nfile = \"{file}\"\nsha256 = \"{hash}\"\n"
        ))
    };
    let hash = sha256(&copy);
    let same = place.run("same", &reload(&copy, &hash), &data, &[]);
    let other = retrained(&place, &copy);
    let swapped = place.run("swapped", &reload(&other, &sha256(&other)), &data, &[]);
    check_same(
        &swapped,
        &place.run("swapped-split", &reload(&other, &sha256(&other)), &data, &["--set", "run.layout=split"]),
    );
    let says = |run: &Run| {
        let table = Table::read(&run.dir, "decisions");
        let rows: Vec<(i64, String, u64)> = (0..table.rows())
            .map(|row| {
                (
                    table.times("ts_event")[row].expect("no null"),
                    table.names("agent")[row].clone(),
                    table.doubles("p_long")[row].to_bits(),
                )
            })
            .collect();
        rows
    };
    let seqs = Table::read(&swapped.dir, "decisions").uints("seq");
    for (seq, file, of) in
        [(seqs.first(), "built-in nwrqk.safetensors", &model), (seqs.last(), "retrained", &other)]
    {
        let mut command = Command::new(PROGRAM);
        command.arg("explain").arg(&swapped.dir).args(["--seq", &seq.unwrap().expect("no null").to_string()]);
        let page = Ended::from(command.output().expect("the program starts")).stdout;
        let line = page.lines().find(|line| line.contains(file)).unwrap_or_else(|| panic!("{file}: {page}"));
        assert!(line.contains("nwrqk ") && line.contains(&sha256(of)[..16]), "{line}");
    }
    let (same, swapped) = (says(&same), says(&swapped));
    let first =
        |rows: &[(i64, String, u64)]| rows.iter().filter(|row| row.0 < middle).cloned().collect::<Vec<_>>();
    assert_eq!(first(&same), first(&swapped), "before its time a reload changes nothing");
    let of = |rows: &[(i64, String, u64)]| {
        rows.iter()
            .find(|row| row.0 >= middle && row.1 == "nwrqk")
            .map(|row| row.2)
            .expect("it is asked again")
    };
    assert_ne!(of(&same), of(&swapped), "from its time on the other weights answer");
}

pub fn sha256(path: &Path) -> String {
    use sha2::Digest;
    let bytes = std::fs::read(path).expect("the file is there");
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The length of the header of a model file, and the file.
fn model_bytes(path: &Path) -> (usize, Vec<u8>) {
    let bytes = std::fs::read(path).expect("the model is there");
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    (length, bytes)
}

/// Where a tensor of a model file lies.
fn tensor(length: usize, bytes: &[u8], name: &str) -> Option<Range<usize>> {
    let header: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).expect("a header is JSON");
    let offsets = header.get(name)?.get("data_offsets")?;
    let at = |n: usize| 8 + length + offsets[n].as_u64().expect("an offset") as usize;
    Some(at(0)..at(1))
}

/// The bias of the last layer.
fn last_bias(length: usize, bytes: &[u8]) -> Range<usize> {
    (0..20).rev().find_map(|layer| tensor(length, bytes, &format!("layers.{layer}.bias"))).expect("a layer")
}

/// Changes the floats of a range.
fn edit(bytes: &mut [u8], change: impl Fn(&mut [f32])) {
    let float = |four: &[u8]| f32::from_le_bytes(four.try_into().expect("four bytes"));
    let mut values: Vec<f32> = bytes.chunks_exact(4).map(float).collect();
    change(&mut values);
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    bytes.copy_from_slice(&raw);
}

/// Another model of the same agent: the network's last bias moved, and the test vector's answer with it.
fn retrained(place: &Place, model: &Path) -> PathBuf {
    let (length, mut bytes) = model_bytes(model);
    let (bias, output) =
        (last_bias(length, &bytes), tensor(length, &bytes, "test.output").expect("there is an answer"));
    edit(&mut bytes[bias], |biases| biases[0] += 2.0_f32.ln());
    // softmax(x + (ln 2, 0, 0)): the first probability doubles before all are divided by their sum.
    edit(&mut bytes[output], |answer| {
        answer[0] *= 2.0;
        let sum: f32 = answer.iter().sum();
        answer.iter_mut().for_each(|p| *p /= sum);
    });
    let path = place.path("retrained.safetensors");
    std::fs::write(&path, bytes).expect("the temporary folder takes files");
    path
}

#[test]
fn models_that_are_not_what_they_should_be_are_refused_in_one_sentence() {
    let place = Place::new();
    let data = market(&place, 1);
    let good = Path::new(ROOT).join("configs/models/mlmi.safetensors");
    let (length, bytes) = model_bytes(&good);
    let edited = |from: &str, to: &str| {
        let header = String::from_utf8(bytes[8..8 + length].to_vec()).expect("a header is text");
        assert!(header.contains(from) && from.len() == to.len());
        [&bytes[..8], header.replacen(from, to, 1).as_bytes(), &bytes[8 + length..]].concat()
    };
    let mut nan = bytes.clone();
    let end = 8 + length + 4;
    nan[8 + length..end].copy_from_slice(&f32::NAN.to_le_bytes());
    let mut weights = bytes.clone();
    let bias = last_bias(length, &weights);
    edit(&mut weights[bias], |biases| biases[0] += 0.01);
    let mut bomb = bytes.clone();
    bomb[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let cases: [(&str, Vec<u8>, Option<&str>, &str); 9] = [
        ("another hash", bytes.clone(), Some("00"), "SHA-256"),
        ("another agent", edited("\"agent\":\"mlmi\"", "\"agent\":\"mlmx\""), None, "mlmx"),
        ("another schema", edited("665b4336", "665b4337"), None, "schema"),
        ("another shape", edited("\\\"rows\\\": 48", "\\\"rows\\\": 47"), None, "layer 2"),
        ("a NaN", nan, None, "layers."),
        ("other weights", weights, None, "test vector"),
        ("a pickle", b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00.".to_vec(), None, "pickle"),
        ("a header that claims too much", bomb, None, "header"),
        ("nothing", Vec::new(), None, "model"),
    ];
    for (what, bytes, hash, part) in cases {
        let path = place.path("bad.safetensors");
        std::fs::write(&path, bytes).expect("the temporary folder takes files");
        let hash = hash.map_or_else(|| sha256(&path), |digits| digits.repeat(32));
        let models = format!(
            "[[agents.models]]\nagent = \"mlmi\"\nfile = \"{}\"\nsha256 = \"{hash}\"\n",
            path.display()
        );
        let ended = place.backtest("run", &config(&models), &data, &[]);
        eprintln!("{what}: {}", ended.stderr.trim());
        ended.check_refused(2, &["bad.safetensors", part]);
        assert!(!place.path("run").exists(), "{what}: nothing is written");
    }
    let missing = "[[agents.models]]\nagent = \"mlmi\"\nfile = \"none.safetensors\"\nsha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";
    place.backtest("run", &config(missing), &data, &[]).check_refused(2, &["none.safetensors"]);
}

#[test]
fn features_that_cannot_be_are_refused_by_key() {
    let place = Place::new();
    let data = market(&place, 1);
    let matrix = |features: &str, window: u32| {
        format!(
            "[[matrices.list]]\nname = \"mine\"\ntimeframe = \"5m\"\nwindow = {window}\nfeatures = [{features}]\n"
        )
    };
    for (more, parts) in [
        (matrix("\"rsi_14\", \"mlmi_valu\"", 10), ["matrices.list[0].features", "mlmi_value"]),
        (
            matrix("\"rsi_14\"", 10) + "raw = [\"rsi_4\"]\n",
            ["matrices.list[0].raw names \"rsi_4\"", "the nearest is \"rsi_14\""],
        ),
        ("[synergy]\nfvg_height_min = \"-0.001\"\n".to_owned(), ["synergy.fvg_height_min", "above zero"]),
        ("[sizing]\ntarget_volatility = 10.5\n".to_owned(), ["sizing.target_volatility", "10"]),
        (matrix("\"rsi_14\"", 5_000), ["matrices.list[0].window", "4096"]),
        (matrix("\"rsi_14\"", 1), ["matrices.list[0].window", "2"]),
        ("[agents]\nstrategic_matrix = \"stratgic\"\n".to_owned(), ["agents.strategic_matrix", "tactical"]),
        ("[agents]\nsimulated_latency = \"5m\"\n".to_owned(), ["agents.simulated_latency", "5m"]),
        ("[agents]\ngate = 1.5\n".to_owned(), ["agents.gate", "0 to 1"]),
    ] {
        place.backtest("run", &config(&more), &data, &[]).check_refused(2, &parts);
    }
    // A matrix of one's own is made beside those of the agents, from indicators that nobody listed.
    let mine = config(&matrix(
        "\"rsi_9\", \"volume_ratio\", \"clock\"".replace("\"clock\"", "\"hour_sin\"").as_str(),
        10,
    ));
    let run = place.run("mine", &mine, &data, &[]);
    assert!(run.count(&["counts", "matrices"]) > 100, "{}", run.value(&["counts"]));
}

#[test]
fn synergy_only_takes_each_synergy_and_says_no_decisions() {
    let place = Place::new();
    let data = market(&place, 14);
    let config = config("").replace("marl", "synergy_only");
    let run = place.run("run", &config, &data, &[]);
    assert!(run.count(&["counts", "synergies"]) > 5 && run.count(&["counts", "orders"]) > 5);
    assert_eq!(run.count(&["counts", "decisions"]), 0);
    check_same(&run, &place.run("split", &config, &data, &["--set", "run.layout=split"]));
}

/// The ensemble's rows of a run's decisions.
fn wholes(run: &Run) -> Vec<(u64, String, String, String)> {
    let table = Table::read(&run.dir, "decisions");
    let [agents, symbols, outcomes] = ["agent", "symbol", "outcome"].map(|column| table.names(column));
    let verdicts = table.texts("verdict");
    let seqs = table.uints("seq");
    let rows = (0..table.rows()).filter(|row| agents[*row] == "ensemble");
    rows.map(|row| {
        let seq = seqs[row].expect("no null");
        let verdict = verdicts[row].clone().expect("no null of the ensemble");
        (seq, symbols[row].clone(), verdict, outcomes[row].clone())
    })
    .collect()
}

#[test]
fn exits_are_told_apart_from_decisions() {
    let place = Place::new();
    let data = market(&place, 14);
    let text = config("[agents]\ndecide_on = \"bar\"\ngate = 0.34\n");
    let run = place.run("run", &text, &data, &[]);
    let table = Table::read(&run.dir, "orders");
    let (purposes, symbols, causes) =
        (table.names("purpose"), table.names("symbol"), table.uints("cause_seq"));
    let exits = |purpose: &str| run.count(&["agents", "exits", purpose]);
    for purpose in ["stop", "target"] {
        let orders = purposes.iter().filter(|of| *of == purpose).count();
        assert!(
            orders > 9 && exits(purpose) > 9,
            "{orders} {purpose} of {}",
            run.value(&["agents", "exits"])
        );
    }
    assert!(purposes.iter().filter(|of| *of == "time_stop").count() as u64 >= exits("time_stop"));
    let caused = |seq: u64, symbol: &str, is_decision: bool| {
        let of = |row: &usize| causes[*row] == Some(seq) && symbols[*row] == symbol;
        (0..table.rows()).filter(of).any(|row| (purposes[row] == "decision") == is_decision)
    };
    let decisions = wholes(&run);
    let mut beside = 0;
    for (seq, symbol, verdict, outcome) in &decisions {
        assert_eq!(*outcome == "approved", caused(*seq, symbol, true), "{symbol} at input {seq}: {outcome}");
        let is_left = caused(*seq, symbol, false);
        assert!(!is_left || ["leaving", "act"].contains(&verdict.as_str()), "{symbol} at {seq}: {verdict}");
        beside += u64::from(is_left && verdict == "leaving");
    }
    assert!(beside > 0, "some exits share their input with a decision");
}

#[test]
fn what_came_too_early_or_is_not_listed_is_counted() {
    let place = Place::new();
    let data = market(&place, 14);
    let all = "\"mlmi>nwrqk>fvg\", \"mlmi>fvg>nwrqk\", \"nwrqk>fvg>mlmi\", \"nwrqk>mlmi>fvg\", \"fvg>mlmi>nwrqk\", \"fvg>nwrqk>mlmi\"";
    let listed =
        |patterns: &str| config(&format!("[synergy]\ncool_down = \"0s\"\npatterns = [{patterns}]\n"));
    let all = place.run("all", &listed(all), &data, &[]);
    let some = place.run("some", &listed("\"mlmi>nwrqk>fvg\""), &data, &[]);
    assert_eq!(all.total(&["counts", "synergies_unlisted"]), 0);
    // Without a cool-down a set that is not listed is emptied just as one that is.
    for pattern in ["mlmi>fvg>nwrqk", "fvg>mlmi>nwrqk", "fvg>nwrqk>mlmi"] {
        let expected = all.value(&["counts", "synergies_by_pattern"]).get(pattern).cloned();
        let found = some.value(&["counts", "synergies_unlisted"]).get(pattern).cloned();
        assert_eq!(found, expected, "{pattern}: {}", some.value(&["counts"]));
    }
    assert!(all.count(&["agents", "not_ready"]) > 0, "{}", all.value(&["agents"]));
    for run in [&all, &some] {
        let due = run.count(&["counts", "decisions"]) + run.count(&["agents", "not_ready"]);
        assert_eq!(run.count(&["counts", "synergies"]), due);
    }
}
