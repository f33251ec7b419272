//! The servers and folders that a configuration names: whether they answer, and how well.
//!
//! Looked at, never changed: nothing is made, installed or written.
//! Not here: where their addresses and secrets are found (`run::stores`).

use super::Finding;
use crate::config::{Config, TierChoice};
use crate::run::stores;
use crate::table::count;
use model::Nanos;
use storage::archive::Place;
use storage::postgres::{Extension, PostgresProbe, Rights};
use storage::{RedisProbe, StoreError};

/// An answer that takes longer than this keeps a tier behind a fast market.
const ANSWER_MAX: Nanos = Nanos(20_000_000);

/// What stands behind each tier of a configuration.
pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let mut findings: Vec<Finding> = config.storage.tiers.iter().map(|tier| one(*tier, config)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok("services", "the configuration names no tiers (storage.tiers)"));
    }
    findings
}

fn one(tier: TierChoice, config: &Config) -> Finding {
    let storage = &config.storage;
    let found = match tier {
        TierChoice::Memory => return Finding::ok("memory tier", "needs nothing"),
        TierChoice::Sqlite => return sqlite(config),
        TierChoice::Redis => stores::redis(storage).map(|config| storage::redis_probe(&config).map(redis)),
        TierChoice::Postgres | TierChoice::Cold => stores::postgres(tier, storage)
            .map(|settings| storage::postgres::probe(&settings).map(|probe| postgres(tier, &probe))),
        TierChoice::Archive => stores::archive(config).map(|place| archive(&place)),
    };
    let topic = topic(tier);
    match found {
        Ok(Ok(finding)) => finding,
        Ok(Err(error)) => Finding::costs(
            topic,
            error.to_string(),
            "start the server, or take the tier out of storage.tiers",
        ),
        Err(failure) => Finding::costs(topic, failure.to_string(), "say where it is, or take the tier out"),
    }
}

const fn topic(tier: TierChoice) -> &'static str {
    match tier {
        TierChoice::Memory => "memory tier",
        TierChoice::Redis => "redis",
        TierChoice::Sqlite => "sqlite",
        TierChoice::Postgres => "postgres",
        TierChoice::Cold => "cold",
        TierChoice::Archive => "archive",
    }
}

fn micros(span: Nanos) -> String {
    format!("{} us", count(u64::try_from(span.0 / 1_000).unwrap_or(0)))
}

/// Fine, unless the server is slow.
fn answers(topic: &'static str, found: String, latency: Nanos) -> Finding {
    let found = format!("{found}; answers in {}", micros(latency));
    if latency > ANSWER_MAX {
        Finding::costs(topic, found, "use a server nearer to this machine")
    } else {
        Finding::ok(topic, found)
    }
}

fn redis(probe: RedisProbe) -> Finding {
    let found = format!("{}, version {}", probe.name, probe.version);
    if probe.evicts {
        let remedy = "CONFIG SET maxmemory-policy noeviction: what is evicted is missing without a word";
        return Finding::costs("redis", format!("{found}; it evicts keys when it is full"), remedy);
    }
    answers("redis", found, probe.latency)
}

fn postgres(tier: TierChoice, probe: &PostgresProbe) -> Finding {
    let topic = topic(tier);
    let extension = match &probe.extension {
        Extension::Installed { version } => format!("TimescaleDB {version}: hypertables"),
        Extension::Available { version, ready: true } => {
            format!("TimescaleDB {version} can be installed: hypertables once it is")
        }
        Extension::Available { version, ready: false } => {
            format!("TimescaleDB {version} is not loaded by the server: partitions")
        }
        Extension::Absent => "no TimescaleDB: partitions".to_owned(),
    };
    let schema = match probe.schema_version {
        0 => "schema not made yet".to_owned(),
        version => format!("schema version {version}"),
    };
    let found = match tier {
        TierChoice::Cold => format!("{}, PostgreSQL {}, {extension}, {schema}", probe.name, probe.version),
        _ => format!("{}, PostgreSQL {}, {schema}", probe.name, probe.version),
    };
    if probe.schema_version > probe.schema_version_known {
        let remedy = format!("use a newer program: this one knows version {}", probe.schema_version_known);
        return Finding::costs(topic, found, remedy);
    }
    match probe.rights {
        Rights::Neither => {
            let remedy = "GRANT CREATE ON DATABASE … TO the user, or make the schema and give it to the user";
            Finding::costs(topic, format!("{found}; the user may not make its schema"), remedy)
        }
        Rights::Writes | Rights::Creates => answers(topic, found, probe.latency),
    }
}

fn sqlite(config: &Config) -> Finding {
    let file = stores::sqlite_file(&config.storage);
    match std::fs::metadata(&file) {
        Ok(metadata) => {
            Finding::ok("sqlite", format!("{}, {} MiB", file.display(), count(metadata.len() >> 20)))
        }
        Err(_) => Finding::ok("sqlite", format!("{} is not made yet", file.display())),
    }
}

fn archive(place: &Place) -> Result<Finding, StoreError> {
    let (runs, latency) = place.probe()?;
    let name = place.name();
    let at = name.strip_prefix("archive ").unwrap_or(&name);
    let runs = if runs == 1 { "1 run".to_owned() } else { format!("{} runs", count(runs as u64)) };
    Ok(answers("archive", format!("{at}, {runs}"), latency))
}
