//! The keys of the storage tiers beside the hot path.

use super::super::schema::Key;
use super::super::shape::{Choices, Shape};
use super::one_of;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "storage.tiers",
        Shape::SomeInList(Choices { now: &["memory", "redis", "sqlite", "postgres", "cold", "archive"] }),
        "[]",
        "",
        "Where ticks and results are stored beside the run: the last 1,000 ticks of a symbol in memory or in Redis, the last \
         24 hours in SQLite or PostgreSQL, a year in TimescaleDB or PostgreSQL (cold), everything in a Parquet catalog \
         (archive). They read the journal, which must be on.",
    )
    .speed_only(),
    Key::new("storage.dir", Shape::Path, r#""storage""#, "", "The folder of SQLite's file and of what tiers spill.")
        .speed_only(),
    Key::new(
        "storage.when_full",
        one_of(&["spill", "block", "drop"]),
        r#""spill""#,
        "",
        "What happens where a tier is slower than the run: rows go to files, the run waits, or rows are dropped and counted.",
    )
    .speed_only(),
    Key::new(
        "storage.spill",
        Shape::Integer { min: 1, max: 1 << 20 },
        "1024",
        "MiB",
        "Most room that one tier's spilled rows may take; then rows are dropped and counted.",
    )
    .speed_only(),
    Key::new(
        "storage.close_within",
        Shape::Duration,
        r#""10s""#,
        "duration",
        "How long the end of a run waits for its tiers; what is not stored then is spilled, and stored by a later start.",
    )
    .speed_only(),
    Key::new(
        "storage.archive.path",
        Shape::Path,
        "",
        "",
        "The catalog of the tier archive: a folder, or s3://BUCKET/PREFIX on the server of s3.*.",
    )
    .unset(r#""s3://market/archive""#, "archive in storage.dir")
    .speed_only(),
    Key::new(
        "storage.redis.url_file",
        Shape::Path,
        "",
        "",
        "A file that only its owner may read, with redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE].",
    )
    .unset(r#""/etc/grandmodel/redis""#, "GRANDMODEL_REDIS_URL of the environment")
    .speed_only(),
    Key::new("storage.redis.prefix", Shape::Text, r#""grandmodel""#, "", "What all keys in Redis begin with.").speed_only(),
    Key::new(
        "storage.postgres.address",
        Shape::Text,
        "",
        "",
        "The database of the tiers postgres and cold, without a password: it is printed.",
    )
    .unset(r#""postgres://grandmodel@localhost:5432/market""#, "GRANDMODEL_POSTGRES_ADDRESS of the environment")
    .speed_only(),
    Key::new(
        "storage.postgres.password_file",
        Shape::Path,
        "",
        "",
        "A file that only its owner may read, with the user's password.",
    )
    .unset(r#""/etc/grandmodel/postgres""#, "GRANDMODEL_POSTGRES_PASSWORD of the environment; without it, no password")
    .speed_only(),
];
