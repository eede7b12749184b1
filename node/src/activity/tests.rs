//! Pages give back what was put into them, and the record pages know each id once.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::quantification::Amount;
use crate::store::activities::ActivityPageRow;

#[derive(Debug, Clone)]
struct Owned {
    source_id: i64,
    record_id: String,
    account: String,
    billionths: u128,
    started_at: i64,
    ended_at: i64,
    place: String,
    asset: Option<String>,
    reduction_g: i64,
}

impl Owned {
    fn activity(&self) -> Activity<'_> {
        Activity {
            source_id: self.source_id,
            record_id: &self.record_id,
            account: &self.account,
            quantity: Amount::from_billionths(self.billionths).unwrap(),
            started_at: self.started_at,
            ended_at: self.ended_at,
            place: &self.place,
            asset: self.asset.as_deref(),
            reduction_g: self.reduction_g,
        }
    }
}

fn owned() -> impl Strategy<Value = Owned> {
    let texts = (
        "[!#-~]{1,100}",
        "[a-z0-9-]{1,20}",
        "[0-9]{6}",
        proptest::option::of("[a-z]{1,30}"),
    );
    let numbers = (1..9_i64, 0..1_u128 << 100, any::<i64>(), any::<i64>(), 0..1_i64 << 40);
    (texts, numbers).prop_map(
        |((record_id, account, place, asset), (source_id, billionths, started_at, ended_at, reduction_g))| Owned {
            source_id,
            record_id,
            account,
            billionths,
            started_at,
            ended_at,
            place,
            asset,
            reduction_g,
        },
    )
}

fn page_of(all: &[Owned]) -> ActivityPageRow {
    let mut page = PageWriter::new(3, 100, all.len());
    for (id, one) in (100..).zip(all) {
        assert_eq!(page.add(&one.activity()), Some(id));
    }
    page.finish()
}

proptest! {
    #[test]
    fn a_page_gives_back_its_activities_in_order(all in proptest::collection::vec(owned(), 1..40)) {
        let page = page_of(&all);
        prop_assert_eq!((page.first_id, page.last_id), (100, 99 + i64::try_from(all.len()).unwrap()));
        prop_assert_eq!(page.reduction_g, all.iter().map(|one| one.reduction_g).sum::<i64>());
        let mut reader = PageReader::new(&page).unwrap();
        for (id, one) in (100..).zip(&all) {
            prop_assert_eq!(reader.next().unwrap(), Some((id, one.activity())));
        }
        prop_assert_eq!(reader.next().unwrap(), None);
    }

    #[test]
    fn a_page_that_was_cut_or_changed_is_refused_or_read_to_its_end(
        all in proptest::collection::vec(owned(), 1..5), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut page = page_of(&all);
        let at = at.index(page.content.len());
        let whole = page.content.clone();
        page.content.truncate(at);
        prop_assert!(read(&page).is_err(), "a cut page is refused");
        page.content = whole;
        page.content[at] = byte;
        let _ = read(&page);
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn record_pages_know_every_id_once_whatever_the_order(
        batches in proptest::collection::vec(proptest::collection::btree_set("[a-c0-2]{1,8}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}|[0-9a-f]{32}", 1..400), 1..8),
    ) {
        let mut index = Index::default();
        let mut known: BTreeMap<String, i64> = BTreeMap::new();
        for batch in &batches {
            let found = index.take(batch);
            for (id, found) in batch.iter().zip(found) {
                prop_assert_eq!(found, known.get(id).copied(), "{}", id);
                let next = i64::try_from(known.len()).unwrap() + 1;
                known.entry(id.clone()).or_insert(next);
            }
        }
        prop_assert_eq!(index.find(&known.keys().cloned().collect()), known.values().map(|id| Some(*id)).collect::<Vec<_>>());
    }
}

fn read(page: &ActivityPageRow) -> Result<usize, StoreError> {
    let mut reader = PageReader::new(page)?;
    let mut count = 0;
    while reader.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// The record pages of one platform, in memory.
#[derive(Default)]
struct Index {
    pages: BTreeMap<Vec<u8>, Vec<u8>>,
    ids: i64,
}

impl Index {
    fn keys(batch: &BTreeSet<String>) -> Vec<(RecordKey<'_>, usize)> {
        let mut keys: Vec<_> = batch
            .iter()
            .enumerate()
            .map(|(place, id)| (RecordKey::of(id), place))
            .collect();
        keys.sort_unstable();
        keys
    }

    fn covered(&self, keys: &[RecordKey<'_>]) -> Vec<Covered> {
        Covered::divide(self.pages.keys().cloned().collect(), keys)
    }

    fn content(&self, covered: &Covered) -> Vec<u8> {
        covered
            .first_key
            .as_ref()
            .map_or_else(Vec::new, |key| self.pages[key].clone())
    }

    /// The activity of each id, in the order of the ids.
    fn find(&self, batch: &BTreeSet<String>) -> Vec<Option<i64>> {
        let keyed = Self::keys(batch);
        let keys: Vec<_> = keyed.iter().map(|(key, _)| *key).collect();
        let mut out = vec![None; batch.len()];
        for covered in self.covered(&keys) {
            let found = find(&self.content(&covered), &keys[covered.keys.clone()]).unwrap();
            for ((_, place), found) in keyed[covered.keys].iter().zip(found) {
                out[*place] = found;
            }
        }
        out
    }

    /// Takes the ids that are free, in their order; what was found of each before.
    fn take(&mut self, batch: &BTreeSet<String>) -> Vec<Option<i64>> {
        let found = self.find(batch);
        let ids: Vec<Option<i64>> = found
            .iter()
            .map(|found| {
                self.ids += i64::from(found.is_none());
                found.is_none().then_some(self.ids)
            })
            .collect();
        let keyed = Self::keys(batch);
        let keys: Vec<_> = keyed.iter().map(|(key, _)| *key).collect();
        for covered in self.covered(&keys) {
            let added: Vec<Taken<'_>> = keyed[covered.keys.clone()]
                .iter()
                .filter_map(|(key, place)| ids[*place].map(|id| Taken { key: *key, id }))
                .collect();
            let pages = insert(covered.first_key.as_deref(), &self.content(&covered), &added).unwrap();
            self.pages.extend(pages);
        }
        found
    }
}

#[test]
fn ascending_ids_fill_their_pages_and_take_few_bytes() {
    let ids: BTreeSet<String> = (0..100_000).map(|n| format!("ride-{n:09}")).collect();
    let mut index = Index::default();
    index.take(&ids);
    let bytes: usize = index.pages.values().map(Vec::len).sum();
    assert!(bytes < 6 * ids.len(), "{bytes} bytes");
    let fullest = index.pages.values().map(Vec::len).max().unwrap();
    assert!(
        fullest < 4_000 && index.pages.len() < bytes / 3_700 + 2,
        "{fullest}, {}",
        index.pages.len()
    );
}

#[test]
fn ids_that_look_alike_are_different_keys() {
    let hyphens = "0191e8a0-1234-4abc-8def-0123456789ab";
    let digits = hyphens.replace('-', "");
    let alike = [
        hyphens,
        &digits,
        &hyphens.to_uppercase(),
        &digits.to_uppercase(),
        hyphens.trim_end_matches('b'),
    ];
    let keys: BTreeSet<Vec<u8>> = alike.iter().map(|id| RecordKey::of(id).as_bytes().to_vec()).collect();
    assert_eq!(keys.len(), alike.len());
    assert_eq!(RecordKey::of(hyphens).as_bytes().len(), 17);
}
