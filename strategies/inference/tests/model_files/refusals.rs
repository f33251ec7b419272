//! Every way a model file is refused, each with a file made here: the error is exact, and its sentence names
//! the file, the thing and the remedy.

use crate::files::{AGENT, Place, SCHEMA_HASH, SHAPE, description, expected, load_bytes, model, sha256};
use crate::files::{split, with_header, with_metadata};
use inference::limits::{FILE_BYTES_MAX, HEADER_BYTES_MAX};
use inference::{
    Batch, Expected, Layer, LayerProblem, ModelError, ModelFile, NetworkError, Shape, load, seeded_inputs,
};
use serde_json::json;

/// The file is refused for this reason, in a sentence with these words and the file's name.
fn check(bytes: &[u8], error: &ModelError, words: &[&str]) {
    check_expecting(bytes, &expected(bytes), error, words);
}

fn check_expecting(bytes: &[u8], expected: &Expected, error: &ModelError, words: &[&str]) {
    let place = Place::new(bytes);
    let found = load(&place.path, expected).expect_err("a refusal");
    assert_eq!(found.error, *error, "{found}");
    let sentence = found.to_string();
    let path = place.path.display().to_string();
    for word in words.iter().chain([&path.as_str()]) {
        assert!(sentence.contains(word), "{word:?} is not in: {sentence}");
    }
    assert!(!sentence.contains('\n') && sentence.len() < 600, "{sentence}");
}

#[test]
fn a_whole_file_is_accepted() {
    let file = model();
    let place = Place::new(&[]);
    let hash = file.save(&place.path).unwrap();
    assert_eq!(std::fs::read(&place.path).unwrap(), file.to_bytes());
    let upper = Expected { sha256: hash.to_uppercase(), ..expected(&file.to_bytes()) };
    let model = load(&place.path, &upper).unwrap();
    let texts = (model.agent.as_str(), model.schema_hash.as_str(), model.training.as_str());
    assert_eq!(texts, (AGENT, SCHEMA_HASH, "untrained"));
    assert_eq!((model.sha256, model.network.shape()), (hash, SHAPE));
    assert_eq!(model.about, "random weights of seed 1");

    let network = inference::Network::new(&file.description, &file.weights).unwrap();
    let (matrices, contexts) = (seeded_inputs(5 * SHAPE.cells(), 3), seeded_inputs(5 * SHAPE.context, 4));
    let batch = Batch::new(SHAPE, &matrices, &contexts);
    let (mut loaded, mut made) = ([0.0; 15], [1.0; 15]);
    model.network.forward(batch, &mut model.network.scratch(), &mut loaded);
    network.forward(batch, &mut network.scratch(), &mut made);
    assert_eq!(loaded.map(f32::to_bits), made.map(f32::to_bits));
}

#[test]
fn a_model_gives_the_same_bytes_every_time() {
    assert_eq!(model().to_bytes(), model().to_bytes());
    assert_eq!(model().to_bytes().len() % 4, 0);
}

#[test]
fn what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let absent = load(&folder.path().join("absent"), &expected(&[])).unwrap_err();
    assert!(matches!(absent.error, ModelError::Unreadable { .. }));
    assert!(absent.to_string().contains("absent: cannot be read (No such file"), "{absent}");
    let not_a_file = load(folder.path(), &expected(&[])).unwrap_err();
    assert!(not_a_file.to_string().contains("not a regular file"), "{not_a_file}");
    let unwritable = model().save(&folder.path().join("no/such/folder")).unwrap_err();
    assert!(unwritable.to_string().contains("cannot be written"), "{unwritable}");
}

#[test]
fn a_file_that_is_too_long() {
    let place = Place::new(&[]);
    // Sparse: it takes no space.
    std::fs::File::create(&place.path).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
    let found = load(&place.path, &expected(&[])).unwrap_err();
    assert_eq!(found.error, ModelError::TooLarge { bytes: FILE_BYTES_MAX + 1 });
    assert!(found.to_string().contains("make the network smaller"), "{found}");
}

