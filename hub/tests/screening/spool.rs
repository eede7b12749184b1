//! Uploads: in pieces, by several, cut anywhere.

use std::fs;
use std::io::Read;

use tanqiao_hub::screening::{ScreeningError, Spool};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::time::Timestamp;

use crate::ground::{Ground, on_each_engine};

fn issuance(number: u8) -> MessageId {
    MessageId::from_parts(Timestamp::from_micros(1_780_272_000_000_000), &[number; 10])
}

fn bytes(count: u32) -> Vec<u8> {
    (0..count).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

fn read(spool: &dyn Spool, issuance: MessageId) -> Vec<u8> {
    let mut all = Vec::new();
    spool.open(issuance).unwrap().read_to_end(&mut all).unwrap();
    all
}

#[test]
fn a_stream_cut_at_any_byte_goes_on_where_it_was_cut() {
    on_each_engine(|ground| {
        let stream = bytes(97);
        let one = issuance(1);
        for cut in 0..=stream.len() {
            let spool = ground.spool();
            assert_eq!(spool.offset(one).unwrap(), 0);
            assert_eq!(spool.append(one, 0, &stream[..cut], 97).unwrap(), cut as u64);
            drop(spool);
            // Another process continues.
            let spool = ground.spool();
            let offset = spool.offset(one).unwrap();
            assert_eq!(offset, cut as u64);
            assert_eq!(read(spool.as_ref(), one), stream[..cut]);
            assert_eq!(spool.append(one, offset, &stream[cut..], 97).unwrap(), 97);
            assert_eq!(read(spool.as_ref(), one), stream);
            spool.remove(one).unwrap();
            spool.remove(one).unwrap();
        }
    });
}

#[test]
fn a_piece_that_does_not_continue_the_stream_is_told_where_to_go_on() {
    on_each_engine(|ground| {
        let (spool, one) = (ground.spool(), issuance(1));
        spool.append(one, 0, &bytes(40), 100).unwrap();
        for given in [0, 39, 41] {
            let refused = spool.append(one, given, &bytes(10), 100);
            assert!(matches!(refused, Err(ScreeningError::Offset { right: 40, given: g }) if g == given));
        }
        let long = spool.append(one, 40, &bytes(61), 100);
        assert!(matches!(
            long,
            Err(ScreeningError::TooLong {
                stream_bytes: 100,
                would_be: 101
            })
        ));
        let huge = vec![0; (16 << 20) + 1];
        assert!(matches!(
            spool.append(one, 40, &huge, u64::MAX),
            Err(ScreeningError::Piece(_))
        ));
        assert_eq!(spool.append(one, 40, &[], 100).unwrap(), 40);
        assert_eq!(spool.offset(one).unwrap(), 40);
    });
}

#[test]
fn of_two_that_append_at_once_one_wins_and_the_stream_is_whole() {
    on_each_engine(|ground| {
        let spool = ground.spool();
        let one = issuance(1);
        let stream = bytes(4_000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let offset = spool.offset(one).unwrap();
                        let from = usize::try_from(offset).unwrap();
                        let Some(piece) = stream[from..].chunks(100).next() else {
                            break;
                        };
                        match spool.append(one, offset, piece, 4_000) {
                            Ok(_) | Err(ScreeningError::Offset { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
            }
        });
        assert_eq!(read(spool.as_ref(), one), stream);
    });
}

#[test]
fn what_a_crash_has_torn_is_cut_off_and_sent_again() {
    let ground = Ground::embedded();
    let one = issuance(1);
    let spool = ground.spool();
    spool.append(one, 0, &bytes(50), 80).unwrap();
    spool.append(one, 50, &bytes(30), 80).unwrap();
    drop(spool);
    let path = ground.files().join("spool").join(format!("{one}.stream"));
    let whole = fs::read(&path).unwrap();
    for length in 59..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        let spool = ground.spool();
        assert_eq!(spool.offset(one).unwrap(), 50, "{length} bytes were on disk");
        assert_eq!(spool.append(one, 50, &bytes(30), 80).unwrap(), 80);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
    // A piece of the right length with other bytes in it is torn as well.
    let mut torn = whole.clone();
    torn[70] ^= 1;
    fs::write(&path, &torn).unwrap();
    assert_eq!(ground.spool().offset(one).unwrap(), 50);
}
