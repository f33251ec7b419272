//! Opens a journal to write: the same way for a first start, a clean one, and one after a crash.
//!
//! First everything is read and nothing changed, so that a refusal leaves no trace. Then, in this order, each step
//! durable before the next: the torn tail is made zero; the session's number grows; the first segment is made, if there
//! is none; the session's mark is written.
//! Not here: what the events mean to the engine, which folds them from a [`crate::Cursor`].

use crate::inspect::{Facts, Torn, inspect};
use crate::layout::Packing;
use crate::lock::Lock;
use crate::roll::{OpenSegment, Spare};
use crate::segment::SessionMark;
use crate::writer::{Start, Writer};
use crate::{Folder, Identity, JournalError, Options, session, snapshots};
use model::{Clock, SystemClock};

/// What an opening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// The session that begins now.
    pub session: SessionMark,
    /// All sessions of which events are kept, oldest first, this one last.
    pub sessions: Vec<SessionMark>,
    /// The number of the first input that is kept, or the next one if none is.
    pub first_seq: u64,
    /// The number of the next input: one more than the last that is kept; 1 in a new journal.
    pub next_seq: u64,
    /// How many events the journal has seen. [`Writer::appended`] goes on from here.
    pub index: u64,
    /// What was cut off behind the last whole frame.
    pub torn: Option<Torn>,
    /// Whether the session before ended by [`Writer::close`], or there was none.
    pub was_closed: bool,
}

/// Opens the journal in a folder, which is made if it does not exist.
///
/// # Errors
/// Whatever makes it no journal of this identity, or not whole; nothing is changed then. Or the disk's.
pub fn open(
    folder: &Folder,
    identity: Identity,
    options: &Options,
) -> Result<(Writer, Recovered), JournalError> {
    assert!(
        (Options::SEGMENT_BYTES_MIN..=Options::SEGMENT_BYTES_MAX).contains(&options.segment_bytes),
        "a segment has room for its header and some frames, and offsets of 32 bits"
    );
    let (mut lock, facts) = lock_and_inspect(folder, &identity)?;
    snapshots::check_reached(folder, &identity, facts.next_seq())?;
    lock.sign()?;
    let last = facts.segments.last();
    let (torn, was_closed) = (
        last.and_then(|segment| segment.torn.clone()),
        last.is_none_or(|segment| segment.is_closed && segment.torn.is_none()),
    );
    let reopened = match last.filter(|segment| segment.name.packing == Packing::Plain) {
        Some(last) => Some(OpenSegment::reopen(folder, last.name, last.durable, last.end)?),
        None => None,
    };
    let session = session::advance(folder, facts.session)?;
    let (next_seq, index) = (facts.next_seq(), facts.index());
    let segment = match reopened {
        Some(segment) => segment,
        None => {
            let file = Spare::default().take(folder, options)?;
            OpenSegment::create(folder, file, identity, session, next_seq, index)?
        }
    };
    let mark = SessionMark { session, index, next_seq, opened_ns: SystemClock.now().0 };
    let mut sessions = facts.sessions();
    sessions.push(mark);
    let first_seq = facts.segments.first().map_or(next_seq, |segment| segment.first_seq);
    let start = Start { folder: folder.clone(), identity, options: *options, mark, segment, lock };
    let recovered = Recovered { session: mark, sessions, first_seq, next_seq, index, torn, was_closed };
    Ok((Writer::begin(start)?, recovered))
}

/// Holds the lock of a journal whose segments are not written ([`crate::Durability::Off`]).
#[derive(Debug)]
pub struct SessionClaim {
    session: u32,
    _lock: Lock,
}

impl SessionClaim {
    /// The session's number.
    pub fn session(&self) -> u32 {
        self.session
    }
}

/// Begins a session without a journal: takes the lock and makes the number grow, durably. What an earlier run
/// journaled is checked and left as it is.
///
/// # Errors
/// As [`open`].
pub fn claim_session(folder: &Folder, identity: Identity) -> Result<SessionClaim, JournalError> {
    let (mut lock, facts) = lock_and_inspect(folder, &identity)?;
    lock.sign()?;
    Ok(SessionClaim { session: session::advance(folder, facts.session)?, _lock: lock })
}

/// Takes the lock and reads everything. Nothing is changed unless the journal is good.
fn lock_and_inspect(folder: &Folder, identity: &Identity) -> Result<(Lock, Facts), JournalError> {
    if let Some(lock) = Lock::take(folder)? {
        return Ok((lock, inspect(folder, identity)?));
    }
    // Without a lock file it is new, or a copy: look first, then make the file, then look again under the lock.
    let facts = inspect(folder, identity)?;
    if !facts.folder_exists {
        folder.create()?;
    }
    let lock = Lock::create(folder)?;
    Ok((lock, inspect(folder, identity)?))
}
