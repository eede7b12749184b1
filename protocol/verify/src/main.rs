//! `tanqiao-verify`: proofs of a federation, checked from files alone.
//!
//! Exit status: 0 proven, 1 refuted or failed, 2 misused.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
