//! `admin matrix`.

use clap::Args;
use tanqiao_mappings::matrix::{MatrixCell, matrix_csv};
use tanqiao_protocol::id::Name;
use tanqiao_protocol::r#use::Use;

use super::desk::Desk;
use super::output::{CliError, Output};
use crate::api::hub::now;
use crate::api::mappings::matrix_of;

/// Which part of the matrix, and in which form.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  tanqiao-hub admin matrix --activity rail-transit --csv")]
pub(super) struct MatrixArgs {
    /// Of this activity only.
    #[arg(long)]
    activity: Option<Name>,
    /// As CSV (RFC 4180).
    #[arg(long)]
    csv: bool,
}

impl MatrixArgs {
    pub(super) fn run(&self, desk: &Desk, output: &Output) -> Result<(), CliError> {
        let governance = desk.governance();
        let cells = output.while_working("computing", || matrix_of(&governance, self.activity.as_ref(), now()));
        if self.csv {
            let bytes = matrix_csv(&cells).map_err(CliError::failed)?;
            output.text("csv", &String::from_utf8_lossy(&bytes));
        } else {
            output.list(&cells, line);
        }
        Ok(())
    }
}

fn line(cell: &MatrixCell) -> String {
    let by = cell.recognised.iter().map(|one| {
        let uses: Vec<&str> = one.uses.iter().map(Use::word).collect();
        format!("; {} by {} for {}", one.factor, one.mapping, uses.join(", "))
    });
    format!(
        "{} {} {} -> {}: {}{}",
        cell.activity,
        cell.from,
        cell.methodology,
        cell.to,
        cell.state,
        by.collect::<String>()
    )
}
