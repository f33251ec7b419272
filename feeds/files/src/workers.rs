//! The worker threads: each takes a job, decodes the next rows of one file, and hands them back.
//!
//! The order in which jobs finish decides nothing: the merger waits for the file it needs.

use crate::decode::{Context, Decoder, Rows, SourceFile};
use crate::options::ThreadHook;
use crossbeam::channel::{Receiver, Sender, unbounded};
use feed::FeedError;
use model::Nanos;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A file to go on with.
pub(crate) enum Work {
    /// From its start.
    Open(Arc<SourceFile>),
    /// From where it was left.
    Next(Box<Decoder>),
}

struct Job {
    lane: usize,
    work: Work,
    rows: Rows,
}

/// The next rows of a file.
pub(crate) struct Decoded {
    pub rows: Rows,
    /// To go on with; `None` at the end of the file.
    pub decoder: Option<Box<Decoder>>,
    /// See [`Decoder::bound`].
    pub bound: Option<Nanos>,
    pub decode_ns: u64,
}

/// The answer to a job.
pub(crate) struct Done {
    pub lane: usize,
    pub result: Result<Decoded, FeedError>,
}

/// The threads, and the ways to and from them.
pub(crate) struct Workers {
    jobs: Option<Sender<Job>>,
    done: Receiver<Done>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    pub(crate) fn start(count: usize, context: &Arc<Context>, hook: Option<&ThreadHook>) -> Self {
        let (jobs, job_receiver) = unbounded::<Job>();
        let (done_sender, done) = unbounded();
        let start = |number: usize| {
            let (jobs, done) = (job_receiver.clone(), done_sender.clone());
            let (context, hook) = (Arc::clone(context), hook.cloned());
            let body = move || {
                if let Some(hook) = hook {
                    hook();
                }
                for job in jobs {
                    let lane = job.lane;
                    let result = perform(&context, job);
                    if done.send(Done { lane, result }).is_err() {
                        break;
                    }
                }
            };
            let builder = std::thread::Builder::new().name(format!("decode-{number}"));
            builder.spawn(body).expect("the system has room for a thread")
        };
        Self { jobs: Some(jobs), done, threads: (0..count).map(start).collect() }
    }

    /// Gives out a job; `rows` is memory to be used again.
    pub(crate) fn dispatch(&self, lane: usize, work: Work, rows: Rows) {
        let jobs = self.jobs.as_ref().expect("jobs are taken until the workers are dropped");
        // The workers live as long as this sender; if one were gone the answer would be missed instead.
        let _ = jobs.send(Job { lane, work, rows });
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

fn perform(context: &Arc<Context>, job: Job) -> Result<Decoded, FeedError> {
    let now = || context.time_source.as_ref().map_or(0, |time| time());
    let start = now();
    let decode = || {
        let mut decoder = match job.work {
            Work::Open(source) => Box::new(Decoder::open(context, &source)?),
            Work::Next(decoder) => decoder,
        };
        let mut rows = job.rows;
        let more = decoder.next_rows(&mut rows)?;
        let bound = decoder.bound();
        let decode_ns = now().saturating_sub(start);
        Ok(Decoded { rows, decoder: more.then_some(decoder), bound, decode_ns })
    };
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|panic| Err(FeedError::Thread { message: panic_message(&*panic) }))
}
