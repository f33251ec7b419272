//! What all clients of the program share: the one thread on which requests run, started by the first who needs it, and
//! the cryptography of TLS.

use std::sync::OnceLock;
use tokio::runtime::{Builder, Runtime};

/// Clients of TLS find their cryptography here; who was first stays.
pub(crate) fn provide_tls() {
    let _first_stays = rustls::crypto::ring::default_provider().install_default();
}

/// The runtime. Callers wait for it; it never waits for them.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name("objects").enable_all();
        builder.build().expect("the system has room for a thread")
    })
}
