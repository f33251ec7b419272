//! A cache of any size changes no answer, whatever is asked in which batches.

use inference::{
    Backend, Batch, Cached, EvaluateError, Native, NetworkDescription, OUTPUTS, Shape, seeded_inputs,
    untrained,
};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

fn native(description: &NetworkDescription) -> Native {
    Native::new(Arc::new(untrained(description, 3).unwrap()))
}

/// A small policy.
fn description() -> NetworkDescription {
    use inference::Layer::{ConcatContext, Dense, Flatten, Softmax};
    let layers = vec![Flatten {}, ConcatContext {}, Dense { input: 7, output: OUTPUTS }, Softmax {}];
    NetworkDescription::new(Shape { rows: 2, columns: 3, context: 1 }, layers)
}

/// Observations of which equal numbers are equal.
fn observations(shape: Shape, numbers: &[u64]) -> (Vec<f32>, Vec<f32>) {
    let matrices = numbers.iter().flat_map(|&number| seeded_inputs(shape.cells(), number)).collect();
    let contexts = numbers.iter().flat_map(|&number| seeded_inputs(shape.context, !number)).collect();
    (matrices, contexts)
}

fn bits(out: &[[f32; OUTPUTS]]) -> Vec<u32> {
    out.as_flattened().iter().map(|value| value.to_bits()).collect()
}

/// Notes how many observations it is asked about, and fails when told to.
struct Watched {
    inner: Native,
    asked: Arc<Mutex<Vec<usize>>>,
    fails: bool,
}

impl Backend for Watched {
    fn name(&self) -> &str {
        "watched"
    }

    fn shape(&self) -> Shape {
        self.inner.shape()
    }

    fn evaluate(&mut self, batch: Batch<'_>, out: &mut [[f32; OUTPUTS]]) -> Result<(), EvaluateError> {
        self.asked.lock().unwrap().push(batch.len());
        if self.fails {
            return Err(EvaluateError::Failed { backend: "watched".into(), cause: "told to".into() });
        }
        self.inner.evaluate(batch, out)
    }
}

fn watched(fails: bool) -> (Box<Watched>, Arc<Mutex<Vec<usize>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    (Box::new(Watched { inner: native(&description()), asked: Arc::clone(&asked), fails }), asked)
}

proptest! {
    #[test]
    fn any_capacity_gives_the_same_answers(
        capacity in prop::sample::select(vec![0, 1, 2, 3, 10, 1_000]),
        batches in prop::collection::vec(prop::collection::vec(0_u64..12, 0..70), 1..12),
    ) {
        let description = description();
        let mut plain = native(&description);
        let mut cached = Cached::new(Box::new(native(&description)), capacity);
        let mut asked = 0;
        for numbers in batches {
            let (matrices, contexts) = observations(description.shape(), &numbers);
            let batch = Batch::new(description.shape(), &matrices, &contexts);
            let (mut expected, mut found) = (vec![[0.0; 3]; numbers.len()], vec![[1.0; 3]; numbers.len()]);
            plain.evaluate(batch, &mut expected).unwrap();
            cached.evaluate(batch, &mut found).unwrap();
            prop_assert_eq!(bits(&found), bits(&expected));
            asked += numbers.len() as u64;
        }
        prop_assert_eq!(cached.hits() + cached.misses(), asked);
        prop_assert!(capacity > 0 || cached.hits() == 0);
        prop_assert!(capacity < 12 || cached.misses() <= 12 * 32);
    }
}

#[test]
fn only_what_is_unknown_is_evaluated() {
    let shape = description().shape();
    let (inner, asked) = watched(false);
    let mut cached = Cached::new(inner, 8);
    let mut ask = |numbers: &[u64]| {
        let (matrices, contexts) = observations(shape, numbers);
        let mut out = vec![[0.0; 3]; numbers.len()];
        cached.evaluate(Batch::new(shape, &matrices, &contexts), &mut out).unwrap();
        (cached.hits(), cached.misses())
    };
    assert_eq!(ask(&[1, 2, 3]), (0, 3));
    assert_eq!(ask(&[4, 2, 5, 3, 1]), (3, 5));
    assert_eq!(ask(&[5, 5, 4]), (6, 5));
    assert_eq!(ask(&[]), (6, 5));
    // Equal observations of one batch are each evaluated, and remembered once.
    assert_eq!(ask(&[6, 6]), (6, 7));
    assert_eq!(*asked.lock().unwrap(), [3, 2, 2]);
    // 1 to 6 are known, and two more make room for nothing; the ninth evicts the oldest.
    assert_eq!(ask(&[7, 8, 9]), (6, 10));
    assert_eq!(ask(&[2, 1]), (7, 11));
    cached.clear();
    let (matrices, contexts) = observations(shape, &[9]);
    cached.evaluate(Batch::new(shape, &matrices, &contexts), &mut [[0.0; 3]]).unwrap();
    assert_eq!((cached.hits(), cached.misses()), (7, 12));
    assert_eq!((cached.name(), cached.shape()), ("watched", shape));
}

#[test]
fn answers_that_are_not_finite_are_reported_and_not_remembered() {
    let shape = description().shape();
    let (mut matrices, contexts) = observations(shape, &(0..50).collect::<Vec<_>>());
    matrices[41 * shape.cells()] = f32::NAN;
    matrices[45 * shape.cells()] = f32::INFINITY;
    let batch = Batch::new(shape, &matrices, &contexts);
    let mut plain_out = vec![[0.0; 3]; 50];
    let expected = native(&description()).evaluate(batch, &mut plain_out).unwrap_err();
    let not_finite = EvaluateError::NotFinite { backend: "native".into(), observation: 41, count: 2 };
    assert_eq!(expected, not_finite);
    let mut cached = Cached::new(Box::new(native(&description())), 100);
    for round in 1..3 {
        let mut out = vec![[0.0; 3]; 50];
        assert_eq!(cached.evaluate(batch, &mut out).unwrap_err(), not_finite);
        assert_eq!(bits(&out), bits(&plain_out));
        assert_eq!(cached.misses(), if round == 1 { 50 } else { 52 });
    }
}

#[test]
fn failures_are_passed_on() {
    let (inner, _) = watched(true);
    let mut cached = Cached::new(inner, 8);
    let shape = description().shape();
    let (matrices, contexts) = observations(shape, &[1]);
    let error = cached.evaluate(Batch::new(shape, &matrices, &contexts), &mut [[0.0; 3]]).unwrap_err();
    assert_eq!(error.to_string(), "watched could not evaluate: told to; check the runtime or use \"native\"");
}

#[test]
#[should_panic(expected = "one answer for each observation")]
fn too_little_room_is_a_mistake() {
    let shape = description().shape();
    let (matrices, contexts) = observations(shape, &[1, 2]);
    let _ = native(&description()).evaluate(Batch::new(shape, &matrices, &contexts), &mut [[0.0; 3]]);
}
