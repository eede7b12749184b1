//! Whose feeds a decision about mappings, or about what they rest on, may write to.

use tanqiao_protocol::mapping::MappingProposal;
use tanqiao_protocol::methodology::MappingRef;

use super::Needs;
use crate::ledger::decide::{Changed, concerned_mappings, told_of_mapping};
use crate::ledger::working::Working;

impl Needs {
    /// The feeds of everyone who is told of a mapping, of its other versions, and of those that are composed of it.
    pub(super) fn mapping(&mut self, mapping: &MappingRef, working: &Working) {
        let governance = &working.governance;
        let versions = governance.mapping_versions.iter();
        for (other, version) in versions.filter(|(other, _)| other.id() == mapping.id()) {
            for member in told_of_mapping(governance, version) {
                self.feed(&member, working);
            }
            self.concerned(&Changed::Mapping(other.clone()), working);
        }
    }

    pub(super) fn proposal(&mut self, proposal: &MappingProposal, working: &Working) {
        self.feed(&proposal.endorsed_by, working);
        if let Some(published) = working.governance.methodologies.get(&proposal.origin) {
            self.feed(&published.publisher, working);
        }
        self.mapping(&proposal.mapping, working);
    }

    /// The feeds of everyone who is told of the mappings that a change may concern.
    pub(super) fn concerned(&mut self, changed: &Changed, working: &Working) {
        let governance = &working.governance;
        for mapping in concerned_mappings(governance, changed) {
            let version = governance.mapping_versions.get(&mapping);
            for member in version.map(|one| told_of_mapping(governance, one)).unwrap_or_default() {
                self.feed(&member, working);
            }
            if !matches!(changed, Changed::Mapping(_)) {
                self.concerned(&Changed::Mapping(mapping), working);
            }
        }
    }
}
