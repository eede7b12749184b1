//! `tanqiao-node`: a member registry on the command line.
//!
//! Exit status: 0 done, 1 refused or failed, 2 misused.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    tanqiao_node::cli::run()
}
