//! Opening a file: that it is one, magic bytes, footer, and whether the footer's claims fit the file.
//!
//! Decoders of damaged input may panic; everything that decodes runs behind [`shielded`].

use crate::CatalogError;
use crate::handle::Handle;
use crate::location::{Location, ObjectFile};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::errors::ParquetError;
use std::cell::Cell;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileTypeExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

pub(crate) const MAGIC: &[u8; 4] = b"PAR1";

/// The key of a footer's entry that says where the ticks come from.
pub(crate) const SOURCE_KEY: &str = "source";

/// Where a file's ticks come from, if its footer says so.
pub(crate) fn source_of(metadata: &ArrowReaderMetadata) -> Option<&str> {
    let entries = metadata.metadata().file_metadata().key_value_metadata()?;
    entries.iter().find(|entry| entry.key == SOURCE_KEY)?.value.as_deref()
}

/// An open file and its footer.
pub(crate) struct Opened {
    pub handle: Handle,
    pub metadata: ArrowReaderMetadata,
}

thread_local! {
    static IS_DECODING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside a decoder, whose panic would come back as an error of the file: a panic
/// hook may keep quiet then.
pub fn is_decoding() -> bool {
    IS_DECODING.get()
}

/// Runs a decoder; an error or a panic comes back as its text.
pub(crate) fn shielded<T>(decode: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    let outer = IS_DECODING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(decode));
    IS_DECODING.set(outer);
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => Err(panic_text(&*panic)),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the decoder stopped: {}", text.unwrap_or("no message"))
}

/// Opens a file and reads its footer.
///
/// # Errors
/// [`CatalogError`] where it is not a whole Parquet file.
pub(crate) fn open(location: &Location) -> Result<Opened, CatalogError> {
    let path = location.path();
    let length = match location {
        Location::Local(path) => check_file(path)?,
        Location::Object(file) => check_object(file)?,
    };
    let handle = Handle::of(location);
    let handle = handle.map_err(|error| CatalogError::Io { action: "open", path: path.to_owned(), error })?;
    let load = |options| shielded(|| ArrowReaderMetadata::load(&handle, options));
    // The arrow schema that a writer may have embedded is only a hint: if it is damaged, do without.
    let metadata = load(ArrowReaderOptions::new())
        .or_else(|_| load(ArrowReaderOptions::new().with_skip_arrow_metadata(true)))
        .map_err(|cause| CatalogError::DamagedFooter { path: path.to_owned(), cause })?;
    check_claims(&metadata, length, path)?;
    Ok(Opened { handle, metadata })
}

/// That a local file looks like one of Parquet; gives its length.
fn check_file(path: &Path) -> Result<u64, CatalogError> {
    let io = |action| move |error| CatalogError::Io { action, path: path.to_owned(), error };
    check_file_type(path)?;
    let mut file = File::open(path).map_err(io("open"))?;
    let length = file.metadata().map_err(io("read"))?.len();
    check_magic(&mut file, length, path)?;
    Ok(length)
}

/// The same of an object, as far as its end tells; its beginning is asked for only to say what is wrong.
fn check_object(file: &ObjectFile) -> Result<u64, CatalogError> {
    let (path, length) = (file.path.clone(), file.size());
    if length == 0 {
        return Err(CatalogError::Empty { path });
    }
    if length >= 12 && file.tail.ends_with(MAGIC) {
        return Ok(length);
    }
    if length < 4 || *file.bucket.fetch(&file.object, 0..4).wait()? != *MAGIC {
        return Err(CatalogError::NotParquet { path });
    }
    Err(CatalogError::Truncated { path })
}

/// Refuses what is no regular file before it is opened: a pipe that nobody writes to never opens.
fn check_file_type(path: &Path) -> Result<(), CatalogError> {
    let metadata = std::fs::metadata(path);
    let metadata =
        metadata.map_err(|error| CatalogError::Io { action: "open", path: path.to_owned(), error })?;
    let file_type = metadata.file_type();
    let found = if file_type.is_file() {
        return Ok(());
    } else if file_type.is_dir() {
        "a folder"
    } else if file_type.is_fifo() {
        "a named pipe"
    } else if file_type.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(CatalogError::NotAFile { path: path.to_owned(), found })
}

fn check_magic(file: &mut File, length: u64, path: &Path) -> Result<(), CatalogError> {
    let io = |error| CatalogError::Io { action: "read", path: path.to_owned(), error };
    let path = path.to_owned();
    if length == 0 {
        return Err(CatalogError::Empty { path });
    }
    let mut magic = [0; 4];
    if length < 4 {
        return Err(CatalogError::NotParquet { path });
    }
    file.read_exact(&mut magic).map_err(io)?;
    if magic != *MAGIC {
        return Err(CatalogError::NotParquet { path });
    }
    file.seek(SeekFrom::End(-4)).map_err(io)?;
    file.read_exact(&mut magic).map_err(io)?;
    if length < 12 || magic != *MAGIC {
        return Err(CatalogError::Truncated { path });
    }
    Ok(())
}

/// Checks that every column chunk lies within the file, so that no size is believed that cannot be true.
fn check_claims(metadata: &ArrowReaderMetadata, length: u64, path: &Path) -> Result<(), CatalogError> {
    for (row_group, group) in metadata.metadata().row_groups().iter().enumerate() {
        for chunk in group.columns() {
            let within = shielded(|| {
                let (start, size) = chunk.byte_range();
                Ok(start.checked_add(size).is_some_and(|end| end <= length))
            });
            if within != Ok(true) || group.num_rows() < 0 {
                return Err(CatalogError::Damaged {
                    path: path.to_owned(),
                    row_group,
                    column: Some(chunk.column_path().string()),
                    cause: format!("its pages would lie outside the file's {length} bytes"),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        std::fs::write(&path, bytes).unwrap();
        let error = open(&Location::from(&path)).err().expect("it is no whole Parquet file").to_string();
        assert!(error.contains(expected) && error.contains("x.parquet"), "{error}");
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        check(b"", "is empty");
        check(b"PA", "is not a Parquet file");
        check(b"ts_event,price\n1,2\n", "is not a Parquet file");
        check(b"PAR1", "is truncated");
        check(b"PAR1 and then no end", "is truncated");
        check(b"PAR1PAR1", "is truncated");
        check(b"PAR1\xff\xff\xff\xff\xff\xff\xff\x7fPAR1", "damaged Parquet footer");
        check(b"PAR1\0\0\0\0\x04\0\0\0PAR1", "damaged Parquet footer");
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let check = |path: &Path, expected: &str| {
            let error = open(&Location::from(path)).err().expect("it is no file").to_string();
            assert_eq!(
                error,
                format!("{} is {expected}; give a regular file or a folder of such", path.display())
            );
        };
        let pipe = folder.path().join("pipe.parquet");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        check(&pipe, "a named pipe");
        let link = folder.path().join("link.parquet");
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        check(&link, "a named pipe");
        let socket = folder.path().join("socket.parquet");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        check(&socket, "a socket");
        check(Path::new("/dev/null"), "a device");
        check(folder.path(), "a folder");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = open(&Location::from(Path::new("/nowhere/x.parquet")))
            .err()
            .expect("it is not there")
            .to_string();
        assert!(error.starts_with("cannot open /nowhere/x.parquet"), "{error}");
    }
}
