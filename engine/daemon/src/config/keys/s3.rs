//! The keys of servers of S3: one server for everything that a run reads and writes in buckets.
//!
//! Not here: credentials; they stand in the environment or in a file, and a configuration names at most the file.

use super::{Key, Shape};

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "s3.endpoint",
        Shape::Text,
        "",
        "",
        "The server of s3:// paths: https://HOST:PORT, or http:// to this machine.",
    )
    .unset(r#""https://s3.example.org""#, "AWS_ENDPOINT_URL of the environment, else AWS")
    .speed_only(),
    Key::new("s3.region", Shape::Text, "", "", "The region that requests are signed for.")
        .unset(r#""eu-central-1""#, "AWS_REGION of the environment, else us-east-1")
        .speed_only(),
    Key::new(
        "s3.credentials",
        Shape::Path,
        "",
        "",
        "A file with aws_access_key_id, aws_secret_access_key and maybe aws_session_token that only its owner may read.",
    )
    .unset(
        r#""/home/me/.aws/credentials""#,
        "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment",
    )
    .speed_only(),
    Key::new("s3.timeout", Shape::Duration, r#""30s""#, "", "How long one answer may take before it is asked for again.")
        .speed_only(),
    Key::new(
        "s3.retries",
        Shape::Integer { min: 0, max: 100 },
        "5",
        "requests",
        "How often a request is repeated, with growing pauses, before the run gives up.",
    )
    .speed_only(),
];
