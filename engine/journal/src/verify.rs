//! Looks at a whole journal and tells what is there: every checksum, every event decoded; no lock taken, no change.
//!
//! It may run beside a writer: what is half written then is a tail like any other, and is said to be.
//! Not here: printing.

use crate::inspect::{self, SegmentFacts, Torn};
use crate::layout::{self, Packing, SESSION};
use crate::segment::{Decoded, SessionMark};
use crate::{Folder, Identity, JournalError, lock, session, snapshots};
use model::{Event, Nanos};

/// What a segment is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentReport {
    /// The file's name.
    pub name: String,
    /// Whether it is compressed.
    pub is_packed: bool,
    /// The session at its start.
    pub session: u32,
    /// The number of its first input, or of the first that is to come.
    pub first_seq: u64,
    /// How many inputs are in it.
    pub inputs: u64,
    /// How many events stand before it.
    pub first_index: u64,
    /// How many events are in it.
    pub events: u64,
    /// How many frames.
    pub frames: u64,
    /// Bytes in use, unpacked, its header included.
    pub bytes: u64,
    /// Engine time of its first and last event.
    pub span: Option<(Nanos, Nanos)>,
    /// What stands behind its last whole frame.
    pub torn: Option<Torn>,
}

/// What a snapshot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotReport {
    /// The last input that its state has folded, by its name.
    pub seq: u64,
    /// Length of the state, in bytes.
    pub bytes: u64,
}

/// What a journal is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The current session's number.
    pub session: Option<u32>,
    /// Who seems to write it now.
    pub writer: Option<String>,
    /// Whose it is; `None` without a segment.
    pub identity: Option<Identity>,
    /// Segments that could be read to their end, oldest first.
    pub segments: Vec<SegmentReport>,
    /// Sessions of which events are kept, oldest first.
    pub sessions: Vec<SessionMark>,
    /// Good snapshots, oldest first.
    pub snapshots: Vec<SnapshotReport>,
    /// Whether the last session ended well.
    pub was_closed: bool,
    /// Everything that is wrong.
    pub damage: Vec<JournalError>,
}

impl Report {
    /// Whether anything is wrong. A torn tail is not: the next opening cuts it off.
    pub fn is_damaged(&self) -> bool {
        !self.damage.is_empty()
    }
}

/// Reads everything in a journal's folder.
///
/// # Errors
/// The folder cannot be read, or holds no journal. What is wrong with a file is in the report.
pub fn verify(folder: &Folder) -> Result<Report, JournalError> {
    let names = folder.names()?;
    let mut report = Report { was_closed: true, ..Report::default() };
    if !names.iter().any(|name| name == SESSION) && layout::segments(folder)?.is_empty() {
        return Err(JournalError::foreign(folder.path(), "holds no journal"));
    }
    match session::read(folder) {
        Ok(number) => report.session = Some(number),
        Err(error) => report.damage.push(error),
    }
    report.writer = lock::named_owner(folder).unwrap_or(None);
    let segments = read_segments(folder, &mut report)?;
    let facts = inspect::Facts { folder_exists: true, session: report.session, segments };
    report.sessions = facts.sessions();
    if report.session.is_some() {
        report.damage.extend(inspect::check_sessions(folder, &facts).err());
    }
    report.was_closed = facts.segments.last().is_none_or(|last| last.is_closed && last.torn.is_none());
    for seq in layout::snapshots(folder)? {
        match snapshots::read(folder, report.identity.as_ref(), seq) {
            Ok(snapshot) => {
                report.snapshots.push(SnapshotReport { seq, bytes: snapshot.state.len() as u64 });
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => report.damage.push(error),
        }
    }
    // Beside a writer a snapshot may be newer than what was read of the segments.
    if let (None, Some(identity)) = (&report.writer, &report.identity) {
        report.damage.extend(snapshots::check_reached(folder, identity, facts.next_seq()).err());
    }
    Ok(report)
}

/// Reads all segments; those that retention removes meanwhile are passed over.
fn read_segments(folder: &Folder, report: &mut Report) -> Result<Vec<SegmentFacts>, JournalError> {
    let mut found: Vec<SegmentFacts> = Vec::new();
    let mut decoded = Decoded::new();
    let mut names = layout::segments(folder)?.into_iter().peekable();
    while let Some(mut name) = names.next() {
        let mut span = Span::default();
        let identity = report.identity;
        let mut read = |name| {
            span = Span::default();
            inspect::segment(folder, name, identity.as_ref(), Some(&mut decoded), |events| span.add(events))
        };
        let mut facts = read(name);
        if facts.as_ref().is_err_and(JournalError::is_not_found) {
            name.packing = Packing::Zstd;
            facts = read(name);
        }
        match facts {
            Err(error) if error.is_not_found() => found.clear(),
            Err(error) => {
                report.damage.push(error);
                found.clear();
            }
            Ok(facts) => {
                let is_last = names.peek().is_none();
                report.damage.extend(inspect::check_next(folder, found.last(), &facts, is_last).err());
                report.identity.get_or_insert(facts.identity);
                report.segments.push(describe(&facts, span.0));
                found.push(facts);
            }
        }
    }
    Ok(found)
}

/// Engine time of the first and last event.
#[derive(Debug, Default)]
struct Span(Option<(Nanos, Nanos)>);

impl Span {
    fn add(&mut self, events: &[Event]) {
        if let (Some(first), Some(last)) = (events.first(), events.last()) {
            self.0 = Some((self.0.map_or(first.ts, |(first, _)| first), last.ts));
        }
    }
}

fn describe(facts: &SegmentFacts, span: Option<(Nanos, Nanos)>) -> SegmentReport {
    SegmentReport {
        name: facts.name.to_string(),
        is_packed: facts.name.packing == Packing::Zstd,
        session: facts.session_first,
        first_seq: facts.first_seq,
        inputs: facts.next_seq - facts.first_seq,
        first_index: facts.first_index,
        events: facts.index - facts.first_index,
        frames: facts.frames,
        bytes: facts.end,
        span,
        torn: facts.torn.clone(),
    }
}
