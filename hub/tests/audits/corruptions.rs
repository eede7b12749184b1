//! What can go wrong with a stored ledger, one thing at a time.

/// A corruption, the invariant that must fail, and what one of its findings must contain.
pub struct Corruption {
    pub sql: &'static str,
    pub invariant: u8,
    pub finds: &'static str,
}

const fn corruption(sql: &'static str, invariant: u8, finds: &'static str) -> Corruption {
    Corruption { sql, invariant, finds }
}

pub const BLOCKS: &[Corruption] = &[
    corruption(
        "UPDATE block SET last = last - 1 WHERE first = 400001",
        1,
        "2025/410000-410000: is in no block",
    ),
    corruption(
        "UPDATE block SET last = last + 1 WHERE first = 400001",
        1,
        "2025/410001-420000: overlaps the block before it",
    ),
    corruption(
        "DELETE FROM block WHERE first = 400001",
        1,
        "2025/400001-410000: is in no block",
    ),
    corruption(
        "UPDATE series SET issued = issued + 5 WHERE no = 1",
        1,
        "2025/1000001-1000005: is in no block",
    ),
    corruption(
        "UPDATE series SET issued = issued - 5 WHERE no = 1",
        1,
        "2025/999996-1000000: is beyond the series' counter",
    ),
    corruption("DELETE FROM series WHERE no = 2", 1, "series 2 serials 1-500000"),
    corruption(
        "UPDATE series SET issued = issued + 5 WHERE no = 1",
        2,
        "add up to 1000000 g, and 1000005 g were issued",
    ),
    corruption(
        "UPDATE block SET last = last - 1 WHERE first = 400001",
        2,
        "add up to 999999 g",
    ),
    corruption(
        "UPDATE issuance SET last = last - 9 WHERE series_no = 1",
        2,
        "is not within the serials of its issuance",
    ),
    corruption(
        "UPDATE block SET issuance = (SELECT id FROM issuance WHERE series_no = 2) WHERE first = 400001",
        2,
        "2025/400001-410000: is not within the serials",
    ),
    corruption(
        "UPDATE block SET state = 1, bound_to = NULL WHERE first = 400001",
        3,
        "400001-410000: is `held`, by the log `retired`",
    ),
    corruption(
        "UPDATE block SET state = 11 WHERE first = 400001",
        3,
        "400001-410000: is `cancelled`, by the log `retired`",
    ),
    corruption(
        "UPDATE block SET holder = 3 WHERE first = 500001",
        3,
        "500001-500500: its holder is `harbin`, by the log `wuhan`",
    ),
    corruption(
        "UPDATE block SET bound_to = zeroblob(6) || x'7000' || x'8000000000000001' WHERE first = 500001",
        3,
        "500001-500500: is bound to 0000",
    ),
    corruption(
        "DELETE FROM block WHERE first = 500001",
        3,
        "500001-500500: is `cancelled` by the log, and not stored",
    ),
    corruption(
        "UPDATE block SET holder = 3 WHERE first = 100001",
        4,
        "100001-150000: is held by `harbin`",
    ),
    corruption(
        "UPDATE block SET state = 1, bound_to = NULL WHERE first = 160001",
        4,
        "160001-170000: is part of transfer/",
    ),
    corruption(
        "UPDATE block SET bound_to = (SELECT bound_to FROM block WHERE first = 300001) WHERE first = 100001",
        4,
        "100001-150000: is not part of donation/",
    ),
    corruption(
        "UPDATE block SET bound_to = (SELECT bound_to FROM block WHERE first = 400001) WHERE first = 100001",
        4,
        "which is no open transfer or donation",
    ),
    corruption(
        "UPDATE transfer SET state = 13, ended_at = 1 WHERE state = 5",
        4,
        "100001-150000: is `reserved` by",
    ),
    corruption(
        "UPDATE block SET bound_to = (SELECT bound_to FROM block WHERE first = 100001) WHERE first = 600001",
        4,
        "no active pledge",
    ),
    corruption(
        "UPDATE block SET bound_to = (SELECT bound_to FROM block WHERE first = 100001) WHERE first = 400001",
        5,
        "there is no such retirement",
    ),
    corruption(
        "DELETE FROM retirement WHERE quantity_g = 1000",
        5,
        "440001-441000: is retired by",
    ),
    corruption(
        "UPDATE retirement SET quantity_g = 1001 WHERE quantity_g = 1000",
        5,
        "claims 1001 g, and the blocks that name it add up to 1000 g",
    ),
    corruption(
        "UPDATE retirement SET blocks = '[]' WHERE quantity_g = 1000",
        5,
        "the serials that it names are 0 g",
    ),
    corruption(
        "UPDATE retirement SET claim = '{}' WHERE quantity_g = 1000",
        5,
        "missing field",
    ),
    corruption(
        "UPDATE retirement SET claim = replace(claim, '\"marathon\"', '\"other\"') WHERE claim LIKE '%marathon%'",
        5,
        "claims for `other`",
    ),
];

