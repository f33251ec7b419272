//! Which core each thread runs on, and how threads wait.
//!
//! Spinning threads need a core each; with fewer, one waits for a core that another burns, a thousand times
//! too long. So they block instead, and the program says so.

use crate::config::{Config, Cores as CoreChoice, Wait as WaitChoice};
use crate::failure::Failure;
use pipeline::Placement;
use ring::{Cores, Wait};

/// Where threads run, and what a person should know about it.
#[derive(Debug)]
pub struct Placed {
    /// For the engine.
    pub placement: Placement,
    /// Cores for the threads that decode, in turn; none: unpinned.
    pub decode_cores: Vec<usize>,
    /// A sentence, if the machine does not give what was asked for.
    pub note: Option<String>,
}

/// Places the threads of a run's layout on this machine's cores.
///
/// # Errors
/// [`Failure::Usage`] for a core that the process may not run on.
pub fn place(config: &Config, cores: &Cores) -> Result<Placed, Failure> {
    let groups = config.run.layout.groups();
    let available: Vec<usize> = (0..cores.count()).filter_map(|n| cores.nth(n)).collect();
    let chosen = match &config.run.cores {
        CoreChoice::Unpinned => Vec::new(),
        // Two groups on one core would be worse than leaving them to the system.
        CoreChoice::Auto if groups > available.len() => Vec::new(),
        CoreChoice::Auto => available,
        CoreChoice::List(list) => {
            if let Some(missing) = list.iter().find(|core| !cores.contains(**core)) {
                let sentence =
                    format!("run.cores names core {missing}, on which this process may not run; see doctor");
                return Err(Failure::Usage(sentence));
            }
            list.clone()
        }
    };
    // Groups spin while they wait for each other; the decoder needs a core beside them.
    let enough = groups == 1 || groups < cores.count();
    let (wait, note) = match config.run.wait {
        WaitChoice::Block => (Wait::Block, None),
        WaitChoice::Yield => (Wait::Yield, None),
        WaitChoice::Auto if enough => (Wait::Spin, None),
        WaitChoice::Auto => (Wait::Block, None),
        WaitChoice::Spin if enough || groups <= cores.count() => (Wait::Spin, None),
        WaitChoice::Spin => (Wait::Block, Some(too_few(groups, cores.count()))),
    };
    let (engine, rest) = chosen.split_at(groups.min(chosen.len()));
    // Several threads decode, merge and record: on a single core they would only stand in each other's way.
    let decode_cores = if rest.len() < BESIDE_THREADS { Vec::new() } else { rest.to_vec() };
    Ok(Placed { placement: Placement { cores: engine.to_vec(), wait }, decode_cores, note })
}

/// A decoder and the merger.
const BESIDE_THREADS: usize = 2;

fn too_few(groups: usize, cores: usize) -> String {
    format!(
        "{groups} spinning threads need {groups} cores and there are {cores}, so they block instead of spinning"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Loaded;

    fn check(sets: &str, cores: &[usize], expected: (&[usize], &[usize], Wait, bool)) {
        let loaded = Loaded::parse("test", sets, &[]).unwrap();
        let placed = place(&loaded.config, &Cores::of(cores)).unwrap();
        let got = (
            &placed.placement.cores[..],
            &placed.decode_cores[..],
            placed.placement.wait,
            placed.note.is_some(),
        );
        assert_eq!(got, expected, "{sets} on {cores:?}");
    }

    #[test]
    fn threads_get_cores_as_long_as_there_are_some() {
        let run = |rest: &str| {
            let cores = if rest.contains("cores") { "" } else { "cores = \"auto\"\n" };
            format!("[run]\nstrategies = [\"none\"]\n{cores}{rest}")
        };
        check(&run(""), &[0, 1], (&[0], &[], Wait::Spin, false));
        check(&run(""), &[0, 1, 2], (&[0], &[1, 2], Wait::Spin, false));
        check(&run("layout = \"split\""), &[0, 1], (&[0, 1], &[], Wait::Block, false));
        check(&run("layout = \"split\""), &[2, 3, 5], (&[2, 3], &[], Wait::Spin, false));
        check(&run("layout = \"split\""), &[0], (&[], &[], Wait::Block, false));
        check(&run("layout = \"split\"\nwait = \"spin\""), &[0], (&[], &[], Wait::Block, true));
        check(&run("cores = [1]"), &[0, 1], (&[1], &[], Wait::Spin, false));
        check(&run("cores = \"none\""), &[0, 1], (&[], &[], Wait::Spin, false));
    }

    #[test]
    fn a_core_that_is_not_ours_is_refused() {
        let loaded = Loaded::parse("test", "[run]\nstrategies = [\"none\"]\ncores = [7]", &[]).unwrap();
        let refused = place(&loaded.config, &Cores::of(&[0, 1])).unwrap_err();
        assert!(refused.to_string().contains("core 7"), "{refused}");
    }
}
