//! `grandmodel journal dump`: events as lines of JSON.

use super::{failed, fields};
use crate::cli::JournalDumpArgs;
use crate::failure::Failure;
use ::journal::{Cursor, Folder, JournalError, identity_of};
use std::io::{BufWriter, Write};

/// Prints the events from one input to another. A torn tail ends it; so does damage, after what stands before.
///
/// # Errors
/// [`Failure::Failed`] if the folder is no journal's, or damaged where it is to be read.
pub fn dump(args: &JournalDumpArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let folder = Folder::new(&args.dir);
    let mut out = BufWriter::new(out);
    let Some(identity) = identity_of(&folder).map_err(|error| failed(&error))? else {
        let what = "holds no journal".to_owned();
        return Err(failed(&JournalError::Foreign { path: args.dir.clone(), what }));
    };
    let cursor = Cursor::open(&folder, identity, args.from).map_err(|error| failed(&error))?;
    let printed = print_events(cursor, args.to, &mut out);
    out.flush().map_err(|error| Failure::output(&error))?;
    printed
}

fn print_events(mut cursor: Cursor, to: u64, out: &mut impl Write) -> Result<(), Failure> {
    while let Some(batch) = cursor.next_batch().map_err(|error| failed(&error))? {
        for (index, event) in (batch.index..).zip(batch.events) {
            if event.kind.is_input() && event.seq > to {
                return Ok(());
            }
            let line = fields::of(index, batch.session, event);
            writeln!(out, "{line}").map_err(|error| Failure::output(&error))?;
        }
    }
    Ok(())
}
