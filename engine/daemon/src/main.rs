//! The `grandmodel` binary: everything is in the library, where tests reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    daemon::cli::main(std::env::args_os())
}
