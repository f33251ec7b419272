//! The `grandmodel` binary: everything is in the library, where tests reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The Parquet library panics on some damaged pages; the decoder turns that into one sentence of its own.
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !catalog::is_decoding() {
            default(panic);
        }
    }));
    daemon::cli::main(std::env::args_os())
}
