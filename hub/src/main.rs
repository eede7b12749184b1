//! `tanqiao-hub`: the command line around the hub's library.
#![forbid(unsafe_code)]

/// A service that allocates and frees on many threads: measurably faster than the system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

// The command line names the library's modules as its own.
use tanqiao_hub::{
    api, bench, config, crash, enrolment, ledger, recognition, reconciliation, recovery, scheme_list, screening, serve,
    store, transparency,
};

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
