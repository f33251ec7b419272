//! The hot path's kernels by wall clock: `cargo bench -p bench --bench kernels`.

use bars::Boundaries;
use bench::kernels::{self, TICKS};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use model::Frame;
use std::hint::black_box;

fn all(criterion: &mut Criterion) {
    let ticks = kernels::ticks();
    let mut group = criterion.benchmark_group("10,000 ticks");
    group.throughput(Throughput::Elements(TICKS as u64));
    group.bench_function("hash", |b| b.iter(|| kernels::hash(black_box(&ticks))));
    group.bench_function("boundaries", |b| {
        let new = || Boundaries::new(&kernels::ready().config.bars);
        b.iter_batched(new, |mut state| kernels::boundaries(&mut state, &ticks), BatchSize::SmallInput);
    });
    group.bench_function("venue", |b| {
        let mut out = Vec::new();
        b.iter_batched(
            || kernels::ready().venue,
            |mut state| kernels::venue(&mut state, &ticks, &mut out),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("portfolio", |b| {
        b.iter_batched(
            || kernels::ready().stages.portfolio,
            |mut state| kernels::portfolio(&mut state, &ticks),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("orders", |b| {
        b.iter_batched(
            || kernels::ready().stages.orders,
            |mut state| kernels::orders(&mut state, &ticks),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("bars", |b| {
        b.iter_batched(
            || kernels::ready().stages.bars,
            |mut state| kernels::bars(&mut state, &ticks),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("bars and indicators, with timers", |b| {
        let new = || (kernels::ready(), Frame::default());
        b.iter_batched(
            new,
            |(mut ready, mut frame)| kernels::bars_and_indicators(&mut ready, &mut frame, &ticks),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, all);
criterion_main!(benches);
