//! The worker threads: each takes a job, decodes the next rows of one file, and hands them back.
//!
//! A file has some credits: while it has any, a worker puts it back in the queue itself, so that decoding does
//! not wait for the merger to wake up after every chunk. Memory stays bounded by the credits.
//! The order in which jobs finish decides nothing: the merger waits for the file it needs.

use crate::decode::{Context, Decoder, Rows, SourceFile};
use crate::options::ThreadHook;
use crossbeam::channel::{Receiver, Sender, bounded, unbounded};
use feed::FeedError;
use model::Nanos;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

/// A file to go on with.
pub(crate) enum Work {
    /// From its start.
    Open(Arc<SourceFile>),
    /// From where it was left.
    Next(Box<Decoder>),
}

/// Chunks of a file that may wait for the merger before its turn has come: enough to begin with.
pub(crate) const CHUNKS_BEFORE: usize = 1;

/// Chunks of a file that may wait for the merger, beside the one it works on.
pub(crate) const CHUNKS_AHEAD: usize = 3;

/// Chunks' memory that waits to be used again.
const SPARES_MAX: usize = 32;

/// How many more chunks of a file may be decoded before the merger takes one.
pub(crate) type Credits = Arc<AtomicUsize>;

struct Job {
    turn: usize,
    work: Work,
    credits: Credits,
}

/// How a file goes on after a chunk.
pub(crate) enum Next {
    /// A worker has it.
    Continues,
    /// It has no credits left: the merger must give it out again.
    Paused(Box<Decoder>),
    /// That was the last chunk.
    Ended,
}

/// The next rows of a file.
pub(crate) struct Decoded {
    pub rows: Rows,
    pub next: Next,
    /// See [`Decoder::bound`].
    pub bound: Option<Nanos>,
    pub decode_ns: u64,
}

/// The answer to a job.
pub(crate) struct Done {
    pub turn: usize,
    pub result: Result<Decoded, FeedError>,
}

/// The threads, and the ways to and from them.
pub(crate) struct Workers {
    jobs: Option<Sender<Job>>,
    done: Receiver<Done>,
    /// Memory on its way back to the workers.
    spare: Sender<Rows>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    pub(crate) fn start(count: usize, context: &Arc<Context>, hook: Option<&ThreadHook>) -> Self {
        let (jobs, job_receiver) = unbounded::<Job>();
        let (done_sender, done) = unbounded();
        let (spare, spare_receiver) = bounded::<Rows>(SPARES_MAX);
        let start = |number: usize| {
            let (jobs, done, spare) = (job_receiver.clone(), done_sender.clone(), spare_receiver.clone());
            let (context, hook) = (Arc::clone(context), hook.cloned());
            let body = move || {
                if let Some(hook) = hook {
                    hook();
                }
                'jobs: for mut job in jobs {
                    loop {
                        let (turn, credits) = (job.turn, Arc::clone(&job.credits));
                        let (result, next) = perform(&context, job, spare.try_recv().unwrap_or_default());
                        if done.send(Done { turn, result }).is_err() {
                            break 'jobs;
                        }
                        let Some(decoder) = next else { break };
                        job = Job { turn, work: Work::Next(decoder), credits };
                    }
                }
            };
            let builder = std::thread::Builder::new().name(format!("decode-{number}"));
            builder.spawn(body).expect("the system has room for a thread")
        };
        Self { jobs: Some(jobs), done, spare, threads: (0..count).map(start).collect() }
    }

    /// Gives out a file.
    pub(crate) fn dispatch(&self, turn: usize, work: Work, credits: &Credits) {
        let jobs = self.jobs.as_ref().expect("jobs are taken until the workers are dropped");
        // The workers live as long as this sender; if one were gone the answer would be missed instead.
        let _ = jobs.send(Job { turn, work, credits: Arc::clone(credits) });
    }

    /// Gives back memory to be used again.
    pub(crate) fn give_back(&self, rows: Rows) {
        // What there is no room for is given back to the system.
        let _ = self.spare.try_send(rows);
    }

    /// An answer, if there is one already.
    pub(crate) fn poll(&self) -> Option<Done> {
        self.done.try_recv().ok()
    }

    /// Waits for any answer; `None` if no worker is left.
    pub(crate) fn wait(&self) -> Option<Done> {
        self.done.recv().ok()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        drop(self.jobs.take());
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The text of a panic.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_owned()
}

/// Decodes a chunk; gives the decoder back if this worker shall go on with it at once.
fn perform(
    context: &Arc<Context>,
    job: Job,
    mut rows: Rows,
) -> (Result<Decoded, FeedError>, Option<Box<Decoder>>) {
    let now = || context.time_source.as_ref().map_or(0, |time| time());
    let start = now();
    let decode = || {
        let mut decoder = match job.work {
            Work::Open(source) => Box::new(Decoder::open(context, &source)?),
            Work::Next(decoder) => decoder,
        };
        let more = decoder.next_rows(&mut rows)?;
        let bound = decoder.bound();
        Ok((rows, more.then_some(decoder), bound))
    };
    let decoded = catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|panic| Err(FeedError::Thread { message: panic_message(&*panic) }));
    let decode_ns = now().saturating_sub(start);
    let (rows, decoder, bound) = match decoded {
        Ok(decoded) => decoded,
        Err(error) => return (Err(error), None),
    };
    let Some(decoder) = decoder else {
        return (Ok(Decoded { rows, next: Next::Ended, bound, decode_ns }), None);
    };
    // The merger adds credits as it takes chunks; whoever sees none left hands the file back.
    let has_credit = |left: usize| left.checked_sub(1);
    if job.credits.fetch_update(Ordering::AcqRel, Ordering::Acquire, has_credit).is_ok() {
        (Ok(Decoded { rows, next: Next::Continues, bound, decode_ns }), Some(decoder))
    } else {
        (Ok(Decoded { rows, next: Next::Paused(decoder), bound, decode_ns }), None)
    }
}
