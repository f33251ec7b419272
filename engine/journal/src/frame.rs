//! Frames: batches of bytes with a length and a checksum.
//!
//! The checksum covers the file's salt and the frame's offset, so that stale bytes, or bytes of another place, are
//! never taken for a frame. A frame says how many bytes before it were not yet known to be durable when it was written.
//! That tells a torn tail from damage: what a later frame calls durable cannot have been torn by a power cut.
//! Not here: what the bytes mean.
//!
//! | bytes | field |
//! | --- | --- |
//! | 0–3 | length of the payload, a multiple of 8; 0 where no frame was written |
//! | 4–7 | CRC32C of salt, offset, and all of the frame but these four bytes |
//! | 8–15 | the number of the next input; a spool's last sequence number |
//! | 16–19 | bytes directly before the frame that were not known to be durable |
//! | 20–21, 22–23 | events in it, inputs among them |
//! | from 24 | payload; its first byte is the kind of the frame |

use crate::header::{Purpose, word32, word64};

/// Length of a frame's header, in bytes.
pub(crate) const FRAME_HEADER_BYTES: usize = 24;
/// Frames begin at multiples of this many bytes.
pub(crate) const FRAME_ALIGNMENT: usize = 8;

/// Longest payload of a segment's frame and of a spool's, in bytes.
pub(crate) const SEGMENT_PAYLOAD_MAX: u32 = 1 << 19;
pub(crate) const SPOOL_PAYLOAD_MAX: u32 = 1 << 30;

/// Kinds of frames, by the first byte of their payload.
pub(crate) mod kind {
    /// Events of the journal.
    pub const EVENTS: u8 = 1;
    /// A session begins.
    pub const SESSION: u8 = 2;
    /// The writer closed well; everything before is durable.
    pub const CLOSED: u8 = 3;
    /// Records of a spool.
    pub const RECORDS: u8 = 4;
    /// Records of a spool that are not valid any more.
    pub const CUT: u8 = 5;
}

/// A frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHead {
    /// Length of the payload, in bytes.
    pub payload_bytes: u32,
    pub crc: u32,
    pub next_seq: u64,
    pub undurable_bytes: u32,
    pub events: u16,
    pub inputs: u16,
}

impl FrameHead {
    /// Reads a header. `None` where there cannot be one. That is strict, so that a search for frames in what is none
    /// seldom has to try a checksum.
    pub fn read(bytes: &[u8], offset: u64, purpose: Purpose) -> Option<Self> {
        let head = Self {
            payload_bytes: word32(bytes, 0),
            crc: word32(bytes, 4),
            next_seq: word64(bytes, 8),
            undurable_bytes: word32(bytes, 16),
            events: u16::from_le_bytes([bytes[20], bytes[21]]),
            inputs: u16::from_le_bytes([bytes[22], bytes[23]]),
        };
        let (payload_bytes_max, events_max) = match purpose {
            Purpose::Segment => (SEGMENT_PAYLOAD_MAX, head.payload_bytes),
            Purpose::Spool => (SPOOL_PAYLOAD_MAX, 0),
        };
        let plausible = head.payload_bytes > 0
            && head.payload_bytes <= payload_bytes_max
            && u32::from(head.events) <= events_max
            && (head.payload_bytes as usize).is_multiple_of(FRAME_ALIGNMENT)
            && head.inputs <= head.events
            && u64::from(head.undurable_bytes) <= offset;
        plausible.then_some(head)
    }

    /// Length of the whole frame, in bytes.
    pub fn frame_bytes(&self) -> usize {
        FRAME_HEADER_BYTES + self.payload_bytes as usize
    }
}

/// The checksum of a frame, given whole.
pub(crate) fn checksum(frame: &[u8], salt: u64, offset: u64) -> u32 {
    let mut place = [0; 20];
    place[..8].copy_from_slice(&salt.to_le_bytes());
    place[8..16].copy_from_slice(&offset.to_le_bytes());
    place[16..].copy_from_slice(&frame[..4]);
    crc32c::crc32c_append(crc32c::crc32c(&place), &frame[8..])
}

