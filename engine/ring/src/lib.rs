//! Rings between pinned threads, wait strategies, latency probes.
