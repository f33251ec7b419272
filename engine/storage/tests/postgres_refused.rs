//! What an operator must mend is one sentence, changes nothing in the database, and tells no password.

mod support {
    #![allow(dead_code, reason = "each test program uses a part")]
    pub mod postgres;
    pub mod proxy;
    pub mod samples;
}

use storage::postgres::{Extension, PostgresSettings, PostgresStore, PostgresTier, Rights, probe};
use storage::{Secret, Store, StoreError};
use support::postgres::{Schema, Server, impatient, server, unique};
use support::samples::{dictionary, ticks};

/// What the store says at its opening, debug form and all.
fn refusal(settings: &PostgresSettings) -> String {
    let mut store = PostgresStore::new(settings).expect("settings of a good form");
    let error = store.open(&dictionary("r1")).expect_err("it must be refused");
    assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
    let text = error.to_string();
    assert!(!text.contains('\n'), "one sentence: {text:?}");
    assert!(!format!("{error:?} {store:?}").contains("canary"), "a password is told: {error:?}");
    text
}

fn check(settings: &PostgresSettings, parts: &[&str]) {
    let text = refusal(settings);
    assert!(parts.iter().all(|part| text.contains(part)), "{text:?} has {parts:?}");
    assert!(text.starts_with("PostgreSQL at 127.0.0.1:"), "{text:?} names the store");
}

/// A role that may log in and nothing else, and its settings.
fn stranger(server: &Server, schema: &Schema) -> (String, PostgresSettings) {
    let role = unique("stranger");
    schema.sql.run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'canary'"));
    let settings = PostgresSettings {
        address: server.address.replace("grandmodel@", &format!("{role}@")),
        password: Some(Secret::of("canary").expect("a line")),
        ..server.warm(schema)
    };
    (role, settings)
}

fn schemas(schema: &Schema) -> String {
    schema.cell("SELECT count(*) FROM pg_namespace WHERE nspname = '%'")
}

#[test]
fn who_cannot_log_in_is_told_why() {
    let Some(server) = server() else { return };
    let schema = server.schema("login");
    let good = server.warm(&schema);
    let wrong = Secret::of("canary-9f2b").expect("a line");
    check(
        &PostgresSettings { password: Some(wrong.clone()), ..good.clone() },
        &["password of user grandmodel is wrong"],
    );
    check(&PostgresSettings { password: None, ..good.clone() }, &["wants a password of user grandmodel"]);
    let nobody = good.address.replace("grandmodel@", "nobody_here@");
    check(&PostgresSettings { address: nobody, password: Some(wrong), ..good.clone() }, &["nobody_here"]);
    let nowhere = good.address.replace("/postgres", "/nowhere");
    check(
        &PostgresSettings { address: nowhere, ..good.clone() },
        &["no database nowhere", "createdb nowhere"],
    );
    assert_eq!(schemas(&schema), "0");
}

#[test]
fn who_has_no_rights_is_told_which_and_nothing_is_made() {
    let Some(server) = server() else { return };
    let schema = server.schema("rights");
    let (role, settings) = stranger(&server, &schema);
    check(&settings, &["lacks a right", "GRANT CREATE ON DATABASE postgres TO"]);
    assert_eq!(schemas(&schema), "0");
    assert_eq!(probe(&settings).expect("it may look").rights, Rights::Neither);
    // The schema is there, but somebody else's.
    PostgresStore::new(&server.warm(&schema)).expect("settings").open(&dictionary("r1")).expect("open");
    check(&settings, &["lacks a right"]);
    // Reading alone is not enough either.
    schema.sql.run(&format!(
        "GRANT USAGE ON SCHEMA {0} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {role}",
        schema.name
    ));
    check(&settings, &["lacks a right"]);
    assert_eq!(schema.cell("SELECT count(*) FROM %.runs"), "1");
    schema.sql.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_schema_of_a_newer_program_or_of_somebody_else_is_left_alone() {
    let Some(server) = server() else { return };
    let schema = server.schema("newer");
    let settings = server.warm(&schema);
    let mut store = PostgresStore::new(&settings).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    store.write(&ticks(1, 10)).expect("stored");
    let known: i32 = schema.cell("SELECT max(version) FROM %.schema_version").parse().expect("a number");
    let cold = PostgresSettings { tier: PostgresTier::Cold, ..settings.clone() };
    check(&cold, &["is that of the warm tier"]);
    schema.sql.run(&format!("INSERT INTO {}.schema_version VALUES ({})", schema.name, known + 1));
    let (has, knows) = (format!("is of version {}", known + 1), format!("versions up to {known}"));
    check(&settings, &[&has, &knows]);
    assert_eq!(schema.ticks().len(), 10);

    let theirs = server.schema("theirs");
    theirs.sql.run(&format!("CREATE SCHEMA {0}; CREATE TABLE {0}.trades (x int)", theirs.name));
    check(&server.warm(&theirs), &["not of this program"]);
    assert_eq!(
        theirs.lines("SELECT relname FROM pg_class WHERE relnamespace = '%'::regnamespace"),
        ["trades"]
    );
}

#[test]
fn a_server_that_is_not_there_is_tried_again() {
    let Some(server) = server() else { return };
    let schema = server.schema("absent");
    for address in ["postgres://ann@127.0.0.1:1/m", "postgres://ann@no.such.host.invalid/m"] {
        let settings = PostgresSettings { address: address.to_owned(), ..server.warm(&schema) };
        let mut store = PostgresStore::new(&impatient(settings, 3_000)).expect("settings");
        let error = store.open(&dictionary("r1")).expect_err("nobody is there");
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    }
}

#[test]
fn the_probe_says_what_is_there_and_changes_nothing() {
    let Some(server) = server() else { return };
    let schema = server.schema("probe");
    let settings = server.warm(&schema);
    let found = probe(&settings).expect("it is there");
    assert_eq!((found.rights, found.schema_version), (Rights::Creates, 0));
    assert_eq!(schemas(&schema), "0");
    let major: u32 = found.version.split('.').next().and_then(|part| part.parse().ok()).expect("a version");
    assert!(major >= 13 && found.latency.0 > 0, "{found:?}");
    let on_server = schema.lines("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'");
    assert_eq!(found.extension == Extension::Absent, on_server.is_empty());
    PostgresStore::new(&settings).expect("settings").open(&dictionary("r1")).expect("open");
    let found = probe(&settings).expect("it is there");
    assert_eq!((found.rights, found.schema_version), (Rights::Writes, found.schema_version_known));
}
