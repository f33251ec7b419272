//! The storage tiers of a run: opened before anything is written, fed by a thread of their own.
//!
//! Ticks come from the journal's files, so the hot path hands them to nobody and a tier that is down costs it nothing;
//! results come from the recorder, frame by frame. What a tier has already, of a run that is continued, it leaves out.
//! Not here: queues, spills and stores (`storage`).

use super::Described;
use crate::config::{Config, Loaded, TierChoice, WhenFull};
use crate::failure::Failure;
use crate::run::data::RunData;
use crate::run::generate::note;
use crate::run::stores::store;
use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, bounded};
use journal::{Folder, Follower, Identity, JournalError, Watch};
use model::{Frame, OpenOrders};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use storage::{Dictionary, Full, Policy, Release, TierConfig, TierStopped, Tiers, Watermarks};

/// Frames that wait between recorder and tiers.
const FRAMES_WAITING_MAX: usize = 1024;
/// How long the thread waits for a frame before it looks at the journal again.
const PAUSE: Duration = Duration::from_millis(10);
/// Batches of the journal that are handed on before frames are looked at again.
const BATCHES_AT_ONCE: usize = 16;

/// Opens the tiers of a configuration; `None` if it has none.
///
/// # Errors
/// [`Failure::Usage`] where a secret is missing, [`Failure::Failed`] where a store will not work as it is configured.
pub fn open_tiers(described: &Described, loaded: &Loaded, data: &RunData) -> Result<Option<Tiers>, Failure> {
    let config = &loaded.config.storage;
    if config.tiers.is_empty() {
        return Ok(None);
    }
    std::fs::create_dir_all(&config.dir)
        .map_err(|error| Failure::Failed(format!("could not make {} ({error})", config.dir.display())))?;
    let tiers =
        config.tiers.iter().map(|tier| tier_config(*tier, &loaded.config)).collect::<Result<Vec<_>, _>>()?;
    let dictionary = Dictionary {
        run: described.run.clone(),
        session: loaded.session(),
        strategy: loaded.config.run.strategy.name().to_owned(),
        account: crate::run::backtest::ACCOUNT.to_owned(),
        instruments: Arc::new(data.instruments.clone()),
        timeframes: loaded.config.bars.timeframes.clone(),
        indicator_names: loaded.config.indicators.schema(),
    };
    Tiers::start(tiers, &dictionary).map(Some).map_err(|error| Failure::Failed(error.to_string()))
}

fn tier_config(tier: TierChoice, config: &Config) -> Result<TierConfig, Failure> {
    let storage = &config.storage;
    let policy = match storage.when_full {
        WhenFull::Block => Policy::Block,
        WhenFull::Drop => Policy::Drop,
        WhenFull::Spill => Policy::Spill {
            folder: storage.dir.join(format!("spill-{}", tier.name())),
            bytes_max: storage.spill_bytes_max,
            then: Full::Drop,
        },
    };
    Ok(TierConfig { policy, ..TierConfig::new(tier.name(), store(tier, config)?) })
}

/// The tiers at work.
pub struct Storing {
    frames: Sender<Frame>,
    over: Arc<AtomicBool>,
    release: Release,
    thread: JoinHandle<Tiers>,
}

impl Storing {
    /// Starts the thread that feeds the tiers.
    pub fn start(mut tiers: Tiers, folder: &Folder, identity: Identity, watch: &Watch) -> Self {
        let (frames, received) = bounded(FRAMES_WAITING_MAX);
        let over = Arc::new(AtomicBool::new(false));
        let (above, release) = (tiers.resume_from(), tiers.release());
        // The recorder hands on every frame of the run, from its first on.
        tiers.begin(Watermarks { results: 0, ..above }, OpenOrders::default());
        let follower = Follower::new(folder, identity, watch.clone(), above.ticks + 1);
        let feeder = Feeder { tiers, follower: Some(follower), frames: received, over: Arc::clone(&over) };
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn(move || feeder.run());
        Self { frames, over, release, thread: thread.expect("the system can start a thread") }
    }

    /// Where the recorder hands frames on.
    pub fn frames(&self) -> Sender<Frame> {
        self.frames.clone()
    }

    /// Waits until everything is stored, at most so long, and says what is not.
    pub fn end(self, within: Duration) {
        self.over.store(true, Ordering::Relaxed);
        drop(self.frames);
        let mut waited = Duration::ZERO;
        while waited < within && !self.thread.is_finished() {
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
        // A tier that is frozen and may not drop must not hold up the end.
        self.release.release();
        let tiers = self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        for report in tiers.close(within) {
            if let Some(sentence) = report.arrears() {
                note(&sentence);
            }
        }
    }
}

struct Feeder {
    tiers: Tiers,
    /// `None` once the journal could not be read.
    follower: Option<Follower>,
    frames: Receiver<Frame>,
    over: Arc<AtomicBool>,
}

impl Feeder {
    fn run(mut self) -> Tiers {
        let mut open = true;
        loop {
            // Looked at before the journal is: what is written when the run is over is read to its end.
            let over = self.over.load(Ordering::Relaxed);
            let frames = if open { self.take_frames() } else { Some(0) };
            open = frames.is_some();
            let batches = self.take_ticks();
            let stopped = self.tiers.poll();
            self.say(stopped);
            for notice in self.tiers.notices() {
                note(&notice.to_string());
            }
            if over && !open && batches == 0 {
                return self.tiers;
            }
        }
    }

    /// Hands on the frames that are there, waiting a moment for the first; `None` when there will be no more.
    fn take_frames(&mut self) -> Option<usize> {
        let mut taken = 0;
        let mut next = self.frames.recv_timeout(PAUSE);
        loop {
            match next {
                Ok(frame) => {
                    let stopped = self.tiers.offer_frame(&frame);
                    self.say(stopped);
                    taken += 1;
                }
                Err(RecvTimeoutError::Timeout) => return Some(taken),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
            if taken == FRAMES_WAITING_MAX {
                return Some(taken);
            }
            next = self.frames.recv_timeout(Duration::ZERO);
        }
    }

    /// Hands on what the journal has; how many batches that was.
    fn take_ticks(&mut self) -> usize {
        for taken in 0..BATCHES_AT_ONCE {
            let Some(follower) = &mut self.follower else { return 0 };
            let offered: Result<bool, JournalError> = follower.next_batch().map(|batch| match batch {
                Some(batch) => {
                    let stopped = self.tiers.offer_ticks(batch.events);
                    if let Err(stopped) = stopped {
                        note(&stopped.to_string());
                    }
                    true
                }
                None => false,
            });
            match offered {
                Ok(true) => {}
                Ok(false) => return taken,
                Err(error) => {
                    note(&format!("{error}; from here on the tiers get no ticks of this run"));
                    self.follower = None;
                }
            }
        }
        BATCHES_AT_ONCE
    }

    fn say(&self, stopped: Result<(), TierStopped>) {
        if let Err(stopped) = stopped {
            note(&stopped.to_string());
        }
    }
}
