//! The stores that a configuration names: as tiers to be written, as sources to be read, as services to be looked at.
//!
//! Secrets come from files that only their owner may read, or from the environment, and are printed nowhere.
//! Not here: what is written when (`kept`), which ticks are wanted (`data`), the stores themselves (`storage`).

use crate::config::{Config, StorageConfig, TierChoice};
use crate::failure::Failure;
use std::path::PathBuf;
use storage::archive::{Archive, ArchiveConfig, Place, archive_sources};
use storage::postgres::{PostgresSettings, PostgresStore, postgres_sources};
use storage::query::Source;
use storage::{
    MemoryStore, RedisConfig, RedisSource, RedisStore, Secret, SqliteConfig, SqliteStore, Store, StoreError,
    sqlite_sources,
};

/// Where the database's address is, if no key names it, and its password, if no file holds it.
const POSTGRES_ADDRESS: &str = "GRANDMODEL_POSTGRES_ADDRESS";
const POSTGRES_PASSWORD: &str = "GRANDMODEL_POSTGRES_PASSWORD";
/// Where the URL of Redis is, if no file holds it.
const REDIS_URL: &str = "GRANDMODEL_REDIS_URL";

fn failed(error: &StoreError) -> Failure {
    Failure::Failed(error.to_string())
}

/// The store of a tier; nothing is opened yet.
///
/// # Errors
/// [`Failure::Usage`] where an address or a secret is missing.
pub fn store(tier: TierChoice, config: &Config) -> Result<Box<dyn Store>, Failure> {
    let storage = &config.storage;
    Ok(match tier {
        TierChoice::Memory => Box::new(MemoryStore::new()),
        TierChoice::Sqlite => Box::new(SqliteStore::new(SqliteConfig::new(sqlite_file(storage)))),
        TierChoice::Redis => Box::new(RedisStore::new(redis(storage)?)),
        TierChoice::Postgres | TierChoice::Cold => {
            Box::new(PostgresStore::new(&postgres(tier, storage)?).map_err(|error| failed(&error))?)
        }
        TierChoice::Archive => Box::new(Archive::new(archive(config)?, ArchiveConfig::default())),
    })
}

/// What the stores of these tiers hold, the newest run of each first. A store that is not made yet has nothing.
///
/// # Errors
/// [`Failure::Usage`] where an address or a secret is missing, [`Failure::Failed`] where a store cannot be read.
pub fn sources(tiers: &[TierChoice], config: &Config) -> Result<Vec<Box<dyn Source>>, Failure> {
    let storage = &config.storage;
    let mut sources: Vec<Box<dyn Source>> = Vec::new();
    for tier in tiers {
        match tier {
            TierChoice::Memory => {
                let sentence =
                    "data.stored.tiers has \"memory\", which ends with the run that filled it; name others";
                return Err(Failure::Usage(sentence.to_owned()));
            }
            TierChoice::Redis => {
                let source = RedisSource::open(&redis(storage)?).map_err(|error| failed(&error))?;
                sources.push(Box::new(source));
            }
            TierChoice::Sqlite => {
                let file = sqlite_file(storage);
                if file.exists() {
                    let found = sqlite_sources(&file).map_err(|error| failed(&error))?;
                    sources.extend(found.into_iter().map(|source| Box::new(source) as Box<dyn Source>));
                }
            }
            TierChoice::Postgres | TierChoice::Cold => {
                let found = postgres_sources(&postgres(*tier, storage)?).map_err(|error| failed(&error))?;
                sources.extend(found.into_iter().map(|source| Box::new(source) as Box<dyn Source>));
            }
            TierChoice::Archive => {
                let found = archive_sources(&archive(config)?).map_err(|error| failed(&error))?;
                sources.extend(found.into_iter().map(|source| Box::new(source) as Box<dyn Source>));
            }
        }
    }
    Ok(sources)
}

/// The file of SQLite.
pub fn sqlite_file(config: &StorageConfig) -> PathBuf {
    config.dir.join("warm.sqlite")
}

/// Where the archive is.
///
/// # Errors
/// [`Failure::Usage`] where it is no place.
pub fn archive(config: &Config) -> Result<Place, Failure> {
    let path = config.storage.archive_path.clone().unwrap_or_else(|| config.storage.dir.join("archive"));
    Place::parse(&path, &config.s3).map_err(|error| Failure::Usage(format!("storage.archive.path: {error}")))
}

/// How Redis is reached.
///
/// # Errors
/// [`Failure::Usage`] where nothing says so.
pub fn redis(config: &StorageConfig) -> Result<RedisConfig, Failure> {
    let url = match &config.redis_url_file {
        Some(file) => Secret::from_file(file),
        None => Secret::from_env(REDIS_URL),
    };
    let url = url.map_err(|error| Failure::Usage(format!("the tier \"redis\": {error}")))?;
    Ok(RedisConfig { prefix: config.redis_prefix.clone(), ..RedisConfig::new(url) })
}

/// How the database of one of the tiers `postgres` and `cold` is reached.
///
/// # Errors
/// [`Failure::Usage`] where nothing says so.
pub fn postgres(tier: TierChoice, config: &StorageConfig) -> Result<PostgresSettings, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::Usage(format!("storage.postgres: {error}"));
    let address = match &config.postgres_address {
        Some(address) => address.clone(),
        None => std::env::var(POSTGRES_ADDRESS).map_err(|_| {
            refused(&format!(
                "no address is given; write storage.postgres.address, or set {POSTGRES_ADDRESS}"
            ))
        })?,
    };
    let password = match &config.postgres_password_file {
        Some(file) => Some(Secret::from_file(file).map_err(|error| refused(&error))?),
        None if std::env::var_os(POSTGRES_PASSWORD).is_some() => {
            Some(Secret::from_env(POSTGRES_PASSWORD).map_err(|error| refused(&error))?)
        }
        None => None,
    };
    Ok(match tier {
        TierChoice::Cold => PostgresSettings::cold(&address, password),
        _ => PostgresSettings::warm(&address, password),
    })
}
