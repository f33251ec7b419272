//! The keys of the journal.

use super::super::schema::Key;
use super::super::shape::Shape;
use super::one_of;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "journal.durability",
        one_of(&["strict", "async", "off"]),
        r#""off""#,
        "",
        "How safely inputs are kept to continue a killed run: an order leaves only when its causes are on disk (strict; \
         the default with --paper), everything is on disk after the window (async), or nothing is kept (off).",
    )
    .speed_only(),
    Key::new(
        "journal.window",
        Shape::Duration,
        r#""5ms""#,
        "duration",
        "With async: how much a power cut may take at most, beside the time of the sync itself.",
    )
    .speed_only(),
    Key::new("journal.dir", Shape::Path, "", "", "The journal's folder.")
        .unset(r#""journal/live""#, "the run folder's name with .journal")
        .speed_only(),
    Key::new(
        "journal.segment",
        Shape::Integer { min: 1, max: 1024 },
        "64",
        "MiB",
        "Room that is reserved for a file of the journal before it is written.",
    )
    .speed_only(),
    Key::new(
        "journal.snapshot_every",
        Shape::Duration,
        r#""1m""#,
        "duration",
        "How often the engine's state is saved, by a thread of its own that follows the journal; 0s is never.",
    )
    .speed_only(),
    Key::new(
        "journal.keep",
        one_of(&["all", "snapshots"]),
        r#""all""#,
        "",
        "What is kept of what lies before the oldest snapshot: all of it, packed, or nothing.",
    )
    .speed_only(),
    Key::new(
        "journal.snapshots",
        Shape::Integer { min: 1, max: 100 },
        "3",
        "snapshots",
        "How many snapshots are kept.",
    )
    .speed_only(),
];
