use std::collections::BTreeMap;
use std::convert::Infallible;

use proptest::prelude::*;

use super::*;
use crate::id::Sha256;
use crate::leaf::leaf_hash;
use crate::merkle::{Node, RootBuilder, consistency, consistent, includes, inclusion, root};

fn paths(tiles: impl Iterator<Item = Tile>) -> Vec<String> {
    tiles.map(|tile| tile.to_string()).collect()
}

#[test]
fn seventy_thousand_entries_have_the_tiles_of_the_specification() {
    let tiles: Vec<Tile> = changed_tiles(0, 70_000).collect();
    let of = |level| tiles.iter().filter(move |tile| tile.kind() == Kind::Hashes(level));
    assert_eq!(of(0).filter(|tile| tile.is_full()).count(), 273);
    assert_eq!(of(0).next_back().unwrap().to_string(), "tile/0/273.p/112");
    assert_eq!(paths(of(1).copied()), ["tile/1/000", "tile/1/001.p/17"]);
    assert_eq!(paths(of(2).copied()), ["tile/2/000.p/1"]);
    assert_eq!(tiles.len(), 274 + 2 + 1);
    assert_eq!(
        paths(changed_bundles(0, 70_000)).last().unwrap(),
        "tile/entries/273.p/112"
    );
    assert_eq!(paths(changed_tiles(0, 256)), ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(paths(changed_tiles(0, 1)), ["tile/0/000.p/1"]);
}

#[test]
fn growth_writes_only_what_changed() {
    assert_eq!(paths(changed_tiles(255, 256)), ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(paths(changed_tiles(256, 257)), ["tile/0/001.p/1"]);
    assert_eq!(
        paths(changed_tiles(65_535, 65_537)),
        ["tile/0/255", "tile/0/256.p/1", "tile/1/000", "tile/2/000.p/1"]
    );
    assert_eq!(
        paths(changed_bundles(250, 520)),
        ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/8"]
    );
    assert_eq!(
        changed_tiles(9, 9).count() + changed_tiles(9, 8).count() + changed_bundles(9, 9).count(),
        0
    );
    let last = paths(changed_tiles(u64::MAX - 1, u64::MAX));
    assert_eq!(last, ["tile/0/x072/x057/x594/x037/x927/935.p/255"]);
}

#[test]
fn a_path_has_one_spelling() {
    for path in [
        "tile/0/000",
        "tile/0/000.p/1",
        "tile/0/000.p/255",
        "tile/0/999",
        "tile/0/x001/000",
        "tile/0/x001/x234/067",
        "tile/7/000.p/255",
        "tile/entries/x001/x234/067.p/8",
        "tile/entries/000",
    ] {
        assert_eq!(path.parse::<Tile>().unwrap().to_string(), path);
    }
    let named: Tile = "tile/1/x001/x234/067.p/8".parse().unwrap();
    assert_eq!(
        (named.kind(), named.index(), named.width()),
        (Kind::Hashes(1), 1_234_067, 8)
    );
    for path in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/+1/000",
        "tile/-1/000",
        "tile/8/000",
        "tile/64/000",
        "tile/256/000",
        "tile/data/000",
        "tile/Entries/000",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/+00",
        "tile/0/x000/001",
        "tile/0/x000",
        "tile/0/1000",
        "tile/0/001/234",
        "tile/0/x001/x234",
        "tile/0/X001/234",
        "tile/0/xx01/234",
        "tile/0//000",
        "tile/0/../000",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/65536",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/000?x",
        "tile/0/０００",
        "tile/8/0/000",
        "tile/7/000",
        "tile/7/001.p/1",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x072/x057/x594/x037/x927/936.p/1",
    ] {
        assert!(path.parse::<Tile>().is_err(), "{path}");
    }
}

#[test]
fn only_tiles_of_the_tree_are_its_own() {
    for size in [1_u64, 255, 256, 257, 70_000] {
        let has: Vec<Tile> = changed_tiles(0, size).chain(changed_bundles(0, size)).collect();
        assert!(has.iter().all(|tile| tile.is_of(size)), "{size}");
        for tile in &has {
            assert_eq!(tile.full().is_of(size), tile.is_full(), "{tile} of {size}");
            assert!(!Tile::new(tile.kind(), tile.index() + 1, 1).unwrap().is_of(size) || tile.is_full());
            if tile.width() > 1 {
                assert!(
                    !Tile::new(tile.kind(), tile.index(), tile.width() - 1)
                        .unwrap()
                        .is_of(size)
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn every_tile_is_read_as_it_is_written(level in 0..LEVELS, index: u64, width in 1..=TILE_WIDTH, entries: bool) {
        let kind = if entries { Kind::Entries } else { Kind::Hashes(level) };
        let index = index.checked_shr(8 * u32::from(kind.level() + 1)).unwrap_or(0);
        if let Some(tile) = Tile::new(kind, index, width) {
            prop_assert_eq!(tile.to_string().parse::<Tile>().unwrap(), tile);
        }
    }

    #[test]
    fn a_text_that_is_read_is_the_text_that_is_written(path in "tile/(0|1|entries|[0-9]{1,2})(/x?[0-9]{2,4}){1,3}(.p/[0-9]{1,3})?") {
        if let Ok(tile) = path.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), path);
        }
    }
}

fn leaf(n: u64) -> Sha256 {
    leaf_hash(&n.to_be_bytes())
}

/// A log in memory: every tile under its path, as a directory would have it.
#[derive(Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn write(&mut self, tiles: Vec<(Tile, Vec<u8>)>) {
        for (tile, bytes) in tiles {
            self.0.insert(tile.to_string(), bytes);
        }
    }

    fn reader(&self, size: u64) -> TileReader<impl FnMut(Tile) -> Result<Vec<u8>, String> + '_> {
        TileReader::new(size, |tile| {
            self.0
                .get(&tile.to_string())
                .cloned()
                .ok_or_else(|| format!("no {tile}"))
        })
    }
}