pub const COUNTERS: &[Corruption] = &[
    corruption(
        "UPDATE linked_permission SET used_g = used_g - 1",
        11,
        "counts 0 g reserved and 199 g claimed, and what names it adds up to 0 g reserved and 200 g claimed",
    ),
    corruption(
        "UPDATE linked_permission SET quantity_g = 100",
        11,
        "its stored quantity is 100 g, and it permits 1000 g",
    ),
    corruption(
        "UPDATE linked_permission SET quantity_g = 100, content = replace(content, '\"quantity_g\":1000', '\"quantity_g\":100')",
        11,
        "200 g are used, above 100 g",
    ),
    corruption(
        "UPDATE linked_permission SET quantity_g = 2000, content = replace(content, '\"quantity_g\":1000', '\"quantity_g\":2000')",
        9,
        "of 2000 g, by the log 0 g reserved and 200 g claimed of 1000 g",
    ),
    corruption(
        "UPDATE linked_permission SET state = 10",
        9,
        "is `revoked`, by the log `active`",
    ),
    corruption(
        "DELETE FROM linked_permission",
        5,
        "has a second purpose, and there is no permission",
    ),
    corruption(
        "UPDATE linked_permission SET content = replace(content, '\"year\":2026', '\"year\":2025')",
        5,
        "`linked.year` is 2026, and 2025 was permitted",
    ),
    corruption(
        "UPDATE claim SET claimant = 'another' WHERE part = 1",
        5,
        "is found by other words than its claim has",
    ),
    corruption("DELETE FROM claim WHERE part = 0", 5, "is found by other words"),
    corruption(
        "UPDATE transfer SET content = replace(content, '\"delivered_g\":75789', '\"delivered_g\":75790') WHERE state = 10",
        6,
        "transfer/",
    ),
    corruption(
        "UPDATE mapping SET content = replace(content, '\"factor\":842110', '\"factor\":842111')",
        6,
        "the recognition gives",
    ),
    corruption(
        "DELETE FROM transfer WHERE state = 10",
        6,
        "has no readable quote in the store",
    ),
    corruption(
        "UPDATE issuance SET unscreened = 0 WHERE series_no = 1",
        7,
        "without the mark `unscreened`",
    ),
    corruption(
        "UPDATE issuance SET series_no = NULL, first = NULL, last = NULL WHERE series_no = 1",
        2,
        "has 0 g in serials and 0 g that were held back",
    ),
    corruption(
        "UPDATE mapping_cap SET reserved_g = reserved_g + 1 WHERE cap_g IS NOT NULL",
        11,
        "mapping/wuhan-to-harbin.v1 in 2026: counts 60001 g",
    ),
    corruption(
        "UPDATE mapping_cap SET committed_g = cap_g WHERE cap_g IS NOT NULL",
        11,
        "above the cap",
    ),
    corruption(
        "UPDATE mapping_cap SET cap_g = cap_g + 1 WHERE cap_g IS NOT NULL",
        11,
        "its stored cap is Some(10000001)",
    ),
    corruption(
        "DELETE FROM mapping_cap WHERE cap_g IS NOT NULL",
        11,
        "mapping/wuhan-to-harbin.v1 in 2026: has no counter",
    ),
    corruption(
        "UPDATE event SET reserved_g = reserved_g - 1",
        11,
        "event/marathon: counts 13999 g reserved",
    ),
    corruption(
        "UPDATE event SET ceiling_g = 10",
        11,
        "event/marathon: 84000 g are given, above 10 g",
    ),
    corruption(
        "UPDATE event SET target_g = target_g - 1",
        11,
        "event/marathon: its target is 999999 g",
    ),
    corruption(
        "DELETE FROM event",
        11,
        "event/marathon: has donations and is not in the store",
    ),
];

