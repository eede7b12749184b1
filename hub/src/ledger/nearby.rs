//! What lies near a place: the boxes of all registered assets and listed entries, by class, in R-trees.
//!
//! A process keeps them in memory and catches up inside each transaction by reading what was written since, under the lock on the
//! log's head: with several processes none of them misses what another has registered. Only committed rows enter it.

use std::collections::BTreeMap;

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use tanqiao_protocol::asset::Bounds;
use tanqiao_protocol::id::Name;

use super::objects::{AssetKey, EntryKey};

/// Coordinates are integers; in the tree they are binary64, which holds them exactly.
type Corner = [f64; 2];
type Spot<K> = GeomWithData<Rectangle<Corner>, K>;

/// Boxes of one kind of thing, by class.
#[derive(Debug, Clone)]
pub struct Spots<K: Ord + Clone> {
    trees: BTreeMap<Name, RTree<Spot<K>>>,
    known: BTreeMap<K, (Name, Bounds)>,
}

impl<K: Ord + Clone> Default for Spots<K> {
    fn default() -> Self {
        Self {
            trees: BTreeMap::new(),
            known: BTreeMap::new(),
        }
    }
}

fn corners(bounds: &Bounds) -> (Corner, Corner) {
    (
        [f64::from(bounds.west), f64::from(bounds.south)],
        [f64::from(bounds.east), f64::from(bounds.north)],
    )
}

fn spot<K>(bounds: &Bounds, key: K) -> Spot<K> {
    let (least, greatest) = corners(bounds);
    Spot::new(Rectangle::from_corners(least, greatest), key)
}

impl<K: Ord + Clone> Spots<K> {
    /// Number of things.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// True if there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Puts a thing where it is now, and nowhere else.
    pub fn put(&mut self, key: K, class: Name, bounds: Bounds) {
        if self.known.get(&key) == Some(&(class.clone(), bounds)) {
            return;
        }
        self.remove(&key);
        let tree = self.trees.entry(class.clone()).or_default();
        tree.insert(spot(&bounds, key.clone()));
        self.known.insert(key, (class, bounds));
    }

    /// Takes a thing away.
    pub fn remove(&mut self, key: &K) {
        let Some((class, bounds)) = self.known.remove(key) else {
            return;
        };
        if let Some(tree) = self.trees.get_mut(&class) {
            tree.remove(&spot(&bounds, key.clone()));
        }
    }

    /// Puts many things; of two with one key the later counts. Quick for the first that come.
    pub fn extend(&mut self, things: impl IntoIterator<Item = (K, Name, Bounds)>) {
        if !self.is_empty() {
            for (key, class, bounds) in things {
                self.put(key, class, bounds);
            }
            return;
        }
        self.known = things
            .into_iter()
            .map(|(key, class, bounds)| (key, (class, bounds)))
            .collect();
        let mut by_class: BTreeMap<Name, Vec<Spot<K>>> = BTreeMap::new();
        for (key, (class, bounds)) in &self.known {
            by_class
                .entry(class.clone())
                .or_default()
                .push(spot(bounds, key.clone()));
        }
        self.trees = by_class
            .into_iter()
            .map(|(class, spots)| (class, RTree::bulk_load(spots)))
            .collect();
    }

    /// The things of a class whose boxes meet this one, at most `most` and one, ascending: the answer does not depend on the order in
    /// which the tree was filled.
    #[must_use]
    pub fn find(&self, class: &Name, bounds: &Bounds, most: usize) -> Vec<K> {
        let Some(tree) = self.trees.get(class) else {
            return Vec::new();
        };
        let (least, greatest) = corners(bounds);
        let met = tree.locate_in_envelope_intersecting(&AABB::from_corners(least, greatest));
        let mut found: Vec<K> = met.take(most.saturating_add(1)).map(|spot| spot.data.clone()).collect();
        found.sort_unstable();
        found
    }
}

/// All that is registered and listed, as committed.
#[derive(Debug, Clone, Default)]
pub struct Nearby {
    /// Registered assets, in any state.
    pub assets: Spots<AssetKey>,
    /// Entries of scheme lists that have a place.
    pub entries: Spots<EntryKey>,
    /// Leaves below this index are in it.
    pub seen: i64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn class(number: u8) -> Name {
        format!("class-{number}").parse().unwrap()
    }

    fn bounds() -> impl Strategy<Value = Bounds> {
        (-1_000..1_000_i32, -1_000..1_000_i32, 0..200_i32, 0..200_i32).prop_map(|(west, south, width, height)| Bounds {
            west,
            south,
            east: west + width,
            north: south + height,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever was put, moved and taken away, in whatever portions: the tree finds what looking at every box finds.
        #[test]
        fn the_tree_finds_what_looking_at_everything_finds(
            first in prop::collection::vec((0..60_u32, 0..3_u8, bounds()), 0..80),
            later in prop::collection::vec((0..60_u32, 0..3_u8, bounds(), any::<bool>()), 0..80),
            asked in (0..3_u8, bounds()),
        ) {
            let mut spots: Spots<u32> = Spots::default();
            let mut all: BTreeMap<u32, (Name, Bounds)> = BTreeMap::new();
            for (key, number, bounds) in &first {
                all.insert(*key, (class(*number), *bounds));
            }
            spots.extend(first.iter().map(|(key, number, bounds)| (*key, class(*number), *bounds)));
            for (key, number, bounds, gone) in &later {
                if *gone {
                    spots.remove(key);
                    all.remove(key);
                } else {
                    spots.put(*key, class(*number), *bounds);
                    all.insert(*key, (class(*number), *bounds));
                }
            }
            let (number, bounds) = asked;
            let expected: Vec<u32> = all
                .iter()
                .filter(|(_, (class_of, other))| *class_of == class(number) && other.meets(&bounds))
                .map(|(key, _)| *key)
                .collect();
            prop_assert_eq!(spots.find(&class(number), &bounds, usize::MAX), expected);
            prop_assert_eq!(spots.len(), all.len());
        }
    }
}
