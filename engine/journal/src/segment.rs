//! A segment, frame after frame: events and session marks, each checked against those before it.
//!
//! Not here: which segments there are (`layout`), and what a whole journal must be (`inspect`).

use crate::encoding::{Predictor, decode_events};
use crate::frame::{FrameHead, kind};
use crate::header::{FileHeader, Purpose, word32, word64};
use crate::layout::SegmentName;
use crate::reader::{FrameReader, Rest, Step};
use crate::{Folder, JournalError};
use model::Event;

/// A session began: the writer was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionMark {
    /// Its number, from 1. It grows with every opening, under every durability.
    pub session: u32,
    /// The index from which it holds: how many events stand before it.
    pub index: u64,
    /// The number of its first input.
    pub next_seq: u64,
    /// The machine's time at the opening, ns since the epoch.
    pub opened_ns: i64,
}

impl SessionMark {
    /// The bytes of its frame behind the kind: three to fill up, session, time.
    pub(crate) fn payload(&self) -> [u8; 15] {
        let mut bytes = [0; 15];
        bytes[3..7].copy_from_slice(&self.session.to_le_bytes());
        bytes[7..].copy_from_slice(&self.opened_ns.to_le_bytes());
        bytes
    }
}

/// What a segment's next frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// Events; their number. They were decoded if the caller asked for it.
    Events(usize),
    /// A session began.
    Session(SessionMark),
    /// The writer closed well.
    Closed,
    /// There is no frame.
    Rest,
}

/// Where events are decoded to, and what that takes.
#[derive(Debug)]
pub(crate) struct Decoded {
    predictor: Predictor,
    /// The events of the last frame.
    pub events: Vec<Event>,
}

impl Decoded {
    pub fn new() -> Self {
        Self { predictor: Predictor::new(), events: Vec::new() }
    }
}

/// Reads a segment.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    pub frames: FrameReader,
    /// The number of the next input.
    pub next_seq: u64,
    /// How many events stand before the place.
    pub index: u64,
}

impl SegmentReader {
    /// Opens a segment; its header must agree with its name.
    pub fn open(folder: &Folder, name: SegmentName) -> Result<Self, JournalError> {
        let frames = FrameReader::open(folder, &name.to_string(), name.packing, Purpose::Segment)?;
        let FileHeader { first_seq, first_index, .. } = frames.header;
        if first_seq != name.first_seq {
            let what = format!("says that it begins with input {first_seq}; it was given a wrong name");
            return Err(JournalError::foreign(frames.path(), what));
        }
        Ok(Self { frames, next_seq: first_seq, index: first_index })
    }

    /// The next frame, and moves behind it. Events are decoded if they are asked for.
    pub fn next(&mut self, decoded: Option<&mut Decoded>) -> Result<Item, JournalError> {
        let head = match self.frames.step()? {
            Step::Frame(head) => head,
            Step::Rest => return Ok(Item::Rest),
        };
        if head.next_seq != self.next_seq {
            let why = format!("its frame begins with input {}, and {} follows", head.next_seq, self.next_seq);
            return Err(self.frames.damaged(why));
        }
        let item = self.read(&head, decoded)?;
        self.frames.pass(&head);
        self.index += u64::from(head.events);
        self.next_seq += u64::from(head.inputs);
        Ok(item)
    }

    fn read(&self, head: &FrameHead, decoded: Option<&mut Decoded>) -> Result<Item, JournalError> {
        let payload = self.frames.payload(head);
        match (payload[0], head.events) {
            (kind::EVENTS, 1..) => {
                if let Some(decoded) = decoded {
                    self.decode(head, &payload[1..], decoded)?;
                }
                Ok(Item::Events(usize::from(head.events)))
            }
            (kind::SESSION, 0) if payload.len() == 16 => Ok(Item::Session(SessionMark {
                session: word32(payload, 4),
                index: self.index,
                next_seq: self.next_seq,
                opened_ns: word64(payload, 8) as i64,
            })),
            (kind::CLOSED, 0) => Ok(Item::Closed),
            (other, _) => Err(self.frames.damaged(format!("its frame is of kind {other}, which is none"))),
        }
    }

    fn decode(&self, head: &FrameHead, bytes: &[u8], decoded: &mut Decoded) -> Result<(), JournalError> {
        let Decoded { predictor, events } = decoded;
        let whole = decode_events(predictor, bytes, head.next_seq, usize::from(head.events), events);
        if !whole || predictor.next_seq != head.next_seq + u64::from(head.inputs) {
            let why = "its frame has a good checksum and holds something else than it says";
            return Err(self.frames.damaged(why));
        }
        Ok(())
    }

    /// What stands where no frame is; damage is an error.
    pub fn rest(&mut self) -> Result<Rest, JournalError> {
        let place = self.frames.offset();
        match self.frames.rest()? {
            Rest::Damaged { why } => Err(JournalError::damaged(self.frames.path(), place, why)),
            rest => Ok(rest),
        }
    }
}