#[test]
fn pickles_and_archives() {
    let zip = ModelError::Foreign { format: "a zip archive, as torch.save writes" };
    check(b"PK\x03\x04rest of an archive", &zip, &["zip", "export it as safetensors"]);
    check(b"PK\x05\x06", &zip, &["zip"]);
    let pickle = ModelError::Foreign { format: "a pickle, which can run any program when it is read" };
    check(
        b"\x80\x04\x95\x0c\0\0\0\0\0\0\0\x8c\x08builtins",
        &pickle,
        &["pickle", "export it as safetensors"],
    );
    check(b"\x80\x02}q\0.", &pickle, &["pickle"]);
    // Recognised even where the configured hash is another.
    let expecting = expected(b"else");
    check_expecting(b"PK\x03\x04", &expecting, &zip, &[]);
}

#[test]
fn a_header_whose_length_looks_like_a_pickle_is_read() {
    let whole = model().to_bytes();
    let (header, data) = split(&whole);
    let mut text = serde_json::Value::Object(header).to_string();
    while text.len() & 0xFF != 0x80 || !(2..=5).contains(&(text.len() >> 8)) {
        text.push(' ');
    }
    let bytes = [&(text.len() as u64).to_le_bytes(), text.as_bytes(), &data].concat();
    assert_eq!(bytes[0], 0x80);
    load_bytes(&bytes).unwrap();
}

#[test]
fn another_hash() {
    let bytes = model().to_bytes();
    let other = sha256(b"other");
    let expecting = Expected { sha256: other.clone(), ..expected(&bytes) };
    let error = ModelError::Hash { expected: other.clone(), found: sha256(&bytes) };
    check_expecting(&bytes, &expecting, &error, &[&other, &sha256(&bytes), "restore the file"]);
    for malformed in ["", "abc", &"g".repeat(64), &"a".repeat(65)] {
        let expecting = Expected { sha256: malformed.to_owned(), ..expected(&bytes) };
        let error = ModelError::HashMalformed { configured: malformed.to_owned() };
        check_expecting(&bytes, &expecting, &error, &["64 hex digits", "sha256sum"]);
    }
    let mut changed = bytes.clone();
    *changed.last_mut().unwrap() ^= 1;
    let place = Place::new(&changed);
    assert!(matches!(load(&place.path, &expected(&bytes)).unwrap_err().error, ModelError::Hash { .. }));
}

#[test]
fn headers_that_claim_too_much() {
    let claim = |claimed: u64, file: usize| {
        let mut bytes = vec![b' '; file];
        bytes[..8].copy_from_slice(&claimed.to_le_bytes());
        let error = ModelError::HeaderLength { claimed, file: file as u64 };
        check(&bytes, &error, &[&claimed.to_string(), "export it again"]);
    };
    claim(u64::MAX, 100);
    claim(93, 100);
    claim(HEADER_BYTES_MAX + 1, HEADER_BYTES_MAX as usize + 100);
    check(
        b"short",
        &ModelError::Header { cause: "the file ends after 5 bytes".into() },
        &["export it again"],
    );
    check(b"", &ModelError::Header { cause: "the file ends after 0 bytes".into() }, &[]);
}

