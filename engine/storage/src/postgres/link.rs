//! One connection, with a limit on every wait.
//!
//! The runtime is the connection's own and runs only while somebody waits here, so a store needs no thread but its
//! tier's, and a reader none but its caller's.

use super::failure::{failure, unavailable};
use super::settings::Target;
use crate::StoreError;
use bytes::Bytes;
use futures_util::SinkExt;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row};

/// How much the system takes off a sender's hands before a slow line has carried it.
const HELD_BYTES_MAX: usize = 4 << 20;
/// The slowest line over which full batches still arrive.
const SLOWEST_LINE_BYTES_PER_S: f64 = 256.0 * 1024.0;

/// Parameters of a statement.
type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection that is logged in.
#[derive(Debug)]
pub(crate) struct Link {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    client: Client,
    target: Target,
}

impl Drop for Link {
    fn drop(&mut self) {
        // A look-up of a name may still be under way on a thread of the runtime's: nobody waits for it.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits for `what`, at most for `limit`.
fn wait<T>(
    runtime: &Runtime,
    target: &Target,
    limit: Duration,
    what: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StoreError> {
    let answer = runtime.block_on(async { tokio::time::timeout(limit, what).await });
    match answer {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(failure(target, &error)),
        Err(_) => Err(unavailable(&target.name, format!("no answer within {} ms", limit.as_millis()))),
    }
}

impl Link {
    /// Connects and logs in; the session is in UTC, commits are durable, and a dead client's session ends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn connect(target: &Target) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unavailable(&target.name, format!("no runtime: {error}")))?;
        let limit = target.settings.connect_timeout;
        let (client, connection) = wait(&runtime, target, limit, target.config.connect(NoTls))?;
        // It ends with an error where the connection breaks; whoever waits is told the same.
        runtime.spawn(async move { connection.await.unwrap_or_default() });
        let link = Self { runtime: Some(runtime), client, target: target.clone() };
        link.run(&session_settings(target))?;
        Ok(link)
    }

    /// Who it is connected to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    fn ask<T>(
        &self,
        limit: Duration,
        what: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, StoreError> {
        let runtime = self.runtime.as_ref().expect("the runtime lives as long as the link");
        wait(runtime, &self.target, limit, what)
    }

    /// Runs statements separated by semicolons.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run(&self, statements: &str) -> Result<(), StoreError> {
        self.ask(self.target.settings.answer_timeout, self.client.batch_execute(statements))
    }

    /// Runs a statement that may take as long as the server lets it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn run_long(&self, statements: &str) -> Result<(), StoreError> {
        let limits = &self.target.settings;
        self.ask(limits.statement_timeout + limits.answer_timeout, self.client.batch_execute(statements))
    }

    /// Runs one statement; how many rows it changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn execute(&self, statement: &str, parameters: Parameters<'_>) -> Result<u64, StoreError> {
        self.ask(self.target.settings.answer_timeout, self.client.execute(statement, parameters))
    }

    /// The rows of a query that has few.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn query(&self, query: &str, parameters: Parameters<'_>) -> Result<Vec<Row>, StoreError> {
        self.ask(self.target.settings.answer_timeout, self.client.query(query, parameters))
    }

    /// The rows of a query that may sort a partition first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn query_long(&self, query: &str) -> Result<Vec<Row>, StoreError> {
        let limits = &self.target.settings;
        self.ask(limits.statement_timeout + limits.answer_timeout, self.client.query(query, &[]))
    }

    /// Sends pieces of binary COPY; `pieces` gives one at a time, `None` at the end. Returns the rows stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn copy_in(
        &self,
        statement: &str,
        mut pieces: impl FnMut() -> Option<Bytes>,
    ) -> Result<u64, StoreError> {
        let limit = self.target.settings.answer_timeout;
        let sink = self.ask(limit, self.client.copy_in(statement))?;
        let mut sink = pin!(sink);
        let mut sent = 0;
        while let Some(piece) = pieces() {
            sent += piece.len();
            self.ask(limit, sink.send(piece))?;
        }
        // The answer comes after all that the system still holds, which takes its time on a slow line.
        let held_s = sent.min(HELD_BYTES_MAX) as f64 / SLOWEST_LINE_BYTES_PER_S;
        self.ask(limit + Duration::from_secs_f64(held_s), sink.finish())
    }
}

/// What every session sets. The server's keepalives, its look at the connection within a statement (from version 14 on)
/// and the limit on idle transactions end the session of a client that died without a word, whose locks would hold up
/// its successor. A limit on locks keeps this store from standing
/// behind somebody's long transaction, and everybody else from standing behind this store.
fn session_settings(target: &Target) -> String {
    let limits = &target.settings;
    let (answer_ms, statement_ms) = (limits.answer_timeout.as_millis(), limits.statement_timeout.as_millis());
    let answer_s = answer_ms.div_ceil(1000);
    format!(
        "SET TIME ZONE 'UTC'; SET client_encoding = 'UTF8'; SET datestyle = 'ISO'; \
         SET bytea_output = 'hex'; SET extra_float_digits = 1; \
         SET statement_timeout = {statement_ms}; SET lock_timeout = {lock_ms}; \
         SET idle_in_transaction_session_timeout = {idle_ms}; \
         SET tcp_keepalives_idle = {answer_s}; SET tcp_keepalives_interval = {answer_s}; \
         SET tcp_keepalives_count = 3; \
         SELECT set_config('synchronous_commit', 'on', false) \
         WHERE current_setting('synchronous_commit') = 'off'; \
         SELECT set_config(name, '1000', false) FROM pg_settings WHERE name = 'client_connection_check_interval'",
        lock_ms = (answer_ms / 2).max(1),
        idle_ms = answer_ms * 2,
    )
}
