//! The numbers that a database gives to the names of a run, and how far the run is stored.

use super::link::Link;
use crate::{Dictionary, StoreError, Stream, Watermarks};

/// A run in a database.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    /// The run's number.
    pub run: i32,
    /// By [`model::SymbolId::index`]: the symbol's number.
    pub symbols: Vec<i32>,
    /// How far it is stored.
    pub watermarks: Watermarks,
    /// Whether ticks are missing right before the next.
    pub gap_is_open: bool,
}

/// Enters the names that are not there yet, and reads the watermarks.
///
/// The watermarks' rows are locked for the moment: where a transaction of a lost connection is still under way, this
/// waits for its end, one way or the other.
///
/// # Errors
/// [`StoreError`].
pub(crate) fn register(link: &Link, dictionary: &Dictionary) -> Result<Registered, StoreError> {
    let schema = &link.target().settings.schema;
    link.run("BEGIN")?;
    let Dictionary { run, session, strategy, account, instruments, .. } = dictionary;
    // Only what is new is inserted: an upsert of what is there would leave a dead row at every start.
    let insert = format!(
        "INSERT INTO {schema}.runs (name, session, strategy, account) SELECT $1, $2, $3, $4 \
         WHERE NOT EXISTS (SELECT FROM {schema}.runs WHERE name = $1) ON CONFLICT (name) DO NOTHING"
    );
    link.execute(&insert, &[run, session, strategy, account])?;
    let number = link.query(&format!("SELECT id FROM {schema}.runs WHERE name = $1"), &[run])?;
    let number: i32 = number[0].get(0);

    let names: Vec<&str> = instruments.symbols.iter().map(|(_, name)| name).collect();
    let venues: Vec<&str> = instruments.instruments.iter().map(|of| of.venue.as_str()).collect();
    let currencies: Vec<&str> = instruments.instruments.iter().map(|of| of.currency.as_str()).collect();
    let insert = format!(
        "INSERT INTO {schema}.symbols (name, venue, currency) SELECT * FROM \
         unnest($1::text[], $2::text[], $3::text[]) AS new (name, venue, currency) \
         WHERE NOT EXISTS (SELECT FROM {schema}.symbols s WHERE s.name = new.name) ON CONFLICT (name) DO NOTHING"
    );
    link.execute(&insert, &[&names, &venues, &currencies])?;
    let select = format!(
        "SELECT s.id FROM unnest($1::text[]) WITH ORDINALITY AS known (name, n) \
         JOIN {schema}.symbols s ON s.name = known.name ORDER BY n"
    );
    let symbols: Vec<i32> = link.query(&select, &[&names])?.iter().map(|row| row.get(0)).collect();
    assert_eq!(symbols.len(), names.len(), "every symbol was entered");

    for (timeframe, names) in dictionary.timeframes.iter().zip(&dictionary.indicator_names) {
        let upsert = format!(
            "INSERT INTO {schema}.indicator_names VALUES ($1, $2, $3) \
             ON CONFLICT (run, timeframe) DO UPDATE SET names = excluded.names"
        );
        link.execute(&upsert, &[&number, &timeframe.to_string(), names])?;
    }
    let watermarks = watermarks(link, number)?;
    let open = format!(
        "SELECT EXISTS (SELECT FROM {schema}.gaps WHERE run = $1 AND stream = 'ticks' AND to_ns IS NULL)"
    );
    let gap_is_open = link.query(&open, &[&number])?[0].get(0);
    link.run("COMMIT")?;
    Ok(Registered { run: number, symbols, watermarks, gap_is_open })
}

fn watermarks(link: &Link, run: i32) -> Result<Watermarks, StoreError> {
    let schema = &link.target().settings.schema;
    let mut found = Watermarks::default();
    for stream in Stream::ALL {
        let insert = format!("INSERT INTO {schema}.watermarks VALUES ($1, $2, 0) ON CONFLICT DO NOTHING");
        link.execute(&insert, &[&run, &stream.name()])?;
        let select = format!("SELECT seq FROM {schema}.watermarks WHERE run = $1 AND stream = $2 FOR UPDATE");
        let seq: i64 = link.query(&select, &[&run, &stream.name()])?.remove(0).get(0);
        let seq = u64::try_from(seq).expect("a watermark is not negative");
        match stream {
            Stream::Ticks => found.ticks = seq,
            Stream::Results => found.results = seq,
        }
    }
    Ok(found)
}
