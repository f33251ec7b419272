//! Trading on paper: the venue in a process of its own, and the command that is that process.

use super::data::RunData;
use super::kept::Kept;
use super::wiring;
use crate::cli::VenueArgs;
use crate::config::{Config, JournalKeep};
use crate::failure::Failure;
use journal::Durability;
use paper::{Client, Record, Terms, serve};
use std::path::PathBuf;
use std::process::Command;

/// What the venue's process is started with.
pub struct Paper {
    terms: Terms,
    record: PathBuf,
    session: u32,
}

impl Paper {
    /// The venue of a run that is kept.
    ///
    /// # Errors
    /// [`Failure::Usage`] where the journal would forget orders that the venue remembers.
    pub fn of(kept: &Kept, config: &Config, data: &RunData) -> Result<Self, Failure> {
        if config.journal.keep != JournalKeep::All {
            let sentence = "journal.keep is \"snapshots\", and a run with --paper may have to ask for any of its orders; \
                            write \"all\"";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        if config.journal.durability == Durability::Strict {
            check_record(kept)?;
        }
        let quoted = wiring::quoted(&data.kinds);
        Ok(Self {
            terms: Terms::new(&config.venue, &data.instruments, &quoted),
            record: kept.venue_record(),
            session: kept.session(),
        })
    }

    /// Starts the process: this program, as a venue.
    ///
    /// # Errors
    /// [`Failure::Failed`] if it does not start or does not answer.
    pub fn start(self) -> Result<Client, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
        let program = std::env::current_exe()
            .map_err(|error| Failure::Failed(format!("this program's own file is not known ({error})")))?;
        let mut command = Command::new(program);
        command.args(["venue", "--stdio", "--record"]).arg(&self.record);
        Client::start(command, &self.terms, self.session).map_err(|error| failed(&error))
    }
}

/// Under strict durability an order leaves when the journal has it: one that the venue wrote down and the journal does
/// not reach proves that the journal, or the record, is another run's or not whole.
fn check_record(kept: &Kept) -> Result<(), Failure> {
    let path = kept.venue_record();
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(()) };
    let seq_of = |line: &str| line.split('-').nth(1)?.parse::<u64>().ok();
    let sent = text.lines().filter(|line| !line.ends_with(" cut")).filter_map(seq_of).max();
    let last = kept.left().map_or(0, |(_, last)| last);
    match sent {
        Some(sent) if sent > last => Err(Failure::Failed(format!(
            "{} has an order that was sent at input {sent}, and the journal {} ends at input {last}: parts of the journal \
             are gone, or the record is another run's; restore them, or name another record with venue.record",
            path.display(),
            kept.folder().path().display()
        ))),
        _ => Ok(()),
    }
}

/// Is a venue, until the engine closes its end.
///
/// # Errors
/// [`Failure::Failed`] where the record cannot be kept or the engine says what is not of the protocol.
pub fn venue(args: &VenueArgs) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    if !args.stdio {
        let sentence = "a venue speaks on its stdin and stdout in this build; write venue --stdio";
        return Err(Failure::Usage(sentence.to_owned()));
    }
    let record = Record::open(&args.record).map_err(|error| failed(&error))?;
    serve(std::io::stdin().lock(), std::io::stdout().lock(), record).map_err(|error| failed(&error))
}
