//! Tells the tests and examples of this crate where libtorch is; without the feature `libtorch` it does nothing.
//!
//! Cargo passes such an argument to this package's own programs only. A program of another crate that turns the
//! feature on needs the same line in a build script of its own, as engine/daemon has it, or LD_LIBRARY_PATH when it
//! starts.

fn main() {
    println!("cargo::rerun-if-env-changed=LIBTORCH");
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_LIBTORCH").is_none() {
        return;
    }
    if let Ok(libtorch) = std::env::var("LIBTORCH") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{libtorch}/lib");
    }
}
