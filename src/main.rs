//! The binary: everything is in the library. Started as the compiler of plugins it is that and nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    postcase::plugin::child().unwrap_or_else(postcase::cli::main)
}
