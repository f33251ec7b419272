//! The keys of matrices, synergies, agents, sizing and exits.

use super::super::schema::Key;
use super::super::shape::{Choices, Fixed, Least, Off, Range, Shape, Tables};
use super::one_of;

const AGENT: Shape = Shape::Choice(Choices { now: &["mlmi", "nwrqk", "regime", "fvg", "momentum", "entry"] });
const SHARE: Shape = Shape::Number(Least::From(0.0), 1.0);
const LOGIT: Shape = Shape::Number(Least::From(-50.0), 50.0);

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "matrices.record",
        Shape::Boolean,
        "false",
        "",
        "Whether the run folder holds matrices.parquet, for training; about a kilobyte for each matrix.",
    )
    .speed_only(),
    Key::new(
        "matrices.list",
        Shape::Tables(Tables { fields: "matrices.list[]", defaults: "", id: "name" }),
        "[]",
        "",
        "One table for each matrix; the strategy marl adds strategic (30m, 48 rows) and tactical (5m, 60 rows) as they are \
         defined where none of that name is listed.",
    ),
    Key::new("matrices.list[].name", Shape::Text, "", "", "Its name: small letters, digits and _.")
        .required(r#""momentum""#),
    Key::new("matrices.list[].timeframe", Shape::Timeframe, "", "", "Whose bars are its rows.")
        .required(r#""5m""#),
    Key::new(
        "matrices.list[].window",
        Shape::Integer { min: 2, max: 4_096 },
        "",
        "bars",
        "How many rows it has.",
    )
    .required("60"),
    Key::new("matrices.list[].features", Shape::Names, "", "", "Its columns: names of indicator values.")
        .required(r#"["rsi_14", "volume_ratio"]"#),
    Key::new(
        "matrices.list[].raw",
        Shape::Names,
        "",
        "",
        "The columns that pass unchanged; all others are z-scored over the window.",
    )
    .unset(r#"["mlmi_signal"]"#, "signs, flags, sines and cosines"),
    Key::new("synergy.timeframe", Shape::Timeframe, r#""5m""#, "", "The bars its signals come from."),
    Key::new(
        "synergy.window",
        Shape::Duration,
        r#""50m""#,
        "duration",
        "Longest time from the first signal to the third.",
    ),
    Key::new(
        "synergy.cool_down",
        Shape::Duration,
        r#""25m""#,
        "duration",
        "How long signals are ignored after a synergy.",
    ),
    Key::new(
        "synergy.nwrqk_min",
        Shape::Number(Least::From(0.0), 1.0),
        "0.01",
        "",
        "Least size of nwrqk_value for its signal; it cannot exceed 0.183.",
    ),
    Key::new(
        "synergy.fvg_direction",
        one_of(&["retest", "fade"]),
        r#""retest""#,
        "",
        "Whether a mitigated gap points its own way, or the opposite one.",
    ),
    Key::new(
        "synergy.fvg_height_min",
        Shape::Decimal(Fixed::Rate, Range::Share, Off::Never),
        r#""0.001""#,
        "fraction of the close",
        "Least height of a mitigated gap for its signal.",
    ),
    Key::new(
        "synergy.fvg_height_full",
        Shape::Decimal(Fixed::Rate, Range::Share, Off::Never),
        r#""0.005""#,
        "fraction of the close",
        "The height from which the signal's strength is 1.",
    ),
    Key::new(
        "synergy.patterns",
        Shape::Patterns,
        r#"["mlmi>nwrqk>fvg", "mlmi>fvg>nwrqk", "nwrqk>fvg>mlmi", "nwrqk>mlmi>fvg"]"#,
        "",
        "The orders of signals that make a synergy; others empty the set and are counted.",
    ),
    Key::new(
        "agents.decide_on",
        one_of(&["synergy", "bar"]),
        r#""synergy""#,
        "",
        "When the agents are asked: at a synergy, or at every bar of the tactical matrix.",
    ),
    Key::new("agents.gate", SHARE, "0.5", "", "Least confidence of a decision that acts."),
    Key::new("agents.blend", SHARE, "0.5", "", "The strategic group's share of the combined voice."),
    Key::new(
        "agents.backend",
        one_of(&["native", "torch"]),
        r#""native""#,
        "",
        "Who answers: the program's own kernels, or libtorch in a program built with --features libtorch. With torch every \
         agent has a TorchScript file in agents.models and beside it one that ends in safetensors, which says whose it \
         is, for which features, and what it answers; its last bits depend on the processor.",
    ),
    Key::new(
        "agents.deadline_us",
        Shape::Integer { min: 1, max: 100_000 },
        "1000",
        "us",
        "How long an agent may take in a live session; a backtest reads no clock.",
    )
    .speed_only(),
    Key::new(
        "agents.simulated_latency",
        Shape::Duration,
        r#""0ns""#,
        "duration",
        "From a decision until its order leaves, in a backtest; exits do not wait.",
    ),
    Key::new(
        "agents.cache_entries",
        Shape::Integer { min: 0, max: 1_000_000 },
        "1000",
        "observations",
        "How many answers an agent remembers; the same observation gets the same answer. 0 is off.",
    )
    .speed_only(),
    Key::new("agents.strategic_matrix", Shape::Text, r#""strategic""#, "", "What the strategic agents see."),
    Key::new("agents.tactical_matrix", Shape::Text, r#""tactical""#, "", "What the tactical agents see."),
    Key::new(
        "agents.blends",
        Shape::Tables(Tables { fields: "agents.blends[]", defaults: "", id: "pattern" }),
        "[]",
        "",
        "One table for each pattern of synergy with a share of its own.",
    ),
    Key::new(
        "agents.blends[].pattern",
        one_of(&[
            "mlmi>nwrqk>fvg",
            "mlmi>fvg>nwrqk",
            "nwrqk>fvg>mlmi",
            "nwrqk>mlmi>fvg",
            "fvg>mlmi>nwrqk",
            "fvg>nwrqk>mlmi",
        ]),
        "",
        "",
        "The pattern.",
    )
    .required(r#""mlmi>nwrqk>fvg""#),
    Key::new("agents.blends[].blend", SHARE, "", "", "The strategic group's share.").required("0.6"),
    Key::new(
        "agents.models",
        Shape::Tables(Tables { fields: "agents.models[]", defaults: "", id: "agent" }),
        "[]",
        "",
        "One table for each agent whose weights are in a file; the others use the program's own, which were cloned \
         from simple rules on a synthetic market and not trained.",
    ),
    Key::new("agents.models[].agent", AGENT, "", "", "Whose weights they are.").required(r#""mlmi""#),
    Key::new(
        "agents.models[].file",
        Shape::Path,
        "",
        "",
        "A safetensors file, or with torch a TorchScript file; from the working folder.",
    )
    .required(r#""models/mlmi.safetensors""#),
    Key::new("agents.models[].sha256", Shape::Sha256, "", "", "What the file's hash must be.")
        .required(r#""0000000000000000000000000000000000000000000000000000000000000000""#),
    Key::new(
        "agents.reloads",
        Shape::Tables(Tables { fields: "agents.reloads[]", defaults: "", id: "at" }),
        "[]",
        "",
        "Weights that are swapped in during the run, one table each.",
    ),
    Key::new("agents.reloads[].at", Shape::Instant, "", "UTC", "From when on; no two at one instant.")
        .required(r#""2025-01-15T00:00:00Z""#),
    Key::new("agents.reloads[].agent", AGENT, "", "", "Whose weights they are.").required(r#""mlmi""#),
    Key::new(
        "agents.reloads[].file",
        Shape::Path,
        "",
        "",
        "A safetensors file, or with torch a TorchScript file; from the working folder.",
    )
    .required(r#""models/mlmi-2.safetensors""#),
    Key::new("agents.reloads[].sha256", Shape::Sha256, "", "", "What the file's hash must be.")
        .required(r#""0000000000000000000000000000000000000000000000000000000000000000""#),
    Key::new("agents.logits.mlmi", LOGIT, "0.0", "", "Of the strategic agent mlmi."),
    Key::new("agents.logits.nwrqk", LOGIT, "0.0", "", "Of the strategic agent nwrqk."),
    Key::new("agents.logits.regime", LOGIT, "0.0", "", "Of the strategic agent regime."),
    Key::new("agents.logits.fvg", LOGIT, "0.0", "", "Of the tactical agent fvg."),
    Key::new("agents.logits.momentum", LOGIT, "0.0", "", "Of the tactical agent momentum."),
    Key::new(
        "agents.simulated_miss.seed",
        Shape::Integer { min: 0, max: u32::MAX as i64 },
        "1",
        "",
        "Which answers are late.",
    ),
    Key::new("agents.simulated_miss.probability", SHARE, "0.0", "", "How many answers are late."),
    Key::new(
        "agents.circuit.misses",
        Shape::Integer { min: 0, max: 1_000_000 },
        "5",
        "answers",
        "How many misses in a row open an agent's circuit, so that it is not asked; 0 is never.",
    ),
    Key::new(
        "agents.circuit.cool_down",
        Shape::Duration,
        r#""30m""#,
        "duration",
        "For how long it is not asked.",
    ),
    Key::new(
        "sizing.target_volatility",
        Shape::Number(Least::Above(0.0), 10.0),
        "0.1",
        "fraction a year",
        "A position's size is such that its price's swings move the equity by this much a year, rounded down to the lot \
         and capped by risk.max_position.",
    ),
    Key::new(
        "synergy_only.volatility_timeframe",
        Shape::Timeframe,
        r#""30m""#,
        "",
        "Whose volatility_30 sizes follow; marl follows that of its strategic matrix.",
    ),
    Key::new(
        "exits.stop_atr",
        Shape::Number(Least::From(0.0), 1000.0),
        "2.0",
        "average true ranges at entry",
        "A close this far against the entry closes the position; 0 is off.",
    ),
    Key::new(
        "exits.target_atr",
        Shape::Number(Least::From(0.0), 1000.0),
        "3.0",
        "average true ranges at entry",
        "A close this far in favour of the entry closes the position; 0 is off.",
    ),
    Key::new(
        "exits.time_stop_bars",
        Shape::Integer { min: 0, max: 1_000_000 },
        "48",
        "bars",
        "A position is closed after so many bars of synergy.timeframe (marl: of the tactical matrix); 0 is off.",
    ),
];
