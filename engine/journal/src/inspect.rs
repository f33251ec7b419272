//! Reads a whole journal and changes nothing: is it one, whose is it, is it whole, where does it end?
//!
//! Why on its own: an opening that is refused must leave no trace, so everything is looked at before anything is done.
//! Not here: decoding events; their checksums and counts are checked (`verify` decodes).

use crate::layout::{self, LOCK, SEGMENT_NEXT, SESSION, SegmentName};
use crate::reader::Rest;
use crate::segment::{Decoded, Item, SegmentReader, SessionMark};
use crate::session;
use crate::{Folder, Identity, JournalError};
use model::Event;
use std::path::PathBuf;

/// What a killed write or a power cut left behind the last event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The segment or spool.
    pub path: PathBuf,
    /// Where it begins, in bytes from the file's start.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// One segment, read to its end.
#[derive(Debug)]
pub(crate) struct SegmentFacts {
    pub name: SegmentName,
    pub first_seq: u64,
    pub first_index: u64,
    pub next_seq: u64,
    pub index: u64,
    pub session_first: u32,
    pub identity: Identity,
    pub marks: Vec<SessionMark>,
    pub frames: u64,
    /// Bytes up to the end of the last good frame, unpacked.
    pub end: u64,
    /// How many of them a frame says were durable.
    pub durable: u64,
    pub torn: Option<Torn>,
    /// Whether its last frame says that the writer closed well.
    pub is_closed: bool,
}

/// What a whole journal is.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Whether the folder exists.
    pub folder_exists: bool,
    /// The last session; `None` in a new folder.
    pub session: Option<u32>,
    pub segments: Vec<SegmentFacts>,
}

impl Facts {
    /// The number of the next input.
    pub fn next_seq(&self) -> u64 {
        self.segments.last().map_or(1, |segment| segment.next_seq)
    }

    /// How many events the journal has seen.
    pub fn index(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.index)
    }

    /// All sessions that are known of. The first stands where the journal begins; it may have begun before.
    pub fn sessions(&self) -> Vec<SessionMark> {
        let mut sessions: Vec<SessionMark> = Vec::new();
        for segment in &self.segments {
            if sessions.is_empty() {
                let (index, next_seq) = (segment.first_index, segment.first_seq);
                sessions.push(SessionMark { session: segment.session_first, index, next_seq, opened_ns: 0 });
            }
            for mark in &segment.marks {
                // The first session's own mark says more than the header.
                if sessions.len() == 1 && sessions[0].session == mark.session {
                    sessions.clear();
                }
                sessions.push(*mark);
            }
        }
        sessions
    }
}

/// Reads one segment to its end. With `decoded`, each frame's events are decoded and handed to `on_frame`.
pub(crate) fn segment(
    folder: &Folder,
    name: SegmentName,
    identity: Option<&Identity>,
    mut decoded: Option<&mut Decoded>,
    mut on_frame: impl FnMut(&[Event]),
) -> Result<SegmentFacts, JournalError> {
    let mut reader = SegmentReader::open(folder, name)?;
    let header = reader.frames.header;
    if let Some(identity) = identity {
        identity.check(reader.frames.path(), &header.identity)?;
    }
    let (mut marks, mut frames, mut is_closed) = (Vec::new(), 0, false);
    let (end, torn) = loop {
        let item = reader.next(decoded.as_deref_mut())?;
        match item {
            Item::Session(mark) => marks.push(mark),
            Item::Events(_) => decoded.as_deref().into_iter().for_each(|decoded| on_frame(&decoded.events)),
            Item::Closed => {}
            Item::Rest => {
                let (path, offset) = (reader.frames.path().to_owned(), reader.frames.offset());
                match reader.rest()? {
                    Rest::More => continue,
                    Rest::Torn { bytes } => break (offset, Some(Torn { path, offset, bytes })),
                    _ => break (offset, None),
                }
            }
        }
        is_closed = item == Item::Closed;
        frames += 1;
    };
    Ok(SegmentFacts {
        name,
        first_seq: header.first_seq,
        first_index: header.first_index,
        next_seq: reader.next_seq,
        index: reader.index,
        session_first: header.session,
        identity: header.identity,
        marks,
        frames,
        end,
        durable: reader.frames.durable(),
        torn,
        is_closed,
    })
}

/// Whose a journal is, by its first segment; `None` if it has none.
///
/// # Errors
/// The first segment is none; the disk's.
pub fn identity_of(folder: &Folder) -> Result<Option<Identity>, JournalError> {
    let first = layout::segments(folder)?.first().copied();
    let reader = first.map(|name| SegmentReader::open(folder, name)).transpose()?;
    Ok(reader.map(|reader| reader.frames.header.identity))
}

/// Reads everything; the first thing that is wrong is the error.
pub(crate) fn inspect(folder: &Folder, identity: &Identity) -> Result<Facts, JournalError> {
    let names = match folder.names() {
        Err(error) if error.is_not_found() => return Ok(Facts::default()),
        names => names?,
    };
    let session = if names.iter().any(|name| name == SESSION) { Some(session::read(folder)?) } else { None };
    if session.is_none() {
        refuse_strangers(folder, &names)?;
    }
    let mut facts = Facts { folder_exists: true, session, segments: Vec::new() };
    let mut found = layout::segments(folder)?.into_iter().peekable();
    while let Some(name) = found.next() {
        let facts_of = segment(folder, name, Some(identity), None, |_| ())?;
        check_next(folder, facts.segments.last(), &facts_of, found.peek().is_none())?;
        facts.segments.push(facts_of);
    }
    check_sessions(folder, &facts)?;
    Ok(facts)
}

/// A folder without a session number may hold nothing but what a killed first opening left.
fn refuse_strangers(folder: &Folder, names: &[String]) -> Result<(), JournalError> {
    let ours = |name: &str| name == LOCK || name == SEGMENT_NEXT || name == session::BESIDE;
    let Some(stranger) = names.iter().find(|name| !ours(name)) else { return Ok(()) };
    Err(JournalError::foreign(folder.path(), format!("holds {stranger} and no session file of a journal")))
}

/// Whether a segment follows the one before it, and is whole if another one follows.
pub(crate) fn check_next(
    folder: &Folder,
    before: Option<&SegmentFacts>,
    segment: &SegmentFacts,
    is_last: bool,
) -> Result<(), JournalError> {
    let path = folder.join(&segment.name.to_string());
    if let Some(before) =
        before.filter(|before| (before.next_seq, before.index) != (segment.first_seq, segment.first_index))
    {
        let why = format!(
            "it begins with input {} and event {}, and the segment before it ends before input {} and event {}",
            segment.first_seq, segment.first_index, before.next_seq, before.index
        );
        return Err(JournalError::damaged(&path, 0, why));
    }
    match &segment.torn {
        Some(torn) if !is_last => {
            let why = "it is no frame, and the next segment was begun when all of this one was on disk";
            Err(JournalError::damaged(&path, torn.offset, why))
        }
        _ => Ok(()),
    }
}

/// Session numbers grow, and the session file is not behind them.
pub(crate) fn check_sessions(folder: &Folder, facts: &Facts) -> Result<(), JournalError> {
    let sessions = facts.sessions();
    let grows = sessions.windows(2).all(|pair| pair[0].session < pair[1].session);
    let last = sessions.last().map_or(0, |mark| mark.session);
    let number = facts.session.unwrap_or(0);
    if grows && last <= number {
        return Ok(());
    }
    let why = format!("it says session {number}, and the segments tell of session {last}");
    Err(JournalError::damaged(&folder.join(SESSION), 0, why))
}
