//! A server of the tests' own, which fails on request, and stores on it.

use crate::{Batch, Dictionary, Record, Rows, Store, StoreError, Watermarks};
use model::Nanos;
use std::sync::{Arc, Condvar, Mutex};

/// What the store does from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Up,
    /// Nothing works.
    Down,
    /// The next write is stored and answered with an error; then it is up.
    Unsure,
    /// Everything stored is gone, and the next call fails; then it is up.
    Empty,
    Refuses,
    /// Calls do not return.
    Frozen,
    /// The next write panics.
    Panics,
}

#[derive(Debug)]
pub(super) struct Server {
    pub(super) mode: Mode,
    pub(super) marks: Watermarks,
    pub(super) ticks: Vec<u64>,
    pub(super) results: Vec<u64>,
    pub(super) tidied: u64,
}

/// A server that survives its stores, as a real one does.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<(Mutex<Server>, Condvar)>);

impl Shared {
    pub(super) fn new(mode: Mode) -> Self {
        let (ticks, results) = (Vec::new(), Vec::new());
        let server = Server { mode, marks: Watermarks::default(), ticks, results, tidied: 0 };
        Self(Arc::new((Mutex::new(server), Condvar::new())))
    }

    pub(super) fn set(&self, mode: Mode) {
        self.0.0.lock().expect("not poisoned").mode = mode;
        self.0.1.notify_all();
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&mut Server) -> T) -> T {
        let frozen = |server: &mut Server| server.mode == Mode::Frozen;
        let lock = self.0.0.lock().expect("not poisoned");
        look(&mut self.0.1.wait_while(lock, frozen).expect("not poisoned"))
    }

    pub(super) fn ticks(&self) -> Vec<u64> {
        self.with(|server| server.ticks.clone())
    }
}

/// As real ones, it does not write over what another has written since it looked.
pub(super) struct TestStore(Shared, Watermarks);

pub(super) fn unavailable() -> StoreError {
    StoreError::Unavailable { store: "test".to_owned(), why: "it is down".to_owned() }
}

impl TestStore {
    pub(super) fn new(server: &Shared) -> Self {
        Self(server.clone(), Watermarks::default())
    }

    fn check(server: &mut Server) -> Result<(), StoreError> {
        match server.mode {
            Mode::Down => Err(unavailable()),
            Mode::Refuses => {
                Err(StoreError::Refused { store: "test".to_owned(), why: "wrong password".to_owned() })
            }
            Mode::Empty => {
                *server = Server {
                    mode: Mode::Up,
                    ticks: Vec::new(),
                    results: Vec::new(),
                    tidied: 0,
                    marks: Watermarks::default(),
                };
                Err(unavailable())
            }
            Mode::Up | Mode::Unsure | Mode::Frozen | Mode::Panics => Ok(()),
        }
    }
}

impl Store for TestStore {
    fn name(&self) -> String {
        "test".to_owned()
    }

    fn open(&mut self, _: &Dictionary) -> Result<Watermarks, StoreError> {
        self.1 = self.0.with(|server| Self::check(server).map(|()| server.marks))?;
        Ok(self.1)
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let panics = self.0.with(|server| {
            Self::check(server)?;
            if std::mem::replace(&mut server.mode, Mode::Up) == Mode::Panics {
                return Ok(true);
            }
            Ok(false)
        });
        assert!(!panics?, "the test wants it");
        let mut seen = self.1;
        self.0.with(|server| {
            if server.marks != seen {
                return Err(unavailable());
            }
            assert!(batch.first_seq > server.marks.of(batch.stream()), "what is stored is not offered again");
            match &batch.rows {
                Rows::Ticks(ticks) => server.ticks.extend(ticks.iter().map(|tick| tick.seq)),
                Rows::Results(records) => server.results.extend(records.iter().map(Record::seq)),
            }
            server.marks.set(batch.stream(), batch.last_seq);
            seen = server.marks;
            Ok(())
        })?;
        self.1 = seen;
        Ok(())
    }

    fn tidy(&mut self, _: Nanos) -> Result<(), StoreError> {
        self.0.with(|server| server.tidied += 1);
        Ok(())
    }
}

/// As [`TestStore`], but its writes may be stored and answered with an error.
pub(super) struct UnsureStore(pub(super) TestStore);

impl Store for UnsureStore {
    fn name(&self) -> String {
        self.0.name()
    }

    fn open(&mut self, dictionary: &Dictionary) -> Result<Watermarks, StoreError> {
        self.0.open(dictionary)
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let unsure = self.0.0.with(|server| server.mode == Mode::Unsure);
        self.0.write(batch)?;
        if unsure { Err(unavailable()) } else { Ok(()) }
    }

    fn tidy(&mut self, now: Nanos) -> Result<(), StoreError> {
        self.0.tidy(now)
    }
}

/// Gathers batches and stores them when it is told to.
pub(super) struct GatheringStore(TestStore, Vec<Batch>, Watermarks);

impl GatheringStore {
    pub(super) fn new(server: &Shared) -> Self {
        Self(TestStore::new(server), Vec::new(), Watermarks::default())
    }
}

impl Store for GatheringStore {
    fn name(&self) -> String {
        self.0.name()
    }

    fn open(&mut self, dictionary: &Dictionary) -> Result<Watermarks, StoreError> {
        let marks = self.0.open(dictionary)?;
        self.2 = self.2.higher(marks);
        Ok(self.2)
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.1.push(batch.clone());
        self.2.set(batch.stream(), batch.last_seq);
        Ok(())
    }

    fn stored(&self) -> Option<Watermarks> {
        Some(self.0.1)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        while let Some(batch) = self.1.first() {
            self.0.write(batch)?;
            self.1.remove(0);
        }
        Ok(())
    }

    fn tidy(&mut self, now: Nanos) -> Result<(), StoreError> {
        self.0.tidy(now)
    }
}
