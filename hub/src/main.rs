//! `tanqiao-hub`.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    tanqiao_hub::cli::run()
}