/// What a writer says of a frame when it is sealed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seal {
    pub salt: u64,
    pub offset: u64,
    /// Up to where the file is known to be durable.
    pub durable: u64,
    pub next_seq: u64,
    pub events: u16,
    pub inputs: u16,
}

/// Begins a frame at the end of `out`: room for its header, and its kind. Gives where it begins.
pub(crate) fn begin(out: &mut Vec<u8>, kind: u8) -> usize {
    let start = out.len();
    debug_assert!(start.is_multiple_of(FRAME_ALIGNMENT), "a frame begins at a multiple of {FRAME_ALIGNMENT}");
    out.resize(start + FRAME_HEADER_BYTES, 0);
    out.push(kind);
    start
}

/// Ends the frame that began at `start`: fills it up to its alignment.
pub(crate) fn end(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(FRAME_ALIGNMENT), 0);
}

/// Writes the header of an ended frame, for the place where it will stand.
pub(crate) fn seal(frame: &mut [u8], seal: &Seal) {
    let payload_bytes = u32::try_from(frame.len() - FRAME_HEADER_BYTES).expect("a frame is short");
    let undurable = u32::try_from(seal.offset - seal.durable).expect("a file is below 4 GiB");
    frame[..4].copy_from_slice(&payload_bytes.to_le_bytes());
    frame[8..16].copy_from_slice(&seal.next_seq.to_le_bytes());
    frame[16..20].copy_from_slice(&undurable.to_le_bytes());
    frame[20..22].copy_from_slice(&seal.events.to_le_bytes());
    frame[22..24].copy_from_slice(&seal.inputs.to_le_bytes());
    let crc = checksum(frame, seal.salt, seal.offset);
    frame[4..8].copy_from_slice(&crc.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_one_only_at_its_place_and_in_its_file() {
        let mut out = Vec::new();
        assert_eq!(begin(&mut out, kind::EVENTS), 0);
        out.extend(b"some payload");
        end(&mut out);
        let stamp = Seal { salt: 5, offset: 4096, durable: 4000, next_seq: 9, events: 3, inputs: 2 };
        seal(&mut out, &stamp);
        let head = FrameHead::read(&out, 4096, Purpose::Segment).unwrap();
        assert_eq!((head.payload_bytes, head.frame_bytes(), out.len()), (16, 40, 40));
        assert_eq!((head.next_seq, head.undurable_bytes, head.events, head.inputs), (9, 96, 3, 2));
        assert_eq!(checksum(&out, 5, 4096), head.crc);
        assert_ne!(checksum(&out, 6, 4096), head.crc);
        assert_ne!(checksum(&out, 5, 4104), head.crc);
        for at in (0..out.len()).filter(|at| !(4..8).contains(at)) {
            out[at] ^= 0x10;
            assert_ne!(checksum(&out, 5, 4096), head.crc, "byte {at} is covered");
            out[at] ^= 0x10;
        }
    }

    #[test]
    fn implausible_headers_are_none() {
        let read = |change: fn(&mut [u8])| {
            let mut bytes = [0; FRAME_HEADER_BYTES];
            bytes[0] = 16;
            change(&mut bytes);
            FrameHead::read(&bytes, 4096, Purpose::Segment)
        };
        assert!(read(|_| ()).is_some());
        assert!(read(|bytes| bytes[0] = 0).is_none());
        assert!(read(|bytes| bytes[0] = 12).is_none());
        assert!(read(|bytes| bytes[..3].copy_from_slice(&[0, 0, 8])).is_some());
        assert!(read(|bytes| bytes[..3].copy_from_slice(&[8, 0, 8])).is_none());
        assert!(read(|bytes| bytes[20] = 16).is_some());
        assert!(read(|bytes| bytes[20] = 17).is_none());
        assert!(read(|bytes| bytes[22] = 1).is_none());
        assert!(read(|bytes| bytes[18] = 1).is_none());
    }
}
