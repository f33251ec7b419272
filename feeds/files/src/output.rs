//! The way from the merger to the engine: full batches one way, consumed ones back.

use crossbeam::channel::{Receiver, Sender, bounded};
use feed::{FeedError, OnBadRow, Reject, RejectSink, Tally};
use model::{Event, Nanos};

/// Events of a batch.
pub(crate) const BATCH_EVENTS: usize = 4_096;
/// Full batches that may wait for the engine.
const BATCHES_AHEAD: usize = 4;
/// Batches in the world: those that wait, one at each end, and a few on the way back.
const BATCHES_MAX: usize = BATCHES_AHEAD + 4;

/// What the merger says.
pub(crate) enum Message {
    Batch { events: Vec<Event>, tally: Tally },
    End(Tally),
    Failed(FeedError),
}

/// Why the merger stops early.
pub(crate) enum Stop {
    Failed(FeedError),
    /// Nobody listens any more.
    Dropped,
}

impl From<FeedError> for Stop {
    fn from(error: FeedError) -> Self {
        Self::Failed(error)
    }
}

/// The engine's end.
pub(crate) struct Inlet {
    pub messages: Receiver<Message>,
    pub consumed: Sender<Vec<Event>>,
}

/// The merger's end.
pub(crate) struct Output {
    messages: Sender<Message>,
    consumed: Receiver<Vec<Event>>,
    batch: Vec<Event>,
    /// Engine time: that of the last event.
    now: Nanos,
    pub tally: Tally,
    sink: Option<RejectSink>,
    on_bad_row: OnBadRow,
}

/// Makes the way.
pub(crate) fn channel(sink: Option<RejectSink>, on_bad_row: OnBadRow) -> (Output, Inlet) {
    let (messages, message_receiver) = bounded(BATCHES_AHEAD);
    let (consumed, consumed_receiver) = bounded(BATCHES_MAX);
    let output = Output {
        messages,
        consumed: consumed_receiver,
        batch: Vec::with_capacity(BATCH_EVENTS),
        now: Nanos::MIN,
        tally: Tally::default(),
        sink,
        on_bad_row,
    };
    (output, Inlet { messages: message_receiver, consumed })
}

impl Output {
    /// Hands on an accepted event. One that surfaces behind engine time takes engine time; its own time
    /// stays in its payload.
    #[inline]
    pub(crate) fn push(&mut self, event: &Event) -> Result<(), Stop> {
        self.now = self.now.max(event.ts);
        self.batch.push(Event { seq: 0, ts: self.now, ..*event });
        if self.batch.len() == BATCH_EVENTS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let mut next = self.consumed.try_recv().unwrap_or_default();
        next.clear();
        next.reserve(BATCH_EVENTS);
        let events = std::mem::replace(&mut self.batch, next);
        self.send(Message::Batch { events, tally: self.tally })
    }

    fn send(&self, message: Message) -> Result<(), Stop> {
        self.messages.send(message).map_err(|_| Stop::Dropped)
    }

    /// Counts a refused row and hands it to the sink.
    #[cold]
    pub(crate) fn refuse(&mut self, reject: Reject) -> Result<(), Stop> {
        self.tally.reject(reject.reason);
        if self.on_bad_row == OnBadRow::Fail {
            return Err(Stop::Failed(FeedError::BadRow(Box::new(reject))));
        }
        if let Some(sink) = &mut self.sink {
            sink(reject);
        }
        Ok(())
    }

    /// Says how it ended.
    pub(crate) fn close(mut self, result: Result<(), Stop>) {
        let result = match result {
            Ok(()) if !self.batch.is_empty() => self.flush(),
            other => other,
        };
        let _ = match result {
            Ok(()) => self.send(Message::End(self.tally)),
            Err(Stop::Failed(error)) => self.send(Message::Failed(error)),
            Err(Stop::Dropped) => Ok(()),
        };
    }
}
