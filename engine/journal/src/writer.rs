//! Appends events to a journal that is open.
//!
//! Append, write, sync: in a buffer, in the file, on the disk. A write or a sync that fails is final. What the disk
//! then holds is unknown, and a second try that succeeds would prove nothing about the first; so the writer says the
//! same error from then on, and what was not synced before does not count as kept.
//! Not here: when to write and to sync (`thread`), files (`roll`).

use crate::frame::{self, Seal, kind};
use crate::lock::Lock;
use crate::pending::{Pending, PendingFrame};
use crate::roll::{OpenSegment, Spare};
use crate::segment::SessionMark;
use crate::{Folder, Identity, JournalError, Options};
use model::Event;

/// The writing end of a journal. Dropping it without [`Writer::close`] is like a kill: what was not synced may be lost.
#[derive(Debug)]
pub struct Writer {
    pub(crate) folder: Folder,
    pub(crate) identity: Identity,
    options: Options,
    mark: SessionMark,
    segment: OpenSegment,
    spare: Spare,
    pending: Pending,
    next_seq: u64,
    appended: u64,
    written: u64,
    durable: u64,
    failure: Option<JournalError>,
    /// Held as long as the writer lives.
    _lock: Lock,
}

/// Where a writer begins.
pub(crate) struct Start {
    pub folder: Folder,
    pub identity: Identity,
    pub options: Options,
    pub mark: SessionMark,
    pub segment: OpenSegment,
    pub lock: Lock,
}

impl Writer {
    /// Begins a session: its mark is the first that is written and synced.
    pub(crate) fn begin(start: Start) -> Result<Self, JournalError> {
        let Start { folder, identity, options, mark, segment, lock } = start;
        let SessionMark { index, next_seq, .. } = mark;
        let mut writer = Self {
            folder,
            identity,
            options,
            mark,
            segment,
            spare: Spare::default(),
            pending: Pending::new(),
            next_seq,
            appended: index,
            written: index,
            durable: index,
            failure: None,
            _lock: lock,
        };
        writer.pending.mark(kind::SESSION, &mark.payload(), next_seq);
        writer.sync()?;
        Ok(writer)
    }

    /// Appends events, in order, to the buffer.
    ///
    /// # Errors
    /// [`JournalError::OutOfOrder`] if an input's number does not follow, and whatever failed before; both final.
    pub fn append(&mut self, events: &[Event]) -> Result<(), JournalError> {
        events.iter().for_each(|event| self.push(event));
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(()),
        }
    }

    /// Appends one event to the buffer. What is wrong with it is said by the next write.
    #[inline]
    pub(crate) fn push(&mut self, event: &Event) {
        let is_input = event.kind.is_input();
        if self.failure.is_some() || (is_input && event.seq != self.next_seq) {
            return self.refuse(event);
        }
        self.pending.push(event, self.next_seq);
        self.next_seq += u64::from(is_input);
        self.appended += 1;
    }

    #[cold]
    fn refuse(&mut self, event: &Event) {
        let (expected, found) = (self.next_seq, event.seq);
        self.failure.get_or_insert(JournalError::OutOfOrder { expected, found });
    }

    /// Writes what is in the buffer to the file. A process that is killed then loses nothing of it.
    ///
    /// # Errors
    /// The disk's, final.
    pub fn write(&mut self) -> Result<(), JournalError> {
        self.unless_failed(Self::try_write)
    }

    /// Writes what is in the buffer and returns when it is durable.
    ///
    /// # Errors
    /// The disk's, final.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.unless_failed(|writer| {
            writer.try_write()?;
            writer.segment.sync()?;
            writer.durable = writer.written;
            Ok(())
        })
    }

    /// Syncs, and says in the journal that it ended well, so that damage of its last frame is told from a torn tail.
    ///
    /// # Errors
    /// The disk's.
    pub fn close(mut self) -> Result<(), JournalError> {
        self.sync()?;
        self.pending.mark(kind::CLOSED, &[], self.next_seq);
        self.sync()
    }

    /// Reserves the next segment ahead, so that a disk without room is known before this segment is full. Cheap when
    /// it is reserved. `Some` says what is wrong; nothing is lost by it yet, and a later call tries again.
    pub fn prepare(&mut self) -> Option<JournalError> {
        if self.failure.is_some() {
            return None;
        }
        self.spare.reserve(&self.folder, &self.options).err()
    }

    /// Whether the room for the next segment is taken.
    pub(crate) fn is_prepared(&self) -> bool {
        self.spare.is_reserved()
    }

    /// How many events the journal holds, those of earlier sessions and those in the buffer included.
    pub fn appended(&self) -> u64 {
        self.appended
    }

    /// How many of them are in the file.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// How many of them are durable.
    pub fn durable(&self) -> u64 {
        self.durable
    }

    /// The number of the next input.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The session that began with this opening.
    pub fn session(&self) -> SessionMark {
        self.mark
    }

    /// The journal's folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The identity under which it was opened.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Why nothing can be written any more.
    pub fn failure(&self) -> Option<&JournalError> {
        self.failure.as_ref()
    }

    fn unless_failed(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        act(self).inspect_err(|error| self.failure = Some(error.clone()))
    }

    fn try_write(&mut self) -> Result<(), JournalError> {
        self.pending.end();
        let mut first = 0;
        for nth in 0..self.pending.frames.len() {
            let frame = self.pending.frames[nth];
            let before = frame.start - self.pending.frames[first].start;
            let bytes = frame.end - frame.start;
            if self.segment.is_full(before + bytes, self.options.segment_bytes, frame.next_seq) {
                self.write_frames(first, nth)?;
                first = nth;
                self.roll(frame.next_seq)?;
            }
        }
        self.write_frames(first, self.pending.frames.len())?;
        self.pending.clear();
        Ok(())
    }

    /// Writes some of the waiting frames, in one go, behind what is in the segment.
    fn write_frames(&mut self, first: usize, end: usize) -> Result<(), JournalError> {
        let frames = &self.pending.frames[first..end];
        let (Some(head), Some(tail)) = (frames.first(), frames.last()) else { return Ok(()) };
        for PendingFrame { start, end, next_seq, events, inputs } in frames.iter().copied() {
            let offset = self.segment.end + (start - head.start) as u64;
            let (salt, durable) = (self.segment.salt, self.segment.durable);
            let seal = Seal { salt, offset, durable, next_seq, events, inputs };
            frame::seal(&mut self.pending.bytes[start..end], &seal);
        }
        self.segment.write(&self.pending.bytes[head.start..tail.end])?;
        self.written += frames.iter().map(|frame| u64::from(frame.events)).sum::<u64>();
        Ok(())
    }

    /// Goes on in the next segment. All of the one before is durable first: a segment that is not the last is whole.
    fn roll(&mut self, next_seq: u64) -> Result<(), JournalError> {
        self.segment.sync()?;
        self.durable = self.written;
        let (session, index) = (self.mark.session, self.written);
        let file = self.spare.take(&self.folder, &self.options)?;
        self.segment = OpenSegment::create(&self.folder, file, self.identity, session, next_seq, index)?;
        Ok(())
    }
}
