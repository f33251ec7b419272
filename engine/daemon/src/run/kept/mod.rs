//! A run that is kept: its journal, what a run before it left there, and what goes on beside it.
//!
//! ```text
//!  sequencer ─> journal's thread ─> segments ─> follower: snapshots, packing, retention
//!  last group ─> recorder ─> run folder, spool of frames
//! ```
//! A killed run is continued by the way every run starts: the newest good snapshot, the journal behind it, and then the
//! data. The run folder is made anew from the spool, up to the snapshot, and from the run, behind it.
//! Not here: the files themselves (`journal`), what is compared and sent (`pipeline`).

mod description;
mod follower;
mod past;
mod skip;
mod spool;
mod tiers;

pub use description::{Described, describe};
pub use follower::{FollowerTask, Following, ahead_when_settled};
pub use past::{ahead, past, past_of};
pub use skip::SkippingFeed;
pub use spool::FrameSpool;
pub use tiers::{Storing, open_tiers};

use crate::config::{JournalConfig, Loaded};
use crate::failure::Failure;
use crate::run::generate::note;
use journal::{
    Appender, Durability, Folder, Identity, JournalError, JournalThread, Options, Recovered, SessionClaim,
    Threading, Watch, snapshots,
};
use pipeline::{JournalKeeper, SnapshotHead};
use std::fs;
use std::path::{Path, PathBuf};

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Whether a run begins or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A journal that is there already is refused.
    New,
    /// A journal that is there already is emptied.
    Anew,
    /// A journal that is there is continued; without one the run begins.
    Resume,
}

/// The name of the spool in the journal's folder.
const SPOOL: &str = "frames.spool";
/// How the names of the files begin and end that a run leaves in the journal's folder. The session's number stays when
/// a run begins anew: it is never used twice.
const OURS: [(&str, &str); 5] =
    [("segment-", ""), ("snapshot-", ""), ("frames", ".spool"), ("orders", ".log"), ("run", ".toml")];

/// The journal of a run, opened.
pub struct Kept {
    folder: Folder,
    identity: Identity,
    config: JournalConfig,
    session: u32,
    /// `None` where nothing but the session's number is kept.
    recovered: Option<Recovered>,
    writing: Option<(Appender, JournalThread)>,
    /// Held while nothing is written: two runs must not have one session.
    _claim: Option<SessionClaim>,
    /// The state to start from, and where it was taken.
    pub snapshot: Option<(SnapshotHead, Vec<u8>)>,
    /// Where frames are kept for the run folder.
    pub spool: Option<FrameSpool>,
}

/// The identity of a configuration's journal.
pub fn identity(loaded: &Loaded) -> Identity {
    let hash = loaded.config_hash();
    Identity::new(u128::from_str_radix(&hash[..32], 16).expect("a configuration hash is hexadecimal"))
}

impl Kept {
    /// Opens the journal in `dir`, which is made if it does not exist.
    ///
    /// # Errors
    /// [`Failure`] where it is another run's, damaged, in use, or there although the run is to begin.
    pub fn open(dir: &Path, loaded: &Loaded, described: &Described, start: Start) -> Result<Self, Failure> {
        let (folder, identity) = (Folder::new(dir), identity(loaded));
        let config = loaded.config.journal.clone();
        if config.durability == Durability::Off {
            let claim = journal::claim_session(&folder, identity)?;
            let (session, claim) = (claim.session(), Some(claim));
            let (recovered, writing, snapshot, spool) = (None, None, None, None);
            return Ok(Self {
                folder,
                identity,
                config,
                session,
                recovered,
                writing,
                _claim: claim,
                snapshot,
                spool,
            });
        }
        prepare(dir, start)?;
        let options = Options { segment_bytes: config.segment_bytes, ..Options::default() };
        let (writer, recovered) = journal::open(&folder, identity, &options)?;
        describe(dir, loaded, described)?;
        let spool = FrameSpool::open(&folder, SPOOL, identity, recovered.next_seq - 1)?;
        // A snapshot is of use where all frames up to it are spooled: there is one behind it.
        let usable = spool.last_seq().saturating_sub(1).min(recovered.next_seq - 1);
        let snapshot = newest(&folder, identity, usable)?;
        if snapshot.is_none() && recovered.first_seq > 1 {
            return Err(Failure::Failed(format!(
                "the journal {} begins at input {} and has no good snapshot before it, so the run cannot be \
                 continued; begin anew with --force",
                dir.display(),
                recovered.first_seq
            )));
        }
        let session = recovered.session.session;
        let writing = Some(journal::start(writer, config.durability, &Threading::default())?);
        let (recovered, spool) = (Some(recovered), Some(spool));
        Ok(Self { folder, identity, config, session, recovered, writing, _claim: None, snapshot, spool })
    }

