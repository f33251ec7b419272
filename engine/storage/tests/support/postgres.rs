//! The PostgreSQL server of `scripts/services.sh`, and a schema of a test's own on it.

use super::proxy::Proxy;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use storage::Secret;
use storage::postgres::PostgresSettings;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

/// The server.
pub struct Server {
    /// As the script prints it: `postgres://USER@127.0.0.1:PORT/postgres`.
    pub address: String,
    /// Its user's password.
    pub password: Secret,
}

/// The server; says so, past the test runner's capture, where there is none.
pub fn server() -> Option<Server> {
    let (Ok(address), Some(file)) = (
        std::env::var("GRANDMODEL_TEST_POSTGRES"),
        std::env::var_os("GRANDMODEL_TEST_POSTGRES_PASSWORD_FILE"),
    ) else {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        let line = format!("SKIPPED {test}: GRANDMODEL_TEST_POSTGRES is not set; scripts/test.sh sets it\n");
        std::io::stderr().write_all(line.as_bytes()).expect("written");
        return None;
    };
    let password = Secret::from_file(Path::new(&file)).expect("the script's password file");
    Some(Server { address, password })
}

/// A name that no other test has.
pub fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("t{}_{}_{what}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Server {
    /// A client that is no store.
    pub fn sql(&self) -> Sql {
        Sql::connect(&self.address, self.password.expose())
    }

    /// Where it listens.
    pub fn socket(&self) -> SocketAddr {
        let config: Config = self.address.parse().expect("the script's address");
        SocketAddr::from(([127, 0, 0, 1], config.get_ports()[0]))
    }

    /// The address by another port.
    pub fn by(&self, proxy: &Proxy) -> String {
        self.address.replace(&format!(":{}/", self.socket().port()), &format!(":{}/", proxy.address().port()))
    }

    /// A schema of its own, dropped at the end.
    pub fn schema(&self, what: &str) -> Schema {
        Schema { name: unique(what), sql: self.sql() }
    }

    /// Settings of the warm tier.
    pub fn warm(&self, schema: &Schema) -> PostgresSettings {
        PostgresSettings {
            schema: schema.name.clone(),
            ..PostgresSettings::warm(&self.address, Some(self.password.clone()))
        }
    }
}

/// Settings whose store notices a frozen server within `millis`.
pub fn impatient(settings: PostgresSettings, millis: u64) -> PostgresSettings {
    let timeout = Duration::from_millis(millis);
    PostgresSettings { connect_timeout: timeout, answer_timeout: timeout, ..settings }
}

/// Runs a command of `scripts/services.sh`.
pub fn services(arguments: &[&str]) {
    let script = std::env::var_os("GRANDMODEL_TEST_SERVICES").expect("set beside the address");
    let output = Command::new(script).args(arguments).output().expect("the script runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A connection that is no store's.
pub struct Sql {
    runtime: Runtime,
    client: Client,
}

impl Sql {
    /// Connects.
    pub fn connect(address: &str, password: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut config: Config = address.parse().expect("an address");
        config.password(password);
        let (client, connection) = runtime.block_on(config.connect(NoTls)).expect("the server answers");
        runtime.spawn(async move { connection.await.unwrap_or_default() });
        Self { runtime, client }
    }

    /// Runs statements; the rows, as text.
    pub fn run(&self, statements: &str) -> Vec<Vec<Option<String>>> {
        let messages = self.runtime.block_on(self.client.simple_query(statements));
        let messages = messages.unwrap_or_else(|error| panic!("{statements}: {:?}", error.as_db_error()));
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        });
        rows.collect()
    }

    /// The rows, a line each, columns separated by `|`, nulls empty.
    pub fn lines(&self, query: &str) -> Vec<String> {
        let line = |row: Vec<Option<String>>| {
            row.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>().join("|")
        };
        self.run(query).into_iter().map(line).collect()
    }

    /// The only cell of the only row.
    pub fn cell(&self, query: &str) -> String {
        let lines = self.lines(query);
        assert_eq!(lines.len(), 1, "{query}: {lines:?}");
        lines[0].clone()
    }
}

/// A schema of a test's own.
pub struct Schema {
    /// Its name.
    pub name: String,
    /// A connection.
    pub sql: Sql,
}

impl Schema {
    /// The only cell of a query in which `%` is the schema.
    pub fn cell(&self, query: &str) -> String {
        self.sql.cell(&query.replace('%', &self.name))
    }

    /// The lines of a query in which `%` is the schema.
    pub fn lines(&self, query: &str) -> Vec<String> {
        self.sql.lines(&query.replace('%', &self.name))
    }

    /// All ticks as (seq, kind): what must be there once each.
    pub fn ticks(&self) -> Vec<u64> {
        let query = "SELECT seq FROM %.trade_rows UNION ALL SELECT seq FROM %.quote_rows ORDER BY seq";
        self.lines(query).iter().map(|seq| seq.parse().expect("a number")).collect()
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.sql.run(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name));
        }
    }
}
