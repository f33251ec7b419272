//! Partitions by time: made ahead of the rows, indexed when complete, dropped when old.
//!
//! A partition is named after the hour it begins at, in UTC: `trade_rows_2024010115`. Others, which somebody attached
//! by hand, are left alone. Making one takes no lock that a reader holds (it is attached, not declared in place);
//! dropping one does, so it is given up until the next time if a reader is in the way.
//! Not here: hypertables, whose chunks the extension makes.

use super::clock::{hour_name, literal, parse_hour_name};
use super::ddl::{TABLES, Table, note_dropped, unless_locked};
use super::link::Link;
use super::settings::PostgresTier;
use crate::StoreError;
use model::Nanos;
use std::collections::BTreeMap;

/// Where a partition's indexes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Indexed {
    /// Not made, as far as this connection knows.
    Unknown,
    /// Made.
    Yes,
}

/// The partitions of all tables, by index in [`TABLES`] and start.
#[derive(Debug)]
pub(crate) struct Partitions {
    tier: PostgresTier,
    known: [BTreeMap<Nanos, Indexed>; TABLES.len()],
}

/// The start of the partition that holds `ts`; weeks begin on Thursdays, as the epoch did.
pub(crate) fn start_of(ts: Nanos, width: Nanos) -> Nanos {
    Nanos(ts.0 - ts.0.rem_euclid(width.0))
}

fn name_of(table: &Table, start: Nanos) -> String {
    format!("{}_{}", table.name, hour_name(start))
}

impl Partitions {
    /// Reads which there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn load(link: &Link) -> Result<Self, StoreError> {
        let settings = &link.target().settings;
        let query = "SELECT parent.relname::text, child.relname::text FROM pg_inherits i \
                     JOIN pg_class parent ON parent.oid = i.inhparent \
                     JOIN pg_class child ON child.oid = i.inhrelid \
                     WHERE parent.relnamespace = to_regnamespace($1) AND parent.relkind = 'p'";
        let mut known: [BTreeMap<Nanos, Indexed>; TABLES.len()] = Default::default();
        for row in link.query(query, &[&settings.schema])? {
            let (parent, child): (&str, &str) = (row.get(0), row.get(1));
            let place = TABLES.iter().position(|table| table.name == parent);
            let hour = child.strip_prefix(parent).and_then(|rest| rest.strip_prefix('_'));
            if let Some((place, start)) = place.zip(hour.and_then(parse_hour_name)) {
                known[place].insert(start, Indexed::Unknown);
            }
        }
        Ok(Self { tier: settings.tier, known })
    }

    /// Makes the partition that begins at `start`, and the one after it, where they are not there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ensure(&mut self, link: &Link, place: usize, start: Nanos) -> Result<(), StoreError> {
        let width = TABLES[place].partition_width(self.tier);
        self.make(link, place, start)?;
        let next = start.saturating_add(width);
        if next.is_tick_time() { self.make(link, place, next) } else { Ok(()) }
    }

    fn make(&mut self, link: &Link, place: usize, start: Nanos) -> Result<(), StoreError> {
        if self.known[place].contains_key(&start) {
            return Ok(());
        }
        let table = &TABLES[place];
        let (schema, name, parent) = (&link.target().settings.schema, name_of(table, start), table.name);
        let end = start.saturating_add(table.partition_width(self.tier));
        let (from, to) = (literal(start), literal(end));
        // Another run may write to this schema, and be about to make the same one.
        link.run(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock(hashtext('grandmodel'), hashtext('{schema}'))"
        ))?;
        let exists = link.query("SELECT to_regclass($1) IS NOT NULL", &[&format!("{schema}.{name}")])?;
        if !exists[0].get::<_, bool>(0) {
            link.run(&format!(
                "CREATE TABLE {schema}.{name} (LIKE {schema}.{parent}); \
                 ALTER TABLE {schema}.{parent} ATTACH PARTITION {schema}.{name} FOR VALUES FROM ({from}) TO ({to})"
            ))?;
        }
        link.run("COMMIT")?;
        self.known[place].insert(start, Indexed::Unknown);
        Ok(())
    }

    /// Gives every complete partition of ticks its indexes.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn index_complete(&mut self, link: &Link, now: Nanos) -> Result<(), StoreError> {
        let schema = &link.target().settings.schema;
        for (table, known) in TABLES.iter().zip(&mut self.known).filter(|(table, _)| table.is_ticks) {
            let width = table.partition_width(self.tier);
            for (start, indexed) in known.iter_mut() {
                if *indexed == Indexed::Yes || start.saturating_add(width) > now {
                    continue;
                }
                let name = name_of(table, *start);
                for index in table.indexes_of(self.tier) {
                    link.run_long(&table.index_statement(schema, &name, index))?;
                }
                *indexed = Indexed::Yes;
            }
        }
        Ok(())
    }

    /// Drops the partitions that end at or before `cutoff`, oldest first, so that what stays has no gap.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_old(&mut self, link: &Link, cutoff: Nanos) -> Result<(), StoreError> {
        for (table, known) in TABLES.iter().zip(&mut self.known) {
            let width = table.partition_width(self.tier);
            while let Some((&start, _)) = known.first_key_value() {
                let end = start.saturating_add(width);
                if end > cutoff || !drop_one(link, table, start, end)? {
                    break;
                }
                known.pop_first();
            }
        }
        Ok(())
    }
}

/// Drops one partition; `false` if a reader is in the way.
fn drop_one(link: &Link, table: &Table, start: Nanos, end: Nanos) -> Result<bool, StoreError> {
    let (schema, name) = (&link.target().settings.schema, name_of(table, start));
    let note = if table.is_ticks { note_dropped(schema, end) } else { String::new() };
    link.run(&unless_locked(&format!("{note}DROP TABLE IF EXISTS {schema}.{name};")))?;
    let gone = link.query("SELECT to_regclass($1) IS NULL", &[&format!("{schema}.{name}")])?;
    Ok(gone[0].get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_start_at_multiples_of_their_width() {
        for (ts, width, start) in [
            (0, Nanos::HOUR, 0),
            (-1, Nanos::HOUR, -Nanos::HOUR.0),
            (Nanos::DAY.0 - 1, Nanos::DAY, 0),
            (Nanos::DAY.0, Nanos::DAY, Nanos::DAY.0),
        ] {
            assert_eq!(start_of(Nanos(ts), width), Nanos(start));
        }
        // Every name is an hour's, so a width is a whole number of hours.
        for table in &TABLES {
            for tier in [PostgresTier::Warm, PostgresTier::Cold] {
                assert_eq!(table.partition_width(tier).0 % Nanos::HOUR.0, 0);
            }
        }
    }
}
