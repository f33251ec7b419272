//! What is there: version, extension, rights, schema, how long an answer takes. For `doctor`, and for the choice
//! between hypertables and partitions. It changes nothing.

use super::link::Link;
use super::migrate::{VERSION, version_of};
use super::settings::PostgresSettings;
use crate::StoreError;
use model::{Clock, Nanos, SystemClock};

/// Whether TimescaleDB is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extension {
    /// Installed in this database.
    Installed {
        /// Its version.
        version: String,
    },
    /// On the server, not in this database.
    Available {
        /// The version it would be.
        version: String,
        /// Whether this user can install it now: the server has loaded it and the user may.
        ready: bool,
    },
    /// Not on this server.
    Absent,
}

/// What the user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// The schema is there and may be written.
    Writes,
    /// The schema is not there and may be made.
    Creates,
    /// Neither.
    Neither,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresProbe {
    /// The store, without credentials.
    pub name: String,
    /// The server's version, such as 15.13.
    pub version: String,
    /// Whether TimescaleDB is there.
    pub extension: Extension,
    /// What the user may do.
    pub rights: Rights,
    /// The schema's version; 0: not made yet.
    pub schema_version: i32,
    /// The newest version that this program knows.
    pub schema_version_known: i32,
    /// How long the server took to answer, the best of five.
    pub latency: Nanos,
}

/// Connects and looks.
///
/// # Errors
/// [`StoreError`].
pub fn probe(settings: &PostgresSettings) -> Result<PostgresProbe, StoreError> {
    let target = settings.check()?;
    let link = Link::connect(&target)?;
    let version = link.query("SELECT current_setting('server_version')", &[])?.remove(0).get(0);
    let mut latency = Nanos::MAX;
    for _ in 0..5 {
        let start = SystemClock.now();
        link.run("SELECT 1")?;
        latency = latency.min(SystemClock.now() - start);
    }
    let rights = rights(&link)?;
    let schema_version = if rights == Rights::Writes { version_of(&link)? } else { 0 };
    Ok(PostgresProbe {
        name: target.name.clone(),
        version,
        extension: extension(&link)?,
        rights,
        schema_version,
        schema_version_known: VERSION,
        latency,
    })
}

fn rights(link: &Link) -> Result<Rights, StoreError> {
    let schema = &link.target().settings.schema;
    let query = "SELECT to_regnamespace($1) IS NOT NULL, \
                 coalesce(has_schema_privilege(to_regnamespace($1), 'CREATE'), false), \
                 has_database_privilege(current_database(), 'CREATE')";
    let row = link.query(query, &[schema])?.remove(0);
    Ok(match (row.get(0), row.get(1), row.get(2)) {
        (true, true, _) => Rights::Writes,
        (false, _, true) => Rights::Creates,
        _ => Rights::Neither,
    })
}

/// Whether TimescaleDB is there.
pub(crate) fn extension(link: &Link) -> Result<Extension, StoreError> {
    // Who may not read the setting is shown no row, and takes it that the extension is not loaded.
    let query = "SELECT a.default_version, e.extversion, \
                 coalesce((SELECT setting LIKE '%timescaledb%' FROM pg_settings \
                           WHERE name = 'shared_preload_libraries'), false) \
                 AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \
                 FROM pg_available_extensions a LEFT JOIN pg_extension e ON e.extname = a.name \
                 WHERE a.name = 'timescaledb'";
    let rows = link.query(query, &[])?;
    let Some(row) = rows.first() else { return Ok(Extension::Absent) };
    Ok(match row.get::<_, Option<String>>(1) {
        Some(version) => Extension::Installed { version },
        None => Extension::Available {
            version: row.get::<_, Option<String>>(0).unwrap_or_default(),
            ready: row.get(2),
        },
    })
}
