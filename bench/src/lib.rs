//! Latency, throughput and peer benches.
