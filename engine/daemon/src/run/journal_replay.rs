//! `grandmodel journal replay`: folds a journal again and says what state it comes to.
//!
//! Everything is recomputed from the ticks and compared with what the journal has, input by input.
//! Not here: the data; a journal is replayed without them.

use super::kept::{Described, identity, past_of};
use super::models::Models;
use super::wiring::{self, WithStrategy};
use crate::cli::JournalReplayArgs;
use crate::config::Loaded;
use crate::failure::Failure;
use crate::run::kept::newest;
use crate::table::{rate, span};
use journal::{Cursor, Folder, Identity};
use model::{Event, InstrumentTable, Kind, Nanos};
use pipeline::{Edge, Fold, Layout, Outlets, Placement, RunConfig};
use ring::{Stopwatch, Wait};
use serde::Serialize;
use strategy::Strategy;

/// What a replay came to.
#[derive(Debug, Serialize)]
struct Replayed {
    /// The first input that was folded.
    first_seq: u64,
    /// The last.
    last_seq: u64,
    /// Inputs behind it that wait for their tick: a killed run ends with them.
    waiting: u64,
    /// Whether the run had come to its end.
    ended: bool,
    ticks: u64,
    event_hash: String,
    state_hash: String,
}

/// Replays a journal; what there is to print.
///
/// # Errors
/// [`Failure`] where it is no journal, damaged, or comes to other inputs than it has.
pub fn journal_replay(args: &JournalReplayArgs) -> Result<String, Failure> {
    let (loaded, described) = Described::read(&args.dir)?;
    let config = &loaded.config;
    let instruments =
        InstrumentTable::new(described.symbols.clone(), |name| config.instruments.instrument(name));
    let (models, backends) = Models::load(config)?.unzip();
    let commands = models.as_ref().map_or_else(Vec::new, |models| models.commands(config));
    let folder = Folder::new(&args.dir);
    let task = ReplayTask {
        identity: identity(&loaded),
        loaded: &loaded,
        described: &described,
        instruments: &instruments,
        folder,
        commands,
    };
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    let replayed = wiring::with_strategy(config, &instruments, backends, task)?;
    let seconds = stopwatch.nanos_between(start, stopwatch.raw()) as f64 / 1e9;
    if args.json {
        return Ok(serde_json::to_string(&replayed).expect("it is plain numbers and text") + "\n");
    }
    Ok(replayed.text(seconds))
}

impl Replayed {
    fn text(&self, seconds: f64) -> String {
        let Self { first_seq, last_seq, waiting, ended, ticks, event_hash, state_hash } = self;
        let end = match (ended, waiting) {
            (true, _) => "the run's end".to_owned(),
            (false, 0) => format!("input {last_seq}; the run goes on from there"),
            (false, n) => format!("input {last_seq}; {n} more wait for their tick"),
        };
        let inputs = (last_seq + 1).saturating_sub(*first_seq) as f64;
        let (speed, taken) = (rate(inputs / seconds.max(f64::MIN_POSITIVE)), span(seconds));
        format!(
            "inputs {first_seq} to {last_seq}, {ticks} ticks in all, came out again as they are in the journal, in {taken} \
             ({speed})\nstate at {end}\nevent_hash  {event_hash}\nstate_hash  {state_hash}\n"
        )
    }
}

struct ReplayTask<'a> {
    loaded: &'a Loaded,
    described: &'a Described,
    instruments: &'a InstrumentTable,
    folder: Folder,
    identity: Identity,
    commands: Vec<Event>,
}

impl WithStrategy for ReplayTask<'_> {
    type Output = Replayed;

    fn run<S: Strategy + 'static>(self, strategy: S) -> Result<Replayed, Failure> {
        let config = &self.loaded.config;
        let bars = wiring::bars_config(config, &self.described.kinds);
        let stages = wiring::stages(config, self.instruments, &bars, strategy)?;
        let venue = wiring::venue(config, self.instruments, &self.described.kinds);
        // From the beginning where it is kept: then everything is compared.
        let snapshot = match Cursor::open(&self.folder, self.identity, 1) {
            Ok(_) => None,
            Err(journal::JournalError::Missing { .. }) => newest(&self.folder, self.identity, u64::MAX)?,
            Err(error) => return Err(error.into()),
        };
        let after = snapshot.as_ref().map_or(0, |(head, _)| head.sequence);
        let run = RunConfig {
            layout: Layout::fused(),
            placement: Placement { cores: Vec::new(), wait: Wait::Block },
            bars,
            latency: config.venue.latency,
            end: config.data.to,
            latency_sample: config.latency_sample.into(),
            commands: self.commands,
        };
        let edge = Edge::new(venue).after(past_of(&self.folder, self.identity, after)?);
        let mut fold = Fold::new(&run, stages, edge, Outlets::default());
        if let Some((_, state)) = &snapshot {
            fold.load(state).map_err(|error| Failure::Failed(error.to_string()))?;
        }
        let last = fold_ticks(&mut fold, Cursor::open(&self.folder, self.identity, after + 1)?)?;
        let (ticks, folded) = (fold.ticks_seen(), fold.sequence());
        let hex = |hash: u128| format!("{hash:032x}");
        let replayed = Replayed {
            first_seq: after + 1,
            last_seq: folded,
            waiting: last.seq.saturating_sub(folded),
            ended: last.end.is_some(),
            ticks,
            event_hash: hex(fold.event_hash()),
            state_hash: hex(fold.state_hash()),
        };
        let Some(end) = last.end else { return Ok(replayed) };
        let outcome = fold.finish(Some(end))?;
        Ok(Replayed {
            last_seq: outcome.inputs,
            waiting: 0,
            event_hash: hex(outcome.event_hash),
            state_hash: hex(outcome.state_hash),
            ..replayed
        })
    }
}

/// The flag of the event that ends a run.
const SESSION_END: u8 = 2;

/// The last input of a journal, and when the run ended, if it did.
#[derive(Default)]
struct Last {
    seq: u64,
    end: Option<Nanos>,
}

fn fold_ticks<S: Strategy>(fold: &mut Fold<S>, mut cursor: Cursor) -> Result<Last, Failure> {
    let (mut last, mut ticks) = (Last::default(), Vec::new());
    while let Some(batch) = cursor.next_batch()? {
        ticks.clear();
        ticks.extend(batch.events.iter().filter(|event| event.kind.is_tick()));
        if let Some(input) = batch.events.iter().rfind(|event| event.kind.is_input()) {
            let ended = input.kind == Kind::SESSION && input.flags == SESSION_END;
            last = Last { seq: input.seq, end: ended.then_some(input.ts) };
        }
        fold.ticks(&mut ticks)?;
    }
    Ok(last)
}