#[test]
fn a_log_that_grows_in_steps_and_restarts_has_the_tiles_roots_and_proofs_of_one_that_does_not() {
    let sizes = [
        0_u64, 1, 3, 255, 256, 300, 511, 512, 700, 1_000, 65_535, 65_536, 65_800, 70_000,
    ];
    let mut files = Files::default();
    let mut expected = RootBuilder::new();
    let mut roots = Vec::new();
    for pair in sizes.windows(2) {
        // Each time from what is stored, as after a crash.
        let read = |tile: Tile| files.0.get(&tile.to_string()).cloned().ok_or("missing");
        let mut builder = TileBuilder::resume(pair[0], read).unwrap();
        assert_eq!(builder.root(), expected.root(), "{} leaves", pair[0]);
        assert!(builder.take().is_empty());
        for n in pair[0]..pair[1] {
            builder.add(leaf(n));
            expected.add_hash(leaf(n));
        }
        let tiles = builder.take();
        assert!(tiles.iter().map(|(tile, _)| *tile).eq(changed_tiles(pair[0], pair[1])));
        files.write(tiles);
        assert_eq!((builder.size(), builder.root()), (pair[1], expected.root()));
        roots.push((pair[1], expected.root()));
    }
    // Partial tiles stay served: the proofs of every size that had a head can still be made.
    for (size, head) in &roots {
        let mut reader = files.reader(*size);
        assert_eq!(root(*size, |node| reader.node(node)).unwrap(), *head);
        for index in [0, size / 3, size / 2, size - 1] {
            let path = inclusion(index, *size, |node| reader.node(node)).unwrap();
            assert!(
                includes(head, *size, index, &index.to_be_bytes(), &path),
                "{index} of {size}"
            );
        }
        for (old, old_root) in roots.iter().filter(|(old, _)| old <= size) {
            let proof = consistency(*old, *size, |node| reader.node(node)).unwrap();
            assert!(consistent(*old, old_root, *size, head, &proof), "{old} of {size}");
        }
    }
    // One builder that never stopped.
    let mut whole = TileBuilder::new();
    (0..70_000).for_each(|n| whole.add(leaf(n)));
    for (tile, bytes) in whole.take() {
        assert_eq!(files.0.get(&tile.to_string()), Some(&bytes), "{tile}");
    }
    // A full tile may stand for the partial one that was deleted.
    let gone = files.0.remove("tile/0/001.p/44").unwrap();
    assert_eq!(files.0["tile/0/001"][..gone.len()], gone);
    let mut reader = TileReader::new(300, |tile| {
        files
            .0
            .get(&tile.to_string())
            .or_else(|| files.0.get(&tile.full().to_string()))
            .cloned()
            .ok_or(())
    });
    assert_eq!(root(300, |node| reader.node(node)).unwrap(), roots[4].1);
}

