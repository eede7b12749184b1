//! `tanqiao-evaluator`: the command line around the evaluator's library.
#![forbid(unsafe_code)]

/// A service that allocates and frees on many threads: measurably faster than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
