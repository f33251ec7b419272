//! `grandmodel journal verify`: everything that can be checked, as text for people or one JSON object.

use super::failed;
use crate::cli::{JournalVerifyArgs, print};
use crate::config::print_instant;
use crate::failure::Failure;
use ::journal::{Folder, Report, SegmentReport, SessionMark, Torn};
use model::Nanos;
use serde_json::{Value, json};
use std::io::Write;

/// Prints what a journal is.
///
/// # Errors
/// [`Failure::Failed`] if anything is damaged, after printing, or the folder is no journal's.
pub fn verify(args: &JournalVerifyArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let report = ::journal::verify(&Folder::new(&args.dir)).map_err(|error| failed(&error))?;
    let dir = args.dir.display();
    let text = if args.json { format!("{}\n", to_json(&report)) } else { to_text(&dir.to_string(), &report) };
    print(out, &text)?;
    match report.damage.as_slice() {
        [] => Ok(()),
        [only] => Err(failed(only)),
        [first, more @ ..] => Err(Failure::Failed(format!("{first} (and {} more like it)", more.len()))),
    }
}

fn inputs(report: &Report) -> u64 {
    report.segments.iter().map(|segment| segment.inputs).sum()
}

fn events(report: &Report) -> u64 {
    report.segments.iter().map(|segment| segment.events).sum()
}

fn torn_to_json(torn: Option<&Torn>) -> Value {
    torn.map_or(Value::Null, |torn| json!({"offset": torn.offset, "bytes": torn.bytes}))
}

/// The last input of a segment, if it has one.
fn last_seq(segment: &SegmentReport) -> Option<u64> {
    (segment.inputs > 0).then(|| segment.first_seq + segment.inputs - 1)
}

fn segment_to_json(segment: &SegmentReport) -> Value {
    json!({
        "name": segment.name,
        "packed": segment.is_packed,
        "session": segment.session,
        "first_seq": segment.first_seq,
        "last_seq": last_seq(segment),
        "inputs": segment.inputs,
        "first_index": segment.first_index,
        "events": segment.events,
        "frames": segment.frames,
        "bytes": segment.bytes,
        "first_ts": segment.span.map(|(first, _)| print_instant(first)),
        "last_ts": segment.span.map(|(_, last)| print_instant(last)),
        "torn": torn_to_json(segment.torn.as_ref()),
    })
}

fn session_to_json(mark: &SessionMark) -> Value {
    let opened = (mark.opened_ns != 0).then(|| print_instant(Nanos(mark.opened_ns)));
    json!({"session": mark.session, "index": mark.index, "next_seq": mark.next_seq, "opened": opened})
}

fn to_json(report: &Report) -> Value {
    let snapshots = report.snapshots.iter().map(|found| json!({"seq": found.seq, "bytes": found.bytes}));
    json!({
        "is_damaged": report.is_damaged(),
        "session": report.session,
        "writer": report.writer,
        "config_hash": report.identity.map(|identity| format!("{:032x}", identity.config_hash)),
        "schema_version": report.identity.map(|identity| identity.schema_version),
        "was_closed": report.was_closed,
        "inputs": inputs(report),
        "events": events(report),
        "segments": report.segments.iter().map(segment_to_json).collect::<Vec<_>>(),
        "sessions": report.sessions.iter().map(session_to_json).collect::<Vec<_>>(),
        "snapshots": snapshots.collect::<Vec<_>>(),
        "damage": report.damage.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn to_text(dir: &str, report: &Report) -> String {
    let state = if report.is_damaged() { "DAMAGED" } else { "sound" };
    let mut text = format!("{dir} is {state}: {} inputs, {} events\n", inputs(report), events(report));
    if let Some(identity) = report.identity {
        let (hash, version) = (identity.config_hash, identity.schema_version);
        text += &format!("  config hash {hash:032x}, schema version {version}\n");
    }
    text += &report.session.map_or(String::new(), |number| format!("  session {number}"));
    text += match (&report.writer, report.was_closed) {
        (Some(_), _) => ", being written",
        (None, true) => ", closed well",
        (None, false) => ", not closed: killed, or still at work",
    };
    text += &report.writer.as_ref().map_or("\n".to_owned(), |writer| format!(" by {writer}\n"));
    for segment in &report.segments {
        let last = last_seq(segment).map_or("none yet".to_owned(), |last| last.to_string());
        text += &format!(
            "  {}: inputs {} to {last}, {} events in {} frames, {} bytes\n",
            segment.name, segment.first_seq, segment.events, segment.frames, segment.bytes
        );
        if let Some((first, last)) = segment.span {
            text += &format!("    {} to {}\n", print_instant(first), print_instant(last));
        }
        if let Some(torn) = &segment.torn {
            let (bytes, offset) = (torn.bytes, torn.offset);
            text += &format!("    {bytes} torn bytes from byte {offset}; the next opening cuts them off\n");
        }
    }
    for mark in &report.sessions {
        let (session, next_seq, index) = (mark.session, mark.next_seq, mark.index);
        text += &format!("  session {session} from input {next_seq}, event {index}\n");
    }
    for snapshot in &report.snapshots {
        text += &format!("  snapshot after input {}: {} bytes\n", snapshot.seq, snapshot.bytes);
    }
    for damage in &report.damage {
        text += &format!("  damage: {damage}\n");
    }
    text
}