#[test]
fn headers_that_are_none() {
    let refused = |bytes: &[u8]| {
        let found = load_bytes(bytes).unwrap_err();
        assert!(matches!(found.error, ModelError::Header { .. }), "{found}");
    };
    refused(&[2_u64.to_le_bytes().as_slice(), b"[]"].concat());
    refused(&[4_u64.to_le_bytes().as_slice(), b"\xFF\xFE{}"].concat());
    refused(&[8_u64.to_le_bytes().as_slice(), br#"{"a": 1}"#].concat());
    let whole = model().to_bytes();
    refused(&whole[..whole.len() - 1]);
    refused(&[whole.as_slice(), b"more"].concat());
    let huge = json!({ "dtype": "F32", "shape": [u64::MAX, u64::MAX], "data_offsets": [0, 8] });
    refused(&with_header(|header| drop(header.insert("layers.0.weight".into(), huge.clone()))));
    let overlapping = json!({ "dtype": "F32", "shape": [1], "data_offsets": [0, 4] });
    refused(&with_header(|header| drop(header.insert("more".into(), overlapping.clone()))));
}

#[test]
fn metadata() {
    for key in ["format", "schema_version", "network", "agent", "schema_hash", "about", "training"] {
        check(&with_metadata(key, None), &ModelError::MetadataMissing { key }, &[key, "writer"]);
    }
    let none = with_header(|header| drop(header.remove("__metadata__")));
    check(&none, &ModelError::MetadataMissing { key: "format" }, &[]);
    check(
        &with_metadata("format", Some("pt")),
        &ModelError::Format { found: "pt".into() },
        &["grandmodel-policy"],
    );
    check(
        &with_metadata("schema_version", Some("2")),
        &ModelError::Version { found: "2".into() },
        &["2", "reads 1"],
    );
    let agent = ModelError::Agent { expected: AGENT.into(), found: "fvg".into() };
    check(&with_metadata("agent", Some("fvg")), &agent, &["fvg", AGENT]);
    let schema = ModelError::Schema { expected: SCHEMA_HASH.into(), found: "ABC".into() };
    check(&with_metadata("schema_hash", Some("ABC")), &schema, &[SCHEMA_HASH, "ABC", "train it on these"]);
}

#[test]
fn networks() {
    let network = |text: &str, error: NetworkError, words: &[&str]| {
        check(&with_metadata("network", Some(text)), &ModelError::Network(error), words);
    };
    let json = description().to_json();
    network(
        &json.replace("\"version\":1", "\"version\":7"),
        NetworkError::Version { found: 7 },
        &["version 7"],
    );
    let wide = NetworkError::Size { what: "columns", found: 1 << 40, min: 1, max: 4_096 };
    network(&json.replace("\"columns\":3", "\"columns\":1099511627776"), wide, &["1..=4096"]);
    let inputs = LayerProblem::Inputs { declared: 11, given: 10 };
    let dense = NetworkError::Layer { index: 5, kind: "dense", problem: inputs };
    network(&json.replace("\"in\":10", "\"in\":11"), dense, &["layer 5 (dense)", "11", "10"]);
    let malformed = load_bytes(&with_metadata("network", Some("{"))).unwrap_err();
    assert!(matches!(malformed.error, ModelError::Network(NetworkError::Json { .. })), "{malformed}");
}

#[test]
fn networks_that_are_no_policy_of_this_run() {
    let shape = Shape { rows: 5, ..SHAPE };
    let expecting = Expected { shape, ..expected(&model().to_bytes()) };
    let error = ModelError::Shape { expected: shape, found: SHAPE };
    check_expecting(&model().to_bytes(), &expecting, &error, &["6x3+2", "5x3+2"]);

    let with_layers = |change: &dyn Fn(&mut Vec<Layer>)| {
        let mut description = description();
        change(&mut description.layers);
        ModelFile::untrained(AGENT, SCHEMA_HASH, description, 1).unwrap().to_bytes()
    };
    let four = with_layers(&|layers| layers[7] = Layer::Dense { input: 5, output: 4 });
    check(&four, &ModelError::NotAPolicy { outputs: 4 }, &["4 outputs", "softmax over 3"]);
    let without_softmax = with_layers(&|layers| layers.truncate(8));
    check(&without_softmax, &ModelError::NotAPolicy { outputs: 3 }, &["softmax"]);
}

#[test]
fn tensors() {
    let missing = |name: &str| {
        let bytes = with_header(|header| {
            let tensor = header.remove(name).unwrap();
            header.insert("other".into(), tensor);
        });
        check(&bytes, &ModelError::TensorMissing { name: name.into() }, &[name]);
    };
    for name in ["layers.0.weight", "layers.7.bias"] {
        missing(name);
    }
    for name in ["test.matrix", "test.context", "test.output"] {
        let bytes = with_header(|header| {
            let tensor = header.remove(name).unwrap();
            header.insert("other".into(), tensor);
        });
        check(&bytes, &ModelError::TensorUnknown { name: "other".into() }, &["other", "remove it"]);
        // Without anything in its place. Its bytes go with it.
        let mut file = model();
        match name {
            "test.matrix" => file.vector.matrix.clear(),
            "test.context" => file.vector.context.clear(),
            _ => file.vector.output.clear(),
        }
        let (mut header, data) = split(&file.to_bytes());
        header.remove(name).unwrap();
        check(&crate::files::join(&header, &data), &ModelError::TensorMissing { name: name.into() }, &[name]);
    }
    let empty = json!({ "dtype": "F32", "shape": [0], "data_offsets": [0, 0] });
    let extra = with_header(|header| drop(header.insert("spare".into(), empty.clone())));
    check(&extra, &ModelError::TensorUnknown { name: "spare".into() }, &["spare"]);
}

#[test]
fn tensors_of_another_type_or_shape() {
    let set = |name: &str, key: &str, value: serde_json::Value| {
        with_header(|header| header[name][key] = value.clone())
    };
    let integers = ModelError::TensorType { name: "layers.5.bias".into(), found: "I32".into() };
    check(&set("layers.5.bias", "dtype", json!("I32")), &integers, &["layers.5.bias", "I32", "F32"]);
    let shape = |name: &str, found: Vec<usize>, expected: Vec<usize>| {
        let error = ModelError::TensorShape { name: name.into(), expected, found: found.clone() };
        check(&set(name, "shape", json!(found)), &error, &[name]);
    };
    // Transposed: as many numbers, in another order.
    shape("layers.5.weight", vec![10, 5], vec![5, 10]);
    shape("layers.0.weight", vec![4, 9], vec![4, 3, 3]);
    shape("layers.0.bias", vec![2, 2], vec![4]);
    shape("test.matrix", vec![3, 6], vec![6, 3]);
}

#[test]
fn numbers_that_are_not_finite() {
    let spoilt = |name: &str, index: usize, change: &dyn Fn(&mut ModelFile)| {
        let mut file = model();
        change(&mut file);
        check(
            &file.to_bytes(),
            &ModelError::TensorNotFinite { name: name.into(), index },
            &[name, "checkpoint"],
        );
    };
    spoilt("layers.0.weight", 7, &|file| file.weights[0].weight[7] = f32::NAN);
    spoilt("layers.5.weight", 49, &|file| file.weights[1].weight[49] = f32::INFINITY);
    spoilt("layers.7.bias", 0, &|file| file.weights[2].bias[0] = f32::NEG_INFINITY);
    spoilt("test.matrix", 1, &|file| file.vector.matrix[1] = f32::NAN);
    spoilt("test.output", 2, &|file| file.vector.output[2] = f32::NAN);
}

#[test]
fn another_answer_to_the_test_vector() {
    let difference = |change: &dyn Fn(&mut ModelFile)| {
        let mut file = model();
        change(&mut file);
        match load_bytes(&file.to_bytes()).map_err(|error| error.error) {
            Ok(_) => None,
            Err(ModelError::TestVector { difference, difference_max }) => {
                assert_eq!(difference_max.to_bits(), 1e-5_f64.to_bits());
                Some(difference)
            }
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(difference(&|file| file.vector.output[0] += 5e-6), None);
    let found = difference(&|file| file.vector.output[1] += 2e-5).unwrap();
    assert!((found - 2e-5).abs() < 1e-6, "{found}");
    assert!(difference(&|file| file.weights[1].weight.swap(0, 10)).is_some());
    assert!(difference(&|file| file.vector.matrix.reverse()).is_some());
    // Finite weights whose products are not: the answer is NaN, and NaN is not close to anything.
    let overflow = difference(&|file| file.weights.iter_mut().for_each(|layer| layer.weight.fill(3e38)));
    assert!(overflow.is_some_and(f64::is_nan), "{overflow:?}");
}
