//! `agents.backend`: refused by a program without libtorch; with it, the exported networks decide as our own kernels
//! do.
//!
//! The exported files are not part of the project: without them the tests that need them say so and pass
//! (`scripts/export-torchscript.py`).

#[cfg(not(feature = "libtorch"))]
mod without {
    use crate::agents::{config, market};
    use crate::support::Place;

    #[test]
    fn a_program_without_libtorch_refuses_it_in_one_sentence() {
        let place = Place::new();
        let data = market(&place, 1);
        let torch = config("[agents]\nbackend = \"torch\"\n");
        let parts =
            ["agents.backend is \"torch\"", "scripts/setup-torch.sh", "--features libtorch", "run.toml:"];
        place.backtest("run", &torch, &data, &[]).check_refused(2, &parts);
        let flags = ["--set", "agents.backend=torch"];
        place.backtest("run", &config(""), &data, &flags).check_refused(2, &parts[..3]);
        assert!(!place.path("run").exists(), "nothing is written");
        place
            .backtest("run", &config(""), &data, &["--set", "agents.backend=tch"])
            .check_refused(2, &["torch"]);
    }
}

#[cfg(feature = "libtorch")]
mod with {
    use crate::agents::{ROOT, check_same, config, market, sha256};
    use crate::support::tables::{Table, fills, orders};
    use crate::support::{Place, Run};
    use std::path::{Path, PathBuf};

    const AGENTS: [&str; 6] = ["mlmi", "nwrqk", "regime", "fvg", "momentum", "entry"];
    /// The largest difference of two probabilities.
    const DIFFERENCE_MAX: f64 = 1e-5;

    /// The exported file of an agent with its sidecar in a folder of the test's, or a line that says how to get it.
    fn exported(place: &Place, agent: &str) -> Option<PathBuf> {
        let from = Path::new(ROOT).join(format!("target/torch/models/{agent}.pt"));
        let to = place.path(&format!("{agent}.pt"));
        if std::fs::copy(&from, &to).is_err() {
            eprintln!("SKIPPED: no target/torch/models/{agent}.pt; scripts/export-torchscript.py makes it");
            return None;
        }
        let sidecar = Path::new(ROOT).join(format!("configs/models/{agent}.safetensors"));
        std::fs::copy(sidecar, to.with_extension("safetensors")).expect("the model is there");
        Some(to)
    }

    fn listed(agent: &str, file: &Path, sha256: &str) -> String {
        format!(
            "[[agents.models]]\nagent = \"{agent}\"\nfile = \"{}\"\nsha256 = \"{sha256}\"\n",
            file.display()
        )
    }

    /// All six listed.
    fn models(place: &Place) -> Option<String> {
        AGENTS
            .map(|agent| exported(place, agent).map(|file| listed(agent, &file, &sha256(&file))))
            .into_iter()
            .collect()
    }

    /// Who decided what and what came of it, in words and exact numbers; and all probabilities.
    fn decided(run: &Run) -> (Vec<Vec<String>>, Vec<f64>) {
        let table = Table::read(&run.dir, "decisions");
        let texts = ["symbol", "agent", "action", "outcome", "verdict", "urgency", "pattern", "direction"];
        let mut words: Vec<Vec<String>> = texts
            .iter()
            .map(|name| table.texts(name).into_iter().map(Option::unwrap_or_default).collect())
            .collect();
        words.push(table.uints("seq").iter().map(|seq| format!("{seq:?}")).collect());
        words.push(table.narrow("target").iter().map(|target| format!("{target:?}")).collect());
        let p = ["p_long", "p_flat", "p_short", "confidence"].map(|name| table.doubles(name));
        (words, p.concat())
    }

    /// Orders and fills but for the session in their ids, which the configuration's hash makes.
    fn traded(run: &Run) -> Vec<String> {
        let session = run.text(&["config_hash"])[..8].to_owned();
        let orders = orders(&run.dir).into_iter().map(|order| format!("{order:?}"));
        let fills = fills(&run.dir).into_iter().map(|fill| format!("{fill:?}"));
        orders.chain(fills).map(|line| line.replace(&session, "SESSION")).collect()
    }

    #[track_caller]
    fn check_alike(native: &Run, torch: &Run) {
        let ((words, ours), (their_words, theirs)) = (decided(native), decided(torch));
        assert_eq!(words, their_words);
        assert_eq!(traded(native), traded(torch));
        let difference = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        eprintln!("{} numbers, largest difference {difference:.1e}", ours.len());
        assert!(difference <= DIFFERENCE_MAX, "{difference:e}");
        assert!(
            difference > 0.0,
            "two runtimes never give the same bits throughout: one of them did not answer"
        );
    }

