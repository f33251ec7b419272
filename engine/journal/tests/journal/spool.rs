//! Spools: what was synced comes back, what was cut off does not.

use crate::support::disk::{Fault, SimulatedDisk};
use crate::support::random::Random;
use crate::support::{OURS, cases};
use journal::{Folder, Identity, JournalError, Spool, SpoolReader};
use proptest::prelude::*;
use std::fs;
use std::sync::Arc;

type Record = (u64, Vec<u8>);

fn read(folder: &Folder) -> Result<Vec<Record>, JournalError> {
    let mut reader = SpoolReader::open(folder, "bars.spool", OURS)?;
    let mut records = Vec::new();
    while let Some(record) = reader.next_record()? {
        records.push((record.seq, record.bytes.to_vec()));
    }
    Ok(records)
}

fn record(random: &mut Random) -> Vec<u8> {
    let len = if random.chance(40) { random.below(300_000) } else { random.below(60) };
    (0..len).map(|_| random.bits() as u8 & 0x1f).collect()
}

#[test]
fn records_come_back_and_cuts_hold() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let mut random = Random(3);
    let mut kept: Vec<Record> = Vec::new();
    for life in 0..6_u64 {
        let (mut spool, found) = Spool::open(&folder, "bars.spool", OURS).unwrap();
        assert_eq!((found.last_seq, found.torn), (kept.last().map_or(0, |last| last.0), None));
        for seq in life * 100..life * 100 + 100 {
            for _ in 0..random.below(4) {
                let record = record(&mut random);
                spool.append(seq, &record).unwrap();
                kept.push((seq, record));
            }
        }
        let cut = life * 100 + 100 - 30 * life;
        spool.truncate_after(cut).unwrap();
        kept.retain(|record| record.0 <= cut);
        assert_eq!(spool.last_seq(), kept.last().map_or(0, |last| last.0).max(spool.last_seq().min(cut)));
        // Records after a cut may have tags that were cut off before.
        spool.append(cut, b"after").unwrap();
        kept.push((cut, b"after".to_vec()));
        spool.sync().unwrap();
        assert_eq!(read(&folder).unwrap(), kept);
    }
}

#[test]
fn a_strange_spool_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let (mut spool, _) = Spool::open(&folder, "bars.spool", OURS).unwrap();
    for seq in 0..3 {
        spool.append(seq, &[7; 100]).unwrap();
        spool.sync().unwrap();
    }
    let file = dir.path().join("bars.spool");
    let good = fs::read(&file).unwrap();
    let refused = |bytes: &[u8], identity: Identity| {
        fs::write(&file, bytes).unwrap();
        let error = Spool::open(&folder, "bars.spool", identity).map(|_| ()).unwrap_err();
        assert_eq!(fs::read(&file).unwrap(), bytes);
        assert_eq!(SpoolReader::open(&folder, "bars.spool", identity).map(|_| ()).unwrap_err(), error);
        error.to_string()
    };
    assert!(refused(b"something else", OURS).contains("is no spool"));
    assert!(refused(&good, Identity::new(1)).contains("belongs to the configuration"));
    let mut bad = good.clone();
    bad[4096 + 30] ^= 1;
    assert!(refused(&bad, OURS).contains("bars.spool is damaged at byte 4096: "));
    // The last frame's end is missing: nothing says that it was ever whole.
    fs::write(&file, &good[..good.len() - 3]).unwrap();
    let (_, found) = Spool::open(&folder, "bars.spool", OURS).unwrap();
    let torn = found.torn.unwrap();
    assert_eq!((found.last_seq, torn.offset + torn.bytes), (1, good.len() as u64 - 3));
    assert_eq!(read(&folder).unwrap().len(), 2);
}

fn check_lives(seed: u64) {
    let mut random = Random(seed);
    let mut disk = SimulatedDisk::new();
    let (mut appended, mut synced): (Vec<Record>, usize) = (Vec::new(), 0);
    {
        let folder = Folder::on(Arc::new(disk.clone()), "/s");
        journal::claim_session(&folder, OURS).unwrap();
    }
    for _ in 0..4 {
        let folder = Folder::on(Arc::new(disk.clone()), "/s");
        let fault = [Fault::Fail, Fault::Short, Fault::PowerOff][random.below(3) as usize];
        disk.fail_at(1 + random.below(40), fault);
        if let Ok((mut spool, _)) = Spool::open(&folder, "bars.spool", OURS) {
            let back = read(&folder);
            if let Ok(back) = back {
                assert!(back.len() >= synced && appended.starts_with(&back), "{} of {synced}", back.len());
                synced = back.len();
                appended = back;
            }
            let mut seq = spool.last_seq();
            for _ in 0..random.below(40) {
                seq += random.below(3);
                let record = record(&mut random);
                let done = if random.chance(6) {
                    let cut = seq.saturating_sub(random.below(5)).min(spool.last_seq());
                    let cut_back = appended.iter().take_while(|record| record.0 <= cut).count();
                    // Until it is known whether the cut holds, both may come back: only what both have is certain.
                    synced = synced.min(cut_back);
                    let done = spool.truncate_after(cut);
                    if done.is_ok() {
                        appended.truncate(cut_back);
                        synced = cut_back;
                        seq = cut;
                    }
                    done
                } else if random.chance(4) {
                    let done = spool.sync();
                    if done.is_ok() {
                        synced = appended.len();
                    }
                    done
                } else {
                    appended.push((seq, record.clone()));
                    spool.append(seq, &record)
                };
                if let Err(error) = done {
                    assert_eq!(spool.sync(), Err(error));
                    break;
                }
            }
        }
        disk = if random.chance(3) { disk.after_kill() } else { disk.after_power_cut(&mut random) };
    }
    let folder = Folder::on(Arc::new(disk), "/s");
    Spool::open(&folder, "bars.spool", OURS).unwrap();
    let back = read(&folder).unwrap();
    assert!(back.len() >= synced && appended.starts_with(&back), "{} of {synced}", back.len());
}

proptest! {
    #![proptest_config(cases(150))]
    #[test]
    fn what_was_synced_comes_back(seed: u64) {
        check_lives(seed);
    }

    #[test]
    fn arbitrary_bytes_are_no_spool(bytes in prop::collection::vec(any::<u8>(), 0..6000), like: bool) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        drop(Spool::open(&folder, "bars.spool", OURS).unwrap());
        let file = dir.path().join("bars.spool");
        let header = fs::read(&file).unwrap();
        fs::write(&file, if like { [&header[..], &bytes].concat() } else { bytes }).unwrap();
        prop_assert!(read(&folder).map_or(true, |records| records.is_empty()));
    }
}
