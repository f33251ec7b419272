//! What a store of PostgreSQL is told: where, as whom, which tier, how patient.

use super::failure::refused;
use crate::{Secret, StoreError};
use model::Nanos;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

/// Longest name of a schema, in bytes: PostgreSQL allows 63.
const SCHEMA_BYTES_MAX: usize = 63;

/// Which tier a schema is. It is written into the schema, so that two tiers cannot share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostgresTier {
    /// The last 24 hours.
    Warm,
    /// The last year.
    Cold,
}

impl PostgresTier {
    /// The name used in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }
}

/// How to reach a store and what it keeps.
#[derive(Debug, Clone)]
pub struct PostgresSettings {
    /// `postgres://USER@HOST:PORT/DATABASE`, without a password: it is printed.
    pub address: String,
    /// The user's password, if the server wants one.
    pub password: Option<Secret>,
    /// The schema that holds the tables; made if it is not there.
    pub schema: String,
    /// Which tier.
    pub tier: PostgresTier,
    /// How much engine time is kept. What is older goes a partition at a time.
    pub retention: Nanos,
    /// Longest wait for a connection, log-in included.
    pub connect_timeout: Duration,
    /// Longest wait for one answer, or for a piece of a batch to be taken, before the server counts as frozen.
    pub answer_timeout: Duration,
    /// Longest run of one statement, told to the server; building an index of a complete partition may take as long.
    pub statement_timeout: Duration,
}

impl PostgresSettings {
    /// The warm tier: schema `grandmodel`, 24 hours.
    pub fn warm(address: &str, password: Option<Secret>) -> Self {
        Self {
            address: address.to_owned(),
            password,
            schema: "grandmodel".to_owned(),
            tier: PostgresTier::Warm,
            retention: Nanos::DAY,
            connect_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(600),
        }
    }

    /// The cold tier: schema `grandmodel_cold`, 365 days.
    pub fn cold(address: &str, password: Option<Secret>) -> Self {
        Self {
            schema: "grandmodel_cold".to_owned(),
            tier: PostgresTier::Cold,
            retention: Nanos(365 * Nanos::DAY.0),
            ..Self::warm(address, password)
        }
    }

    /// The checked form.
    pub(crate) fn check(&self) -> Result<Target, StoreError> {
        // What the parser says of a bad address may quote a piece of it, a password by mistake: it is not passed on.
        let form = "write postgres://USER@HOST:PORT/DATABASE";
        let config: Config = self
            .address
            .parse()
            .map_err(|_| refused("PostgreSQL", format!("the address cannot be read; {form}")))?;
        if config.get_password().is_some() {
            let why = "the address contains a password, which would be printed; put it into a file of its own \
                       (mode 600) or the environment";
            return Err(refused("PostgreSQL", why.to_owned()));
        }
        let mut target = Target::of(self, config);
        let Some(user) = target.config.get_user().map(str::to_owned) else {
            return Err(refused("PostgreSQL", format!("the address names no user; {form}")));
        };
        target.user = user;
        if !is_schema_name(&self.schema) {
            let why =
                format!("{:?} is no schema's name; use a to z, 0 to 9 and _, a letter first", self.schema);
            return Err(refused(&target.name, why));
        }
        if self.retention.0 <= 0 {
            return Err(refused(
                &target.name,
                "the retention is not positive; give a span of time".to_owned(),
            ));
        }
        Ok(target)
    }
}

/// Whether a name needs no quotes and fits.
fn is_schema_name(name: &str) -> bool {
    let tail_ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    name.len() <= SCHEMA_BYTES_MAX
        && name.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
        && name.bytes().all(tail_ok)
        && !name.starts_with("pg_")
}

/// Checked settings: what a connection is made from.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The store for people, without credentials.
    pub name: String,
    /// The user.
    pub user: String,
    /// The database.
    pub database: String,
    /// The settings as given.
    pub settings: PostgresSettings,
    /// For the client.
    pub config: Config,
}

impl Target {
    fn of(settings: &PostgresSettings, mut config: Config) -> Self {
        if config.get_hosts().is_empty() {
            config.host("localhost");
        }
        let hosts = config.get_hosts().iter().zip(config.get_ports().iter().chain(std::iter::repeat(&5432)));
        let places: Vec<String> = hosts
            .map(|(host, port)| match host {
                Host::Tcp(host) => format!("{host}:{port}"),
                Host::Unix(folder) => folder.display().to_string(),
            })
            .collect();
        let user = config.get_user().unwrap_or_default().to_owned();
        let database = config.get_dbname().unwrap_or(&user).to_owned();
        let place = places.join(",");
        let name = format!("PostgreSQL at {place}, database {database}, schema {}", settings.schema);
        if let Some(password) = &settings.password {
            config.password(password.expose());
        }
        // The system counts keepalives in whole seconds, of which there must be one.
        let second = Duration::from_secs(1);
        config
            .application_name("grandmodel")
            .connect_timeout(settings.connect_timeout)
            .tcp_user_timeout(settings.answer_timeout)
            .keepalives_idle(settings.answer_timeout.max(second))
            .keepalives_interval((settings.answer_timeout / 4).max(second))
            .keepalives_retries(3);
        Self { name, user, database, settings: settings.clone(), config }
    }

    /// A library's words, without the password.
    pub fn redact(&self, text: &str) -> String {
        self.settings.password.as_ref().map_or_else(|| text.to_owned(), |secret| secret.redact(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, schema: &str, expected: Result<&str, &str>) {
        let password = Secret::of("canary").expect("a line");
        let settings =
            PostgresSettings { schema: schema.to_owned(), ..PostgresSettings::warm(address, Some(password)) };
        match (settings.check(), expected) {
            (Ok(target), Ok(name)) => assert_eq!(target.name, name),
            (Err(error), Err(part)) => {
                let text = error.to_string();
                assert!(text.contains(part) && !text.contains("canary"), "{text:?} has {part:?}");
            }
            (found, expected) => {
                panic!("{address}: {:?} is not {expected:?}", found.map(|target| target.name))
            }
        }
    }

    #[test]
    fn addresses_are_named_and_never_quoted_where_they_are_wrong() {
        let name = "PostgreSQL at db.example:5433, database market, schema s1";
        check("postgres://ann@db.example:5433/market", "s1", Ok(name));
        check("host=db.example port=5433 user=ann dbname=market", "s1", Ok(name));
        check("postgres://ann@h", "s", Ok("PostgreSQL at h:5432, database ann, schema s"));
        check("postgres://ann:canary@h/m", "s", Err("contains a password"));
        check("host=h user=ann password=a canary=1", "s", Err("cannot be read"));
        check("http://canary@h", "s", Err("cannot be read"));
        for schema in ["", "Upper", "a-b", "a b", "1a", "pg_own", &"a".repeat(64)] {
            check("postgres://ann@h/m", schema, Err("no schema's name"));
        }
    }

    #[test]
    fn settings_do_not_print_the_password() {
        let settings =
            PostgresSettings::cold("postgres://ann@h/m", Some(Secret::of("canary").expect("a line")));
        let target = settings.check().expect("good settings");
        assert!(!format!("{settings:?} {target:?}").contains("canary"));
    }
}
