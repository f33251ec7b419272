//! The feed: starts the threads, hands over their batches, ends them.

use crate::decode::Context;
use crate::merge::{Merger, Setup};
use crate::options::{ReplayClock, ReplayOptions, ThreadHook};
use crate::output::{Inlet, Message, channel};
use crate::workers::{Workers, panic_message};
use feed::{DataSummary, Feed, FeedError, More, Tally};
use model::{Event, SymbolId};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Replays Parquet files in one order, on threads of its own. Dropping it ends them.
pub struct ParquetFeed {
    files: u64,
    tally: Tally,
    state: State,
}

enum State {
    /// Not connected yet, or connected and waiting for subscriptions.
    Idle {
        options: Box<ReplayOptions>,
        is_connected: bool,
        subscribed: Vec<bool>,
    },
    Running {
        inlet: Inlet,
        merger: JoinHandle<()>,
    },
    Over,
}

impl std::fmt::Debug for ParquetFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match &self.state {
            State::Idle { .. } => "idle",
            State::Running { .. } => "running",
            State::Over => "over",
        };
        write!(f, "ParquetFeed({} files, {state})", self.files)
    }
}

impl ParquetFeed {
    /// A feed of some files; nothing is started yet.
    pub fn new(options: ReplayOptions) -> Self {
        let files = options.files.len() as u64;
        let subscribed = vec![false; options.symbols.len()];
        let state = State::Idle { options: Box::new(options), is_connected: false, subscribed };
        Self { files, tally: Tally::default(), state }
    }

    /// Starts the threads.
    fn start(options: ReplayOptions, subscribed: Vec<bool>) -> State {
        let hook = options.on_thread_start;
        let rule =
            |index: usize| options.symbol_rules.get(index).is_some_and(|rules| rules.allow_negative_price);
        let context = Arc::new(Context {
            names: options.symbols.iter().map(|(_, name)| Arc::from(name)).collect(),
            allow_negative_price: (0..options.symbols.len()).map(rule).collect(),
            read: options.read,
            symbols: options.symbols,
            subscribed,
            clock: options.clock,
            range: options.range,
            time_source: options.time_source,
        });
        let setup = Setup {
            files: options.files,
            rules: options.rules,
            symbol_rules: options.symbol_rules,
            open_ahead: options.workers,
            context,
        };
        let (output, inlet) = channel(options.rejects, options.rules.on_bad_row);
        let workers = Workers::start(options.workers, &setup.context, hook.as_ref());
        let merger = spawn_merger(move || Merger::new(setup, workers, output).run(), hook);
        State::Running { inlet, merger }
    }

    /// Ends the threads: once this returns, nobody holds the sink for rejects any more. Gives the last words
    /// of the merger if it panicked.
    fn end(&mut self) -> Option<String> {
        let State::Running { inlet, merger } = std::mem::replace(&mut self.state, State::Over) else {
            return None;
        };
        // The merger notices that nobody listens, and its workers end with it.
        drop(inlet);
        merger.join().err().map(|panic| panic_message(&*panic))
    }
}

fn spawn_merger(merge: impl FnOnce() + Send + 'static, hook: Option<ThreadHook>) -> JoinHandle<()> {
    let body = move || {
        if let Some(hook) = hook {
            hook();
        }
        merge();
    };
    let builder = std::thread::Builder::new().name("merge".to_owned());
    builder.spawn(body).expect("the system has room for a thread")
}

/// Checks what can be checked before the first row.
fn check(options: &ReplayOptions) -> Result<(), FeedError> {
    assert!(options.workers > 0, "at least one thread decodes");
    if let ReplayClock::Event { latency } = options.clock {
        assert!(latency.0 >= 0, "a feed's latency is not negative");
    }
    for file in &options.files {
        let path = file.path.display();
        if options.clock == ReplayClock::Recv && !file.has_ts_recv {
            let sentence = format!("{path} has no column ts_recv; set replay.clock to \"event\"");
            return Err(FeedError::Configuration(sentence));
        }
        if let Some(symbol) = file.symbols.iter().find(|symbol| options.symbols.id(symbol).is_none()) {
            let sentence =
                format!("{path} holds {symbol}, which is not among the symbols of the run; add it");
            return Err(FeedError::Configuration(sentence));
        }
    }
    Ok(())
}

impl Feed for ParquetFeed {
    fn connect(&mut self) -> Result<(), FeedError> {
        if let State::Idle { options, is_connected, .. } = &mut self.state {
            check(options)?;
            *is_connected = true;
        }
        Ok(())
    }

    fn subscribe(&mut self, symbols: &[SymbolId]) -> Result<(), FeedError> {
        match &mut self.state {
            State::Idle { is_connected: true, subscribed, .. } => {
                for symbol in symbols {
                    subscribed[symbol.index()] = true;
                }
                Ok(())
            }
            State::Idle { .. } => Err(FeedError::NotReady { missing: "connect" }),
            _ => Err(FeedError::Configuration(
                "a replay has started; subscribe before its first tick".to_owned(),
            )),
        }
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        if let State::Idle { is_connected, .. } = self.state {
            if !is_connected {
                return Err(FeedError::NotReady { missing: "connect and subscribe" });
            }
            if let State::Idle { options, subscribed, .. } = std::mem::replace(&mut self.state, State::Over) {
                self.state = Self::start(*options, subscribed);
            }
        }
        let mut consumed = std::mem::take(batch);
        consumed.clear();
        let State::Running { inlet, .. } = &self.state else { return Ok(More::Ended) };
        // Full or closed: the memory is simply given up.
        let _ = inlet.consumed.try_send(consumed);
        match inlet.messages.recv() {
            Ok(Message::Batch { events, tally }) => {
                *batch = events;
                self.tally = tally;
                Ok(More::Yes)
            }
            Ok(Message::End(tally)) => {
                self.tally = tally;
                self.end();
                Ok(More::Ended)
            }
            Ok(Message::Failed(error)) => {
                self.end();
                Err(error)
            }
            Err(_) => {
                let message = self.end().unwrap_or_else(|| "no message".to_owned());
                Err(FeedError::Thread { message })
            }
        }
    }

    fn summary(&self) -> DataSummary {
        self.tally.summary(self.files)
    }
}

impl Drop for ParquetFeed {
    fn drop(&mut self) {
        self.end();
    }
}