pub const LOG: &[Corruption] = &[
    corruption(
        "UPDATE leaf SET bytes = replace(bytes, '400001-410000', '400001-410001') WHERE bytes LIKE '%retirement.committed%'",
        9,
        "2025/320001-1000000: the blocks after the change do not cover",
    ),
    corruption(
        "UPDATE leaf SET bytes = replace(bytes, 'a correction', 'b correction')",
        9,
        "log: the chain over its leaves",
    ),
    corruption(
        "UPDATE leaf SET bytes = x'7b' WHERE idx = 20",
        9,
        "leaf 20: leaf 20: not a leaf",
    ),
    corruption(
        "DELETE FROM leaf WHERE idx = 20",
        9,
        "leaf 20: is missing: the next one is 21",
    ),
    corruption(
        "DELETE FROM leaf WHERE idx = (SELECT MAX(idx) FROM leaf)",
        9,
        "log: its head counts",
    ),
    corruption(
        "UPDATE log_head SET chain = zeroblob(32)",
        9,
        "log: the chain over its leaves",
    ),
    corruption("UPDATE log_head SET size = size + 1", 9, "log: its head counts"),
    corruption("UPDATE log_head SET time_us = 1", 9, "log: its last leaf is of"),
    corruption(
        "UPDATE block SET holder = 3 WHERE first = 900001",
        9,
        "900001-1000000: its holder is `harbin`, by the log `wuhan`",
    ),
    corruption(
        "UPDATE block SET factor_paid = 1 WHERE first = 900001",
        9,
        "900001-1000000: its terms are",
    ),
    corruption(
        "UPDATE block SET state = 4, state_before = 1 WHERE first = 900001",
        9,
        "900001-1000000: is `frozen`, by the log `held`",
    ),
    corruption(
        "UPDATE block SET state_before = 3 WHERE first = 800001",
        9,
        "800001-850000: remembers another state",
    ),
    corruption(
        "UPDATE block SET buffered = NOT buffered WHERE first = 900001",
        9,
        "900001-1000000: its terms are",
    ),
    corruption(
        "UPDATE transfer SET state = 11 WHERE state = 10",
        9,
        "is `refused`, by the log `committed`",
    ),
    corruption(
        "UPDATE donation SET state = 12, ended_at = 1 WHERE state = 2",
        9,
        "is `declined`, by the log `reserved`",
    ),
    corruption("UPDATE pledge SET state = 10", 9, "is `released`, by the log `active`"),
    corruption("DELETE FROM pledge", 9, "is `active` by the log, and not in the store"),
    corruption(
        "UPDATE issuance SET state = 1 WHERE series_no = 2",
        9,
        "is `registered`, by the log `recognised`",
    ),
    corruption(
        "UPDATE mapping_cap SET reserved_g = reserved_g + 1 WHERE cap_g IS NULL",
        9,
        "by the log",
    ),
    corruption(
        "UPDATE event SET committed_g = committed_g + 1",
        9,
        "event/marathon: counts",
    ),
];

pub const FEEDS: &[Corruption] = &[
    corruption(
        "UPDATE feed_entry SET bytes = replace(bytes, '400001-410000', '400001-410001') WHERE member_no = 2",
        10,
        "member/wuhan entry",
    ),
    corruption(
        "UPDATE feed_entry SET bytes = replace(bytes, 'issuance.recognised', 'issuance.recognized') WHERE member_no = 2",
        10,
        "member/wuhan",
    ),
    corruption(
        "UPDATE feed_entry SET bytes = x'7b' WHERE member_no = 3 AND seq = 2",
        10,
        "member/harbin entry 2: is not a feed entry",
    ),
    corruption(
        "DELETE FROM feed_entry WHERE member_no = 3 AND seq = 2",
        10,
        "member/harbin entry 2: is missing: the next one is 3",
    ),
    corruption(
        "DELETE FROM feed_entry WHERE member_no = 3 AND seq = (SELECT MAX(seq) FROM feed_entry WHERE member_no = 3)",
        10,
        "member/harbin: its feed's head is at",
    ),
    corruption(
        "UPDATE feed_entry SET chain = zeroblob(32) WHERE member_no = 3 AND seq = 2",
        10,
        "member/harbin entry 2: its chain hash",
    ),
    corruption(
        "UPDATE feed_head SET chain = zeroblob(32) WHERE member_no = 3",
        10,
        "member/harbin: the chain in its feed's head",
    ),
    corruption(
        "UPDATE feed_head SET lattice = zeroblob(2048) WHERE member_no = 2",
        10,
        "member/wuhan: the digest that the hub expects",
    ),
    corruption(
        "UPDATE feed_head SET lattice = x'00' WHERE member_no = 2",
        10,
        "member/wuhan: the digest that the hub expects",
    ),
    corruption(
        "UPDATE feed_head SET seq = seq + 1 WHERE member_no = 2",
        10,
        "member/wuhan: its feed's head is at",
    ),
    corruption(
        "DELETE FROM feed_head WHERE member_no = 2",
        10,
        "member/wuhan: has entries or blocks, and no feed head",
    ),
    corruption(
        "UPDATE block SET holder = 3 WHERE first = 900001",
        10,
        "900001-1000000: is held by `harbin`, whose feed does not tell of it",
    ),
    corruption(
        "UPDATE block SET holder = 3 WHERE first = 900001",
        10,
        "900001-1000000: is in the feed of `wuhan`, which does not hold it",
    ),
    corruption(
        "UPDATE block SET factor_paid = 1 WHERE first = 900001",
        10,
        "900001-1000000: is stored otherwise than the feed",
    ),
    corruption(
        "UPDATE feed_entry SET member_no = 99 WHERE member_no = 3",
        10,
        "feeds: ",
    ),
];
