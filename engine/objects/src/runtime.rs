//! The one thread on which requests run, of the whole program, started by the first who needs it.

use std::sync::OnceLock;
use tokio::runtime::{Builder, Runtime};

/// The runtime. Callers wait for it; it never waits for them.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("objects").enable_all();
        builder.build().expect("the system has room for a thread")
    })
}
