//! Progress on long work: a bar on a terminal, a line every few seconds elsewhere; always on stderr.
//!
//! The worker only adds to an atomic counter; a thread of its own looks at it. It sleeps rather than
//! reads a clock: how long the work took is not its business, and no figure here enters a result.
//! Not here: the end-of-run summary (`table`).

use crate::table::{count, rate, span};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, park_timeout};
use std::time::Duration;

/// How often a bar is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(100);
/// How many looks pass between two lines: five seconds.
const LOOKS_PER_LINE: u32 = 50;

/// How far the work is: a counter that its threads add to, and the whole. It is only looked at.
#[derive(Debug)]
pub struct Progress {
    ticks: Arc<AtomicU64>,
    whole: u64,
}

impl Progress {
    /// Ticks done, as the worker counts them, of about `whole`; 0 if nobody knows.
    pub fn new(whole: u64, ticks: Arc<AtomicU64>) -> Self {
        Self { ticks, whole }
    }

    /// How it stands.
    fn look(&self) -> Look {
        Look { ticks: self.ticks.load(Ordering::Relaxed), whole: self.whole }
    }
}

/// One look at the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    ticks: u64,
    whole: u64,
}

impl Look {
    /// Per cent done, at most 100; `None` if nobody knows the whole.
    fn percent(self) -> Option<u64> {
        let part = u128::from(self.ticks.min(self.whole)) * 100;
        part.checked_div(u128::from(self.whole)).and_then(|percent| u64::try_from(percent).ok())
    }

    /// `backtest: 40 %, 1,234,567 ticks, 5.1 M/s, 12 s`
    fn line(self, what: &str, elapsed: Duration) -> String {
        let share = self.percent().map_or(String::new(), |percent| format!("{percent} %, "));
        let seconds = elapsed.as_secs_f64();
        let speed = rate(self.ticks as f64 / seconds.max(f64::MIN_POSITIVE));
        format!("{what}: {share}{} ticks, {speed}, {}", count(self.ticks), span(seconds))
    }
}

/// Where progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// A bar that is drawn over itself.
    Bar,
    /// A line every few seconds.
    Lines,
}

impl Show {
    /// A bar if stderr is a terminal.
    pub fn detect() -> Self {
        if std::io::stderr().is_terminal() { Self::Bar } else { Self::Lines }
    }
}

/// The thread that shows progress; it ends, and a bar goes away, when this is dropped.
#[derive(Debug)]
pub struct Shown {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Shown {
    /// Starts showing. `what` names the work in a word. If no thread can be had, nothing is shown.
    pub fn start(what: &str, progress: Progress, show: Show) -> Self {
        Self::start_on(what, progress, show, Box::new(std::io::stderr()))
    }

    /// The same with lines going to `lines`.
    fn start_on(what: &str, progress: Progress, show: Show, lines: Box<dyn Write + Send>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (what, stopped) = (what.to_owned(), Arc::clone(&stop));
        let body = move || match show {
            Show::Bar => draw_bar(&what, &progress, &stopped),
            Show::Lines => write_lines(&what, &progress, &stopped, lines),
        };
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(body).ok();
        Self { stop, thread }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        // Pairs with the Acquire in `stopped`: nothing is shown once this returns.
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic of the thread has been printed by then; it shows progress and decides nothing.
            let _ = thread.join();
        }
    }
}

fn stopped(stop: &AtomicBool) -> bool {
    stop.load(Ordering::Acquire)
}

fn write_lines(what: &str, progress: &Progress, stop: &AtomicBool, mut lines: Box<dyn Write + Send>) {
    // A hidden bar is indicatif's stopwatch.
    let watch = ProgressBar::hidden();
    let mut looks = 0;
    while !stopped(stop) {
        park_timeout(DRAW_EVERY);
        looks += 1;
        if looks % LOOKS_PER_LINE == 0
            && writeln!(lines, "{}", progress.look().line(what, watch.elapsed())).is_err()
        {
            return;
        }
    }
}

fn draw_bar(what: &str, progress: &Progress, stop: &AtomicBool) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{prefix} {bar:32} {msg}").expect("the template is well formed");
    bar.set_style(style.progress_chars("━╸─"));
    bar.set_prefix(what.to_owned());
    while !stopped(stop) {
        let look = progress.look();
        if look.whole > 0 {
            bar.set_length(look.whole);
        }
        bar.set_position(look.ticks.min(look.whole));
        let line = look.line(what, bar.elapsed());
        bar.set_message(line[what.len() + 2..].to_owned());
        park_timeout(DRAW_EVERY);
    }
    bar.finish_and_clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn a_line_tells_share_ticks_and_speed() {
        let look = Look { ticks: 12_345_678, whole: 37_037_034 };
        assert_eq!(
            look.line("backtest", Duration::from_secs(6)),
            "backtest: 33 %, 12,345,678 ticks, 2.06 M/s, 6.00 s"
        );
        let look = Look { ticks: 0, whole: 0 };
        assert_eq!(look.line("backtest", Duration::ZERO), "backtest: 0 ticks, 0/s, 0 ms");
        assert_eq!(Look { ticks: 9, whole: 3 }.percent(), Some(100));
        assert_eq!(Look { ticks: u64::MAX, whole: u64::MAX }.percent(), Some(100));
    }

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn short_work_says_nothing_and_dropping_ends_the_thread() {
        for show in [Show::Lines, Show::Bar] {
            let lines = Shared::default();
            let ticks = Arc::new(AtomicU64::new(0));
            let progress = Progress::new(10, Arc::clone(&ticks));
            let shown = Shown::start_on("test", progress, show, Box::new(lines.clone()));
            ticks.fetch_add(5, Ordering::Relaxed);
            drop(shown);
            assert_eq!(Arc::strong_count(&ticks), 1, "the thread has let go");
            assert!(lines.0.lock().unwrap().is_empty());
        }
    }
}
