//! The first block of a file of frames: what it is, whose, and where it stands in the stream.
//!
//! It has a block of its own, so that no frame's write can tear it. It is durable before the file gets its name.
//! Not here: snapshots, whose header is shorter (`snapshots`).
//!
//! | bytes | field |
//! | --- | --- |
//! | 0–7 | magic, by purpose |
//! | 8–11, 12–15 | version of the format, version of the events' meaning |
//! | 16–31 | config hash |
//! | 32–35, 36–39 | session at its start, 0 |
//! | 40–47 | number of the first input in it, or the first to come |
//! | 48–55 | how many events stand before it |
//! | 56–63 | when it was made, ns |
//! | 64–71 | salt of its frames' checksums |
//! | 4092–4095 | CRC32C of all bytes before |

use crate::JournalError;
use model::Event;
use std::path::Path;
use twox_hash::xxhash3_128;

/// Length of the first block, in bytes.
pub(crate) const HEADER_BYTES: u64 = 4096;

/// The version of the layout of segments, spools, snapshots and the session file.
pub const FORMAT_VERSION: u32 = 1;

const CRC_AT: usize = HEADER_BYTES as usize - 4;

/// Whose files they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The hash of every configuration key that can change a result.
    pub config_hash: u128,
    /// The version of what events mean.
    pub schema_version: u32,
}

impl Identity {
    /// The identity of this build under a configuration.
    pub const fn new(config_hash: u128) -> Self {
        Self { config_hash, schema_version: Event::SCHEMA_VERSION }
    }

    /// Refuses what another configuration wrote, or a program of another version.
    pub(crate) fn check(&self, path: &Path, found: &Self) -> Result<(), JournalError> {
        if found.schema_version != self.schema_version {
            let (found, known) = (found.schema_version, self.schema_version);
            return Err(JournalError::OtherVersion { path: path.to_owned(), what: "schema", found, known });
        }
        if found.config_hash != self.config_hash {
            let (found, expected) = (found.config_hash, self.config_hash);
            return Err(JournalError::OtherConfig { path: path.to_owned(), found, expected });
        }
        Ok(())
    }
}

/// What a file of frames is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A segment of the journal.
    Segment,
    /// A spool of derived records.
    Spool,
}

impl Purpose {
    const fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Segment => b"GMJOURNL",
            Self::Spool => b"GMSPOOL\0",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Segment => "is no segment of a journal",
            Self::Spool => "is no spool",
        }
    }
}

/// The header's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileHeader {
    pub identity: Identity,
    pub session: u32,
    pub first_seq: u64,
    pub first_index: u64,
    pub created_ns: i64,
    pub salt: u64,
}

impl FileHeader {
    /// Before the header is read.
    pub const EMPTY: Self = Self {
        identity: Identity { config_hash: 0, schema_version: 0 },
        session: 0,
        first_seq: 0,
        first_index: 0,
        created_ns: 0,
        salt: 0,
    };

    /// A header with a salt that no other file of this folder has.
    pub fn new(identity: Identity, session: u32, first_seq: u64, first_index: u64, created_ns: i64) -> Self {
        let mut header = Self { identity, session, first_seq, first_index, created_ns, salt: 0 };
        header.salt = xxhash3_128::Hasher::oneshot(&header.encode(Purpose::Segment)) as u64;
        header
    }

    /// As a block.
    pub fn encode(&self, purpose: Purpose) -> Vec<u8> {
        let mut block = Vec::with_capacity(HEADER_BYTES as usize);
        block.extend(purpose.magic());
        block.extend(FORMAT_VERSION.to_le_bytes());
        block.extend(self.identity.schema_version.to_le_bytes());
        block.extend(self.identity.config_hash.to_le_bytes());
        block.extend(u64::from(self.session).to_le_bytes());
        block.extend(self.first_seq.to_le_bytes());
        block.extend(self.first_index.to_le_bytes());
        block.extend(self.created_ns.to_le_bytes());
        block.extend(self.salt.to_le_bytes());
        block.resize(CRC_AT, 0);
        block.extend(crc32c::crc32c(&block).to_le_bytes());
        block
    }

    /// Reads a block, which may be too short.
    pub fn decode(block: &[u8], purpose: Purpose, path: &Path) -> Result<Self, JournalError> {
        if block.len() < 12 || block[..8] != *purpose.magic() {
            return Err(JournalError::foreign(path, purpose.name()));
        }
        let version = word32(block, 8);
        if version != FORMAT_VERSION {
            let (found, known) = (version, FORMAT_VERSION);
            return Err(JournalError::OtherVersion { path: path.to_owned(), what: "format", found, known });
        }
        if block.len() < HEADER_BYTES as usize {
            return Err(JournalError::damaged(path, 0, "its first block is cut"));
        }
        if crc32c::crc32c(&block[..CRC_AT]) != word32(block, CRC_AT) {
            return Err(JournalError::damaged(path, 0, "its first block does not match its checksum"));
        }
        Ok(Self {
            identity: Identity {
                config_hash: u128::from_le_bytes(block[16..32].try_into().expect("16 bytes")),
                schema_version: word32(block, 12),
            },
            session: word32(block, 32),
            first_seq: word64(block, 40),
            first_index: word64(block, 48),
            created_ns: word64(block, 56) as i64,
            salt: word64(block, 64),
        })
    }
}

/// The number at a place, little-endian.
pub(crate) fn word32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"))
}

/// The number at a place, little-endian.
pub(crate) fn word64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> FileHeader {
        FileHeader::new(Identity::new(7 << 100), 3, 17, 23, -5)
    }

    #[track_caller]
    fn check_refused(change: impl FnOnce(&mut Vec<u8>), part: &str) {
        let mut block = header().encode(Purpose::Segment);
        change(&mut block);
        let error = FileHeader::decode(&block, Purpose::Segment, Path::new("dir/file")).unwrap_err();
        let sentence = error.to_string();
        assert!(sentence.starts_with("dir/file ") && sentence.contains(part), "{sentence}");
    }

    #[test]
    fn a_header_survives_its_block() {
        let block = header().encode(Purpose::Spool);
        assert_eq!(block.len() as u64, HEADER_BYTES);
        assert_eq!(FileHeader::decode(&block, Purpose::Spool, Path::new("")), Ok(header()));
        assert_ne!(header().salt, FileHeader::new(Identity::new(7 << 100), 4, 17, 23, -5).salt);
    }

    #[test]
    fn what_is_no_header_is_refused() {
        check_refused(|block| block.clear(), "is no segment of a journal");
        check_refused(|block| block[0] ^= 1, "is no segment of a journal");
        check_refused(|block| block.truncate(100), "is damaged at byte 0: its first block is cut");
        check_refused(|block| block[3000] ^= 1, "does not match its checksum");
        check_refused(|block| block[8] = 2, "has format version 2, and this build reads version 1");
    }

    #[test]
    fn another_identity_is_refused() {
        let (ours, path) = (Identity::new(1), Path::new("f"));
        assert_eq!(ours.check(path, &Identity::new(1)), Ok(()));
        let error = ours.check(path, &Identity::new(2)).unwrap_err().to_string();
        assert!(error.contains("00000002, and this one is 000000"), "{error}");
        let newer = Identity { schema_version: Event::SCHEMA_VERSION + 1, ..ours };
        let error = ours.check(path, &newer).unwrap_err().to_string();
        assert!(error.contains("has schema version 2, and this build reads version 1"), "{error}");
    }
}
