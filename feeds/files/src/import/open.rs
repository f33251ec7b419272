//! Opening a raw file, packed or not.
//!
//! What a file is packed with is read from its first bytes, which no text starts with; where its name says so too,
//! the two must agree.
//! Not here: lines (`lines`).

use super::error::{Codec, ImportError, OPEN};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Bytes read at once.
const BUFFER_BYTES: usize = 1 << 16;

/// An open file.
pub(crate) struct Opened {
    /// Its unpacked bytes.
    pub input: Box<dyn BufRead>,
    /// How it is packed.
    pub codec: Codec,
}

/// Opens a file for reading its unpacked bytes.
///
/// # Errors
/// [`ImportError`] where it is no file, or not packed as its name says.
pub(crate) fn open(path: &Path) -> Result<Opened, ImportError> {
    let io = |error| ImportError::Io { action: OPEN, path: path.to_owned(), error };
    // A pipe that nobody writes to would never open.
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(ImportError::NotAFile(path.to_owned()));
    }
    let mut file = BufReader::with_capacity(BUFFER_BYTES, File::open(path).map_err(io)?);
    let start = file.fill_buf().map_err(io)?;
    if start.is_empty() {
        return Err(ImportError::Empty(path.to_owned()));
    }
    let codec = codec_of(start);
    if let Some(named) = named_codec(path).filter(|named| *named != codec) {
        return Err(ImportError::NotPacked { path: path.to_owned(), codec: named });
    }
    let input: Box<dyn BufRead> = match codec {
        Codec::Plain => Box::new(file),
        Codec::Gzip => Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(file))),
        Codec::Zstd => {
            let decoder = zstd::Decoder::with_buffer(file).map_err(io)?;
            Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
        }
    };
    Ok(Opened { input, codec })
}

fn codec_of(start: &[u8]) -> Codec {
    if start.starts_with(&[0x1f, 0x8b]) {
        Codec::Gzip
    } else if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Codec::Zstd
    } else {
        Codec::Plain
    }
}

fn named_codec(path: &Path) -> Option<Codec> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "gz" => Some(Codec::Gzip),
        "zst" => Some(Codec::Zstd),
        _ => None,
    }
}
