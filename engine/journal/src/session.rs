//! The session's number: which life of the engine this is.
//!
//! Why in a file of its own: client order ids carry it, and a lost tail of the journal must not bring an id back. So it
//! grows, durably, before an opener gets it, under every durability, and is never taken from what was journaled.
//! Not here: where in the stream a session begins (`segment`).

use crate::header::{FORMAT_VERSION, word32};
use crate::layout::SESSION;
use crate::{Folder, JournalError};

const MAGIC: &[u8; 8] = b"GMSESSN\0";
const BYTES: usize = 20;

/// The half-written file.
pub(crate) const BESIDE: &str = "session.new";

/// The number of the last session.
pub(crate) fn read(folder: &Folder) -> Result<u32, JournalError> {
    let path = folder.join(SESSION);
    let bytes = folder.read(SESSION)?;
    if bytes.len() < 12 || bytes[..8] != *MAGIC {
        return Err(JournalError::foreign(&path, "is no session file of a journal"));
    }
    let found = word32(&bytes, 8);
    if found != FORMAT_VERSION {
        return Err(JournalError::OtherVersion { path, what: "format", found, known: FORMAT_VERSION });
    }
    if bytes.len() != BYTES || crc32c::crc32c(&bytes[..BYTES - 4]) != word32(&bytes, BYTES - 4) {
        return Err(JournalError::damaged(&path, 0, "it does not match its checksum"));
    }
    Ok(word32(&bytes, 12))
}

/// Makes the number after `last` the current one, durably, and gives it.
pub(crate) fn advance(folder: &Folder, last: Option<u32>) -> Result<u32, JournalError> {
    let Some(next) = last.unwrap_or(0).checked_add(1) else {
        let why = "its number is the last there is";
        return Err(JournalError::damaged(&folder.join(SESSION), 12, why));
    };
    let mut bytes = Vec::with_capacity(BYTES);
    bytes.extend(MAGIC);
    bytes.extend(FORMAT_VERSION.to_le_bytes());
    bytes.extend(next.to_le_bytes());
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    folder.replace(SESSION, &[&bytes])?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_number_grows_and_damage_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        assert!(read(&folder).unwrap_err().is_not_found());
        assert_eq!((advance(&folder, None), read(&folder)), (Ok(1), Ok(1)));
        assert_eq!((advance(&folder, Some(1)), read(&folder)), (Ok(2), Ok(2)));
        let last = advance(&folder, Some(u32::MAX)).unwrap_err().to_string();
        assert!(last.contains("session is damaged at byte 12"), "{last}");

        let file = dir.path().join(SESSION);
        let good = fs::read(&file).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&file, &bad).unwrap();
            read(&folder).unwrap_err();
            fs::write(&file, &good[..at]).unwrap();
            read(&folder).unwrap_err();
        }
        fs::write(&file, [&good[..], &[0]].concat()).unwrap();
        read(&folder).unwrap_err();
    }
}
