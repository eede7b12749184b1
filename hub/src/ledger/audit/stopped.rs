//! Invariant 9 for what is left alone: the serials in open findings are those that the log names, or somebody could take one off the
//! list behind the ledger and have it moved.

use std::collections::BTreeMap;

use tanqiao_protocol::leaf::Leaf;
use tanqiao_protocol::serial::BlockRef;

use super::findings::Findings;
use crate::store::database::{ReadConnection, StoreError};
use crate::store::findings::contradictions;

/// The serials that the log names, by subject, until it says that the findings were closed.
#[derive(Debug, Default)]
pub(super) struct Stopped(BTreeMap<String, Vec<BlockRef>>);

impl Stopped {
    /// A leaf.
    pub(super) fn see(&mut self, bytes: &[u8]) {
        // Few leaves are about reconciliations.
        if !std::str::from_utf8(bytes).is_ok_and(|text| text.contains("\"type\":\"reconciliation.c")) {
            return;
        }
        let Ok(mut leaf) = serde_json::from_slice::<Leaf>(bytes) else {
            return;
        };
        match leaf.r#type.as_str() {
            "reconciliation.contradicted" => {
                let named = leaf
                    .data
                    .get_mut("blocks")
                    .map(serde_json::Value::take)
                    .unwrap_or_default();
                let named: Vec<BlockRef> = serde_json::from_value(named).unwrap_or_default();
                self.0.entry(leaf.subject).or_default().extend(named);
            }
            "reconciliation.closed" => drop(self.0.remove(&leaf.subject)),
            _ => {}
        }
    }

    /// Compares with what is stored.
    pub(super) fn check(
        mut self,
        connection: &mut ReadConnection<'_>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for (id, found) in contradictions(connection)? {
            findings.checked(9);
            let subject = format!("reconciliation/{id}");
            let (mut stored, mut logged) = (found.blocks, self.0.remove(&subject).unwrap_or_default());
            if !found.open {
                stored.clear();
            }
            stored.sort_unstable();
            logged.sort_unstable();
            findings.ensure(9, stored == logged, &subject, || {
                format!(
                    "leaves {} runs of serials alone, and by the log there are {}, or others",
                    stored.len(),
                    logged.len()
                )
            });
        }
        for (subject, logged) in self.0 {
            findings.checked(9);
            findings.add(
                9,
                subject,
                format!(
                    "by the log {} runs of serials are left alone, and nothing is stored of it",
                    logged.len()
                ),
            );
        }
        Ok(())
    }
}
