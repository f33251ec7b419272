//! Versions of a schema: made, brought up to date, or refused.
//!
//! Each version is a list of statements; all that are missing run in one transaction, so that a schema is of one
//! version or of another. A lock keeps two programs from migrating at once.

use super::ddl::{Flavour, create_statements};
use super::failure::refused;
use super::link::Link;
use super::settings::PostgresSettings;
use super::views::view_statements;
use crate::StoreError;

/// The version that this program makes and knows.
pub(crate) const VERSION: i32 = 2;

/// The statements that lead from the version before to `version`.
fn step(link: &Link, version: i32, flavour: Flavour) -> Vec<String> {
    let settings = &link.target().settings;
    match version {
        1 => create_statements(&settings.schema, settings.tier, flavour),
        2 => view_statements(&settings.schema),
        other => unreachable!("no version {other} was ever made"),
    }
}

/// The version of the schema; 0 if there is none.
///
/// # Errors
/// [`StoreError`], also where a schema of that name holds somebody else's tables.
pub(crate) fn version_of(link: &Link) -> Result<i32, StoreError> {
    let schema = &link.target().settings.schema;
    let query = "SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p', 'v')), \
                 EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relname = 'schema_version')";
    let row = link.query(query, &[schema])?.remove(0);
    if row.get(1) {
        let query = format!("SELECT coalesce(max(version), 0) FROM {schema}.schema_version");
        Ok(link.query(&query, &[])?.remove(0).get(0))
    } else if row.get(0) {
        let why = format!("schema {schema} holds tables that are not of this program; name another schema");
        Err(refused(&link.target().name, why))
    } else {
        Ok(0)
    }
}

/// Whether TimescaleDB can be used in this database, installing it there where that takes no more than asking.
fn flavour_for(link: &Link) -> Result<Flavour, StoreError> {
    use super::probe::Extension;
    match super::probe::extension(link)? {
        Extension::Installed { .. } => Ok(Flavour::Timescale),
        Extension::Available { ready: true, .. } => {
            link.run("CREATE EXTENSION IF NOT EXISTS timescaledb")?;
            Ok(Flavour::Timescale)
        }
        Extension::Available { .. } | Extension::Absent => Ok(Flavour::Partitions),
    }
}

/// Brings the schema to [`VERSION`]; which flavour it is of.
///
/// # Errors
/// [`StoreError`]; nothing is changed then.
pub(crate) fn migrate(link: &Link) -> Result<Flavour, StoreError> {
    migrate_to(link, VERSION)
}

/// As [`migrate`], up to an older version: for tests of what follows.
pub(crate) fn migrate_to(link: &Link, wanted: i32) -> Result<Flavour, StoreError> {
    if version_of(link)? < wanted {
        let schema = &link.target().settings.schema;
        link.run(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock(hashtext('grandmodel'), hashtext('{schema}'))"
        ))?;
        let found = version_of(link)?;
        let flavour = if found == 0 { flavour_of_new(link)? } else { flavour_of(link)? };
        for version in found + 1..=wanted {
            for statement in step(link, version, flavour) {
                link.run(&statement)?;
            }
            link.run(&format!("INSERT INTO {schema}.schema_version (version) VALUES ({version})"))?;
        }
        link.run("COMMIT")?;
    }
    refuse_newer(link)?;
    flavour_of(link)
}

/// Drops a schema that this program made, with everything in it; one that is not there is none the less gone.
///
/// # Errors
/// [`StoreError`]; refused where the schema is somebody else's, or of another tier.
pub fn remove(settings: &PostgresSettings) -> Result<(), StoreError> {
    let link = Link::connect(&settings.check()?)?;
    if version_of(&link)? > 0 {
        flavour_of(&link)?;
        link.run_long(&format!("DROP SCHEMA {} CASCADE", settings.schema))?;
    }
    Ok(())
}

/// The warm tier is partitioned wherever it is: its partitions are as short as chunks and live for a day.
fn flavour_of_new(link: &Link) -> Result<Flavour, StoreError> {
    match link.target().settings.tier {
        super::PostgresTier::Warm => Ok(Flavour::Partitions),
        super::PostgresTier::Cold => flavour_for(link),
    }
}

fn refuse_newer(link: &Link) -> Result<(), StoreError> {
    let found = version_of(link)?;
    if found <= VERSION {
        return Ok(());
    }
    let schema = &link.target().settings.schema;
    let why = format!(
        "schema {schema} is of version {found}, this program knows versions up to {VERSION}; use the program that \
         made it, or name another schema"
    );
    Err(refused(&link.target().name, why))
}

/// The flavour a schema was made in, after a check that it is of this tier.
fn flavour_of(link: &Link) -> Result<Flavour, StoreError> {
    let settings = &link.target().settings;
    let schema = &settings.schema;
    let rows = link.query(&format!("SELECT tier, flavour FROM {schema}.schema_kind"), &[])?;
    let row = rows.first().map(|row| (row.get::<_, String>(0), row.get::<_, String>(1)));
    let name = &link.target().name;
    match row {
        Some((tier, flavour)) if tier == settings.tier.name() => Flavour::parse(&flavour)
            .ok_or_else(|| refused(name, format!("schema {schema} is of an unknown flavour {flavour:?}"))),
        Some((tier, _)) => {
            let why =
                format!("schema {schema} is that of the {tier} tier; give each tier a schema of its own");
            Err(refused(name, why))
        }
        None => Err(refused(name, format!("schema {schema} does not say what it is; name another schema"))),
    }
}