    /// The number of this session, in which orders are sent that were not sent before.
    pub fn session(&self) -> u32 {
        self.session
    }

    /// The inputs that earlier sessions left, as first and last; `None` if there are none.
    pub fn left(&self) -> Option<(u64, u64)> {
        let found = self.recovered.as_ref().filter(|found| found.next_seq > found.first_seq)?;
        Some((found.first_seq, found.next_seq - 1))
    }

    /// What a killed session left behind the journal's last whole frame, as a sentence.
    pub fn torn(&self) -> Option<String> {
        let torn = self.recovered.as_ref()?.torn.as_ref()?;
        Some(format!(
            "{} bytes behind the last whole frame of {} were cut off",
            torn.bytes,
            torn.path.display()
        ))
    }

    /// Where the journal is.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Whose it is.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Its configuration.
    pub fn config(&self) -> &JournalConfig {
        &self.config
    }

    /// The venue's record of orders.
    pub fn venue_record(&self) -> PathBuf {
        venue_record(&self.config, self.folder.path())
    }

    /// Takes the end that keeps what is sequenced, what others may look at, and the thread to wait for; `None` where
    /// nothing is kept.
    pub fn start(&mut self) -> Option<(JournalKeeper, Watch, JournalThread)> {
        let (appender, thread) = self.writing.take()?;
        let watch = appender.watch().expect("a journal that is written can be watched");
        Some((JournalKeeper::new(appender, self.config.durability), watch, thread))
    }
}

/// The venue's record of orders of a run whose journal is in `dir`.
pub fn venue_record(config: &JournalConfig, dir: &Path) -> PathBuf {
    config.venue_record.clone().unwrap_or_else(|| dir.join("orders.log"))
}

/// The newest good snapshot of a state after `usable` or before, with its head.
pub fn newest(
    folder: &Folder,
    identity: Identity,
    usable: u64,
) -> Result<Option<(SnapshotHead, Vec<u8>)>, Failure> {
    let found = snapshots::newest(folder, identity, usable)?;
    for damaged in &found.damaged {
        note(&format!("{damaged}; an older snapshot is used"));
    }
    let Some(snapshot) = found.snapshot else { return Ok(None) };
    let head = SnapshotHead::of(&snapshot.state).map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(Some((head, snapshot.state)))
}

/// Makes the folder what the start asks for.
fn prepare(dir: &Path, start: Start) -> Result<(), Failure> {
    let failed =
        |path: &Path, error| Failure::Failed(format!("could not empty {} ({error})", path.display()));
    let names = match fs::read_dir(dir) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => Err(error),
    };
    let names = names.map_err(|error| failed(dir, error))?;
    let is_ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        OURS.iter().any(|(start, end)| name.starts_with(start) && name.ends_with(end))
    };
    let there: Vec<&PathBuf> = names.iter().filter(|path| is_ours(path)).collect();
    match start {
        Start::Resume => Ok(()),
        _ if there.is_empty() => Ok(()),
        Start::New => Err(Failure::Usage(format!(
            "the journal {} holds a run already; continue it with --resume, or begin anew with --force",
            dir.display()
        ))),
        Start::Anew => {
            there.into_iter().try_for_each(|path| fs::remove_file(path).map_err(|error| failed(path, error)))
        }
    }
}