#[test]
fn what_a_tree_does_not_have_is_not_read() {
    let mut files = Files::default();
    let mut builder = TileBuilder::new();
    (0..300).for_each(|n| builder.add(leaf(n)));
    files.write(builder.take());
    let mut reader = files.reader(300);
    for node in [
        Node { level: 0, index: 300 },
        Node { level: 2, index: 75 },
        Node { level: 8, index: 1 },
        Node { level: 9, index: 0 },
        Node {
            level: 63,
            index: u64::MAX,
        },
        Node { level: 64, index: 0 },
        Node { level: 255, index: 0 },
        Node {
            level: 1,
            index: u64::MAX,
        },
    ] {
        assert_eq!(reader.node(node), Err(ReadError::NoNode { node, size: 300 }));
    }
    assert_eq!(reader.node(Node { level: 2, index: 74 }).unwrap(), {
        let mut four = RootBuilder::new();
        (296..300).for_each(|n| four.add_hash(leaf(n)));
        four.root()
    });
    let tile: Tile = "tile/0/001.p/44".parse().unwrap();
    let mut short = TileReader::new(300, |_| Ok::<_, Infallible>(vec![0; 43 * 32]));
    let found = ReadError::Length { tile, found: 43 * 32 };
    assert_eq!(short.node(Node { level: 0, index: 299 }), Err(found));
    let mut missing = TileReader::new(300, |tile: Tile| Err(tile));
    assert_eq!(missing.node(Node { level: 0, index: 299 }), Err(ReadError::Read(tile)));
    assert!(TileBuilder::resume(300, |_| Ok::<_, Infallible>(vec![0; 31])).is_err());
}

#[test]
fn a_bundle_gives_back_its_entries() {
    let entries: Vec<Vec<u8>> = (0..256_u16).map(|n| vec![7; usize::from(n) * 257]).collect();
    assert_eq!(entries[255].len(), 65_535);
    let mut bundle = Bundle::new();
    for entry in &entries {
        bundle.add(entry).unwrap();
    }
    assert_eq!(bundle.add(&vec![0; 65_536]), Err(EntryTooLong(65_536)));
    let bytes = bundle.into_bytes();
    assert_eq!(bytes[..2], [0, 0]);
    assert_eq!(bytes[2..4], [1, 1]);
    assert_eq!(Bundle::entries(&bytes, 256).unwrap(), entries);
    assert_eq!(
        Bundle::entries(&bytes, 9).unwrap(),
        entries[..9],
        "the full one serves for a partial one"
    );
    assert_eq!(
        Bundle::entries(&bytes, 257),
        Err(BundleError::Count {
            found: 256,
            expected: 257
        })
    );
    let cut = BundleError::Cut(255);
    assert_eq!(Bundle::entries(&bytes[..bytes.len() - 1], 256), Err(cut));
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(
        Bundle::entries(&longer, 256),
        Err(BundleError::Count {
            found: 257,
            expected: 256
        })
    );
    assert_eq!(Bundle::entries(&[0, 1, 9, 0], 1), Err(BundleError::Cut(1)));
    assert_eq!(
        Bundle::entries(&[0, 1, 9], 2),
        Err(BundleError::Count { found: 1, expected: 2 })
    );
    assert_eq!(
        Bundle::entries(&[], 1),
        Err(BundleError::Count { found: 0, expected: 1 })
    );
    assert_eq!(Bundle::entries(&[0, 0, 0, 1, 9], 2).unwrap(), [&[][..], &[9]]);
}
