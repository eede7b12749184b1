//! `tanqiao-certs`: the authority of a federation on the command line.
//!
//! Exit status: 0 done, 1 refused or failed, 2 misused.
#![forbid(unsafe_code)]

mod command;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;

fn main() -> ExitCode {
    let cli = command::Cli::parse();
    let json = cli.json;
    let now = chrono::Utc::now();
    // Certificates count whole seconds.
    let now = chrono::DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now);
    let (output, code) = match cli.run(now) {
        Ok(report) if json => (format!("{:#}\n", report.json), ExitCode::SUCCESS),
        Ok(report) => (report.text, ExitCode::SUCCESS),
        Err(error) => {
            let message = with_causes(error.as_ref());
            let _ = writeln!(io::stderr(), "tanqiao-certs: {message}");
            let output = if json {
                format!("{:#}\n", serde_json::json!({ "error": message }))
            } else {
                String::new()
            };
            (output, ExitCode::FAILURE)
        }
    };
    // A reader that has gone away (`| head`) is no failure of the command.
    let _ = io::stdout().write_all(output.as_bytes());
    code
}

/// The message, followed by what caused it.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        message = format!("{message} ({inner})");
        cause = inner.source();
    }
    message
}