    #[test]
    fn libtorch_decides_as_our_own_kernels_do_on_every_layout() {
        let place = Place::new();
        let data = market(&place, 14);
        let Some(models) = models(&place) else { return };
        let torch = |more: &str| config(&format!("[agents]\nbackend = \"torch\"\n{more}{models}"));
        let native = place.run("native", &config(""), &data, &[]);
        assert!(native.count(&["counts", "decisions"]) > 5 && native.count(&["counts", "orders"]) > 5);
        let run = place.run("torch", &torch(""), &data, &[]);
        check_alike(&native, &run);
        check_same(&run, &place.run("split", &torch(""), &data, &["--set", "run.layout=split"]));
        assert_eq!(run.text(&["agents", "fvg", "model", "sha256"]), sha256(&place.path("fvg.pt")));

        let elsewhere = Place::new();
        let data = market(&elsewhere, 4);
        let bar = "decide_on = \"bar\"\n";
        let native = place.run("native-bar", &config(&format!("[agents]\n{bar}")), &data, &[]);
        assert!(native.count(&["counts", "decisions"]) > 500, "{}", native.value(&["counts"]));
        check_alike(&native, &place.run("torch-bar", &torch(bar), &data, &[]));
    }

    #[test]
    fn an_agent_without_a_file_is_refused() {
        let place = Place::new();
        let data = market(&place, 1);
        let none = config("[agents]\nbackend = \"torch\"\n");
        let parts = ["agents.backend is \"torch\"", "agent mlmi has no TorchScript file", "run.toml:"];
        place.backtest("run", &none, &data, &[]).check_refused(2, &parts);
    }

    /// What it is, the file and the one beside it, which of them is named, and what of it.
    type Case<'a> = (&'a str, &'a [u8], Option<&'a [u8]>, &'a str, &'a str);

    #[test]
    fn files_that_are_not_what_they_should_be_are_refused_in_one_sentence() {
        let place = Place::new();
        let data = market(&place, 1);
        let Some(models) = models(&place) else { return };
        let bytes = |name: &str| std::fs::read(place.path(name)).expect("it was exported");
        let (good, sidecar) = (bytes("mlmi.pt"), bytes("mlmi.safetensors"));
        let of_other = [bytes("nwrqk.pt"), bytes("nwrqk.safetensors")];
        let [text, edited] = ["665b4336", "665b4337"];
        let at =
            sidecar.windows(text.len()).position(|bytes| bytes == text.as_bytes()).expect("a schema's hash");
        let mut of_features = sidecar.clone();
        of_features[at..at + text.len()].copy_from_slice(edited.as_bytes());
        let cases: [Case<'_>; 6] = [
            ("no TorchScript", b"PK\x03\x04", Some(&sidecar), "bad.pt", "libtorch cannot load it"),
            ("a native file", &sidecar, Some(&sidecar), "bad.pt", "libtorch cannot load it"),
            ("another agent's", &of_other[0], Some(&sidecar), "bad.pt", "test vector"),
            ("another agent's sidecar", &good, Some(&of_other[1]), "bad.safetensors", "nwrqk"),
            ("of other features", &good, Some(&of_features), "bad.safetensors", "schema"),
            ("without a sidecar", &good, None, "bad.safetensors", "cannot be read"),
        ];
        let check = |what: &str, hash: &str, parts: &[&str]| {
            let bad = place.path("bad.pt");
            let listed = models.replace(
                &listed("mlmi", &place.path("mlmi.pt"), &sha256(&place.path("mlmi.pt"))),
                &listed("mlmi", &bad, hash),
            );
            assert!(listed.contains("bad.pt"));
            let ended = place.backtest(
                "run",
                &config(&format!("[agents]\nbackend = \"torch\"\n{listed}")),
                &data,
                &[],
            );
            eprintln!("{what}: {}", ended.stderr.trim());
            ended.check_refused(2, parts);
            assert!(!place.path("run").exists(), "{what}: nothing is written");
        };
        for (what, bytes, sidecar, name, part) in cases {
            std::fs::write(place.path("bad.pt"), bytes).expect("the temporary folder takes files");
            let beside = place.path("bad.safetensors");
            match sidecar {
                Some(bytes) => std::fs::write(&beside, bytes).expect("the temporary folder takes files"),
                None => std::fs::remove_file(&beside).expect("it was written before"),
            }
            check(what, &sha256(&place.path("bad.pt")), &[name, part]);
        }
        std::fs::write(place.path("bad.safetensors"), &sidecar).expect("the temporary folder takes files");
        check("another hash", &"00".repeat(32), &["bad.pt", "SHA-256"]);
    }
}
