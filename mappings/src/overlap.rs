//! Groups of methodologies that may count the same reduction: the same kilometre at the plug and on the road, the same roof by
//! city and province. Recognising two of a group for one act would count it twice.

use std::collections::{BTreeMap, BTreeSet};

use tanqiao_protocol::id::Name;

use crate::catalogue::Catalogue;
use crate::sssom::{ExtensionSlot, MappingSetFile};

/// Which methodologies are in which group, by methodology id and without regard to versions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OverlapGroups {
    by_methodology: BTreeMap<String, BTreeSet<Name>>,
}

impl OverlapGroups {
    /// Puts a methodology into a group.
    pub fn put(&mut self, methodology: &str, group: Name) {
        self.by_methodology.entry(methodology.into()).or_default().insert(group);
    }

    /// The groups that the candidate rows of a catalogue name. A rejected pair counts too: what is not equivalent may still be
    /// the same kilometre.
    #[must_use]
    pub fn of_catalogue(catalogue: &Catalogue) -> Self {
        let mut groups = Self::default();
        for row in catalogue.candidates() {
            let named = row
                .overlap_group
                .as_deref()
                .and_then(|group| group.parse::<Name>().ok());
            let Some(group) = named else { continue };
            groups.put(&row.subject, group.clone());
            if let Some(object) = &row.object {
                groups.put(object, group);
            }
        }
        groups
    }

    /// The groups that the rows of a set name; the local parts of its ids are methodologies, with or without a version.
    #[must_use]
    pub fn of_set(set: &MappingSetFile) -> Self {
        let mut groups = Self::default();
        for row in &set.mappings {
            let named = row.extensions.get(ExtensionSlot::OverlapGroup.word());
            for group in named.into_iter().flat_map(|cell| cell.split('|')) {
                let Ok(group) = group.parse::<Name>() else { continue };
                for side in [Some(&row.subject), row.object.as_ref()].into_iter().flatten() {
                    let local = side.local();
                    let id = local.rsplit_once(".v").map_or(local, |(id, _)| id);
                    groups.put(id, group.clone());
                }
            }
        }
        groups
    }

    /// The groups of a methodology.
    pub fn of(&self, methodology: &str) -> impl Iterator<Item = &Name> {
        self.by_methodology.get(methodology).into_iter().flatten()
    }

    /// The methodologies of a group, in order.
    pub fn members<'a>(&'a self, group: &'a Name) -> impl Iterator<Item = &'a str> {
        let inside =
            move |(id, groups): (&'a String, &'a BTreeSet<Name>)| groups.contains(group).then_some(id.as_str());
        self.by_methodology.iter().filter_map(inside)
    }

    /// The groups that two methodologies share: while there is one, screening decides before either is recognised.
    #[must_use]
    pub fn shared(&self, one: &str, other: &str) -> BTreeSet<&Name> {
        let others: BTreeSet<&Name> = self.of(other).collect();
        self.of(one).filter(|group| others.contains(group)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plug_and_road_share_a_group() {
        let catalogue = Catalogue::shipped().unwrap();
        let groups = OverlapGroups::of_catalogue(&catalogue);
        let shared: Vec<&str> = groups
            .shared("CN-4201-ev-charging", "CN-4201-nev-travel")
            .into_iter()
            .map(Name::as_str)
            .collect();
        assert_eq!(shared, ["OG-EV-KM"]);
        assert!(groups.shared("CN-4201-ev-charging", "CN-37-seagrass").is_empty());
        let trips: Name = "OG-TRIP".parse().unwrap();
        assert!(groups.members(&trips).any(|id| id == "CN-4201-metro"));
    }

    #[test]
    fn a_set_says_the_same_as_the_catalogue_that_it_was_read_from() {
        const SHIPPED: &str = include_str!("../catalogue/candidate_mappings.sssom.tsv");
        let set = crate::sssom::read(SHIPPED).unwrap().set;
        let catalogue = Catalogue::shipped().unwrap();
        assert_eq!(OverlapGroups::of_set(&set), OverlapGroups::of_catalogue(&catalogue));
    }
}
