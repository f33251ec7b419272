//! What answers: version, whether it forgets, how long an answer takes. For `doctor`; it changes nothing.

use super::RedisConfig;
use crate::StoreError;
use ::redis::cmd;
use model::{Clock, Nanos, SystemClock};

/// How often the time of an answer is taken.
const ANSWERS: usize = 5;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisProbe {
    /// The server, without credentials.
    pub name: String,
    /// Its version, such as 7.0.15.
    pub version: String,
    /// Whether it drops keys of its own when its memory is full.
    pub evicts: bool,
    /// How long it took to answer, the best of five.
    pub latency: Nanos,
}

/// Connects and looks.
///
/// # Errors
/// [`StoreError`].
pub fn redis_probe(config: &RedisConfig) -> Result<RedisProbe, StoreError> {
    let (mut connection, context) = config.connect()?;
    let mut look = || {
        let info: String = cmd("INFO").query(&mut connection)?;
        let mut latency = Nanos::MAX;
        for _ in 0..ANSWERS {
            let start = SystemClock.now();
            cmd("PING").query::<String>(&mut connection)?;
            latency = latency.min(SystemClock.now() - start);
        }
        Ok((info, latency))
    };
    let (info, latency) = look().map_err(|error| context.of(&error))?;
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    Ok(RedisProbe {
        name: context.name.clone(),
        version: field("redis_version").unwrap_or("unknown").to_owned(),
        evicts: field("maxmemory").is_some_and(|bytes| bytes != "0")
            && field("maxmemory_policy").is_some_and(|policy| policy != "noeviction"),
        latency,
    })
}
