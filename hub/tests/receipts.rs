//! Receipts of what the real ledger committed, from the files of the log, verified as a stranger does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong, in its helping functions too"
)]

mod support;

use std::path::Path;

use support::{Federation, claim, id_of, marathon, node, on_each_database, part, signing_key};
use tanqiao_hub::intake::{Item, Place, Reception};
use tanqiao_hub::ledger::command::{Body, Command, Decision};
use tanqiao_hub::store::audit::snapshot;
use tanqiao_hub::store::checkpoints;
use tanqiao_hub::store::read::{dealings, totals};
use tanqiao_hub::transparency::{Deed, LogFiles, LogKeeper, Prover, ReceiptError};
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::ledger::Replay;
use tanqiao_protocol::log::note::{Note, SignatureLine};
use tanqiao_protocol::log::policy::Policy;
use tanqiao_protocol::message::{Action, Batch, BatchItem, Content, Message, Retirement};
use tanqiao_protocol::receipt::{NotProven, PartyRole, ReceiptFault, ReceiptFile, Statement, verify, verify_public};
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::signing::{NoteKey, NoteKind, SigningKey};
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::{Outcome, PublicTotals};

const WITNESSES: u8 = 4;
const QUORUM: usize = 3;

fn log_signer() -> SigningKey {
    SigningKey::from_ed25519_seed(&[7; 32]).unwrap()
}

fn log_key() -> NoteKey {
    NoteKey::new("tanqiao.test/log", log_signer().verifying_key().clone()).unwrap()
}

fn witness(number: u8) -> (NoteKey, SigningKey) {
    let signer = SigningKey::from_ed25519_seed(&[100 + number; 32]).unwrap();
    let key = signer.verifying_key().clone();
    let name = format!("tanqiao.test/witness/w{number}");
    (NoteKey::of_kind(&name, NoteKind::Cosignature, key).unwrap(), signer)
}

fn policy() -> Policy {
    let known = (0..WITNESSES).map(|n| (format!("w{n}"), witness(n).0)).collect();
    Policy::of(log_key(), known, QUORUM).unwrap()
}

/// The log as it is now, with the checkpoint that the quorum has signed.
fn witnessed(f: &Federation, directory: &Path) -> (LogFiles, Note) {
    let files = LogFiles::new(directory.to_owned());
    let mut keeper = LogKeeper::new(f.database.clone(), files.clone(), log_key(), log_signer());
    let head = keeper.work().unwrap();
    let mut note = Note::parse(head.note.unwrap().as_bytes()).unwrap();
    for number in 0..u8::try_from(QUORUM).unwrap() {
        let (key, signer) = witness(number);
        note.add(SignatureLine::cosign(note.text(), &key, &signer, 1_780_272_000).unwrap())
            .unwrap();
    }
    (files, note)
}

fn message<C: Content>(f: &Federation, member: &str, id: MessageId, content: &C) -> Vec<u8> {
    let message = Message {
        trust_domain: "tanqiao.test".parse().unwrap(),
        member: node(member),
        protocol: tanqiao_protocol::PROTOCOL_VERSION,
        id,
        issued_at: f.now(),
        not_after: f.now().plus_micros(DAY_US),
        staff: None,
        content,
    };
    serde_json::to_vec(&message).unwrap()
}

/// Sends an envelope through the real intake; what its items did.
fn send(f: &Federation, member: &str, action: Action, payload: Vec<u8>) -> Vec<(Command, Outcome)> {
    let envelope = Envelope::sign(&action.payload_type(), payload, &signing_key(member)).unwrap();
    let reception = Reception {
        trust_domain: "tanqiao.test".parse().unwrap(),
        governance: f.sequencer.governance(),
        caller: node(member),
        now: f.now(),
        place: Place::any(),
    };
    let received = reception.receive(&envelope.to_json().unwrap()).unwrap();
    let commands = received.items.into_iter().map(|item| match item {
        Item::Command(command) => *command,
        Item::Refused { problem, .. } => panic!("{problem}"),
    });
    commands
        .map(|command| {
            let outcome = f.ask(command.clone()).result.unwrap();
            (command, outcome)
        })
        .collect()
}

/// Signs and sends the body of a command; its id, and what it did.
fn say(f: &Federation, member: &str, body: &Body) -> (MessageId, Command, Outcome) {
    let id = f.new_id();
    let (action, payload) = payload(f, member, id, body);
    let (command, outcome) = send(f, member, action, payload).remove(0);
    (id, command, outcome)
}

fn payload(f: &Federation, member: &str, id: MessageId, body: &Body) -> (Action, Vec<u8>) {
    match body {
        Body::TransferProposal(c) => (Action::TransferProposal, message(f, member, id, c.as_ref())),
        Body::TransferAcceptance(c) => (Action::TransferAcceptance, message(f, member, id, c.as_ref())),
        Body::Donation(c) => (Action::Donation, message(f, member, id, c.as_ref())),
        Body::Retirement(c) => (Action::Retirement, message(f, member, id, c.as_ref())),
        _ => unreachable!(),
    }
}

/// Sends several bodies in one batch.
fn say_together(f: &Federation, member: &str, bodies: &[Body]) {
    let items = bodies.iter().map(|body| {
        let (action, payload) = payload(f, member, f.new_id(), body);
        BatchItem {
            payload_type: action.payload_type(),
            payload: String::from_utf8(payload).unwrap(),
        }
    });
    let batch = Batch { items: items.collect() };
    send(f, member, Action::Batch, message(f, member, f.new_id(), &batch));
}

fn retirement(blocks: &[BlockRef]) -> Body {
    Body::Retirement(Box::new(Retirement {
        blocks: blocks.to_vec(),
        claim: claim("wuhan", "420100"),
    }))
}

fn deed_of(f: &Federation, kind: &str, id: MessageId) -> Deed {
    let found = f.database.read(|c| {
        Ok(match kind {
            "transfer" => Deed::of_transfer(&dealings::transfer(c, id)?.unwrap()),
            "donation" => Deed::of_donation(&dealings::donation(c, id)?.unwrap()),
            _ => Some(Deed::of_retirement(&dealings::retirement(c, id)?.unwrap())),
        })
    });
    found.unwrap().unwrap()
}

fn receipt_under(f: &Federation, (files, note): &(LogFiles, Note), deed: &Deed) -> Result<ReceiptFile, ReceiptError> {
    let prover = Prover::new(files, note.clone()).unwrap();
    let governance = f.sequencer.governance();
    f.database.read(|c| Ok(prover.receipt(c, &governance, deed))).unwrap()
}

/// The receipt, through its file, as somebody else verifies it.
fn proven(f: &Federation, log: &(LogFiles, Note), kind: &str, id: MessageId) -> Statement {
    let file = receipt_under(f, log, &deed_of(f, kind, id)).unwrap();
    let read = ReceiptFile::parse(&file.to_json().unwrap()).unwrap();
    assert_eq!(read, file);
    verify(&read, &policy()).unwrap_or_else(|refusal| panic!("{kind}: {refusal}"))
}

#[test]
fn a_transfer_across_regions_has_a_receipt_that_both_have_signed() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000_000);
        let (id, proposal, offered) = say(&f, "wuhan", &f.proposal("harbin", &[block]));
        let (_, _, outcome) = say(&f, "harbin", &f.acceptance(id, &proposal, &offered));
        let statement = proven(&f, &witnessed(&f, directory.path()), "transfer", id);
        assert_eq!(
            (
                Some(statement.delivered_g),
                Some(statement.buffered_g),
                Some(statement.cancelled_g)
            ),
            (outcome.delivered_g, outcome.buffered_g, outcome.cancelled_g)
        );
        let parties: Vec<_> = statement.parties.iter().map(|p| (p.role, p.member.as_str())).collect();
        assert_eq!(parties, [(PartyRole::Source, "wuhan"), (PartyRole::Target, "harbin")]);
        let signers: Vec<_> = statement.signatures.iter().map(|s| s.member.as_str()).collect();
        assert_eq!(signers, ["wuhan", "harbin"]);
        assert_eq!(statement.tree.witnesses.len(), QUORUM);
        assert!(statement.not_proven.contains(&NotProven::LaterState));
    });
}

#[test]
fn acceptances_in_one_batch_have_a_receipt_each() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        f.two_regions();
        let block = f.issue("wuhan", "420100", 100_000);
        let parts = [part(&block, 1, 50_000), part(&block, 50_001, 100_000)];
        let offers = parts.map(|part| say(&f, "wuhan", &f.proposal("harbin", &[part])));
        let answers = offers
            .each_ref()
            .map(|(id, proposal, offered)| f.acceptance(*id, proposal, offered));
        say_together(&f, "harbin", &answers);
        let log = witnessed(&f, directory.path());
        let receipts = offers
            .each_ref()
            .map(|(id, ..)| receipt_under(&f, &log, &deed_of(&f, "transfer", *id)).unwrap());
        assert_eq!(
            receipts.each_ref().map(|receipt| receipt.messages[1].item),
            [Some(0), Some(1)]
        );
        for receipt in &receipts {
            verify(receipt, &policy()).unwrap();
        }
        // The same batch, and the other item: another message.
        let mut swapped = receipts[0].clone();
        swapped.messages[1].item = Some(1);
        assert_eq!(verify(&swapped, &policy()).unwrap_err().fault(), ReceiptFault::Payload);
    });
}

#[test]
fn donations_and_retirements_have_receipts_and_the_public_ones_hold_no_message() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        let block = marathon::begin(&f, 1_000_000, false);
        let given = |first, last| Body::Donation(Box::new(f.donation("marathon", &[part(&block, first, last)])));
        let (donation, ..) = say(&f, "wuhan", &given(1, 100_000));
        marathon::accept(&f, donation).unwrap();
        let (waiting, ..) = say(&f, "wuhan", &given(100_001, 200_000));
        let (retired, ..) = say(&f, "wuhan", &retirement(&[part(&block, 300_001, 300_500)]));
        let log = witnessed(&f, directory.path());
        let statement = proven(&f, &log, "donation", donation);
        assert_eq!(
            statement
                .officers
                .iter()
                .map(tanqiao_protocol::id::Name::as_str)
                .collect::<Vec<_>>(),
            ["organiser"]
        );
        assert!(statement.not_proven.contains(&NotProven::Organiser));
        assert_eq!(statement.event.unwrap().as_str(), "marathon");
        assert_eq!(proven(&f, &log, "retirement", retired).delivered_g.get(), 500);
        let public = receipt_under(&f, &log, &deed_of(&f, "donation", donation))
            .unwrap()
            .public();
        assert!(
            verify_public(&public, &policy())
                .unwrap()
                .not_proven
                .contains(&NotProven::MemberSignatures)
        );
        assert_eq!(verify(&public, &policy()).unwrap_err().fault(), ReceiptFault::Messages);
        let undecided = f.database.read(|c| dealings::donation(c, waiting)).unwrap().unwrap();
        assert!(Deed::of_donation(&undecided).is_none());
    });
}

#[test]
fn a_donation_that_is_accepted_at_once_has_a_receipt() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        let block = marathon::begin(&f, 1_000_000, true);
        let body = Body::Donation(Box::new(f.donation("marathon", &[part(&block, 1, 100_000)])));
        let (donation, _, outcome) = say(&f, "wuhan", &body);
        assert_eq!(outcome.state.as_deref(), Some("committed"));
        assert_eq!(id_of(&outcome), donation);
        let statement = proven(&f, &witnessed(&f, directory.path()), "donation", donation);
        assert!(statement.officers.is_empty());
    });
}

#[test]
fn a_transfer_of_very_many_blocks_has_a_receipt_in_parts() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        f.two_regions();
        let block = f.issue("wuhan", "420100", 100_000);
        let blocks: Vec<BlockRef> = (0..400).map(|n| part(&block, n * 200 + 1, n * 200 + 100)).collect();
        let (id, proposal, offered) = say(&f, "wuhan", &f.proposal("harbin", &blocks));
        say(&f, "harbin", &f.acceptance(id, &proposal, &offered));
        let statement = proven(&f, &witnessed(&f, directory.path()), "transfer", id);
        assert!(statement.parts > 1, "{}", statement.parts);
        assert_eq!(statement.given_g.get(), 40_000);
    });
}

#[test]
fn a_receipt_waits_for_the_witnesses_and_a_changed_tile_is_found() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let before = witnessed(&f, directory.path());
        let (id, ..) = say(&f, "wuhan", &retirement(&[block]));
        let deed = deed_of(&f, "retirement", id);
        let refused = receipt_under(&f, &before, &deed);
        assert!(matches!(refused, Err(ReceiptError::NotWitnessed { .. })), "{refused:?}");
        let log = witnessed(&f, directory.path());
        receipt_under(&f, &log, &deed).unwrap();
        let size = f.database.read(checkpoints::leaf_count).unwrap();
        let tile = directory.path().join(format!("tile/0/000.p/{size}"));
        let mut bytes = std::fs::read(&tile).unwrap();
        bytes[0] ^= 1;
        std::fs::write(&tile, bytes).unwrap();
        let refused = receipt_under(&f, &log, &deed);
        assert!(matches!(refused, Err(ReceiptError::Damaged(_))), "{refused:?}");
    });
}

#[test]
fn a_signature_of_a_key_that_was_retired_since_is_still_proven() {
    on_each_database(|f| {
        let directory = tempfile::tempdir().unwrap();
        f.two_regions();
        let block = f.issue("wuhan", "420100", 1_000);
        let (id, ..) = say(&f, "wuhan", &retirement(&[block]));
        let key = signing_key("wuhan").verifying_key().id();
        f.by_officers(&["first-officer"], Decision::RetireKey { key }).unwrap();
        let statement = proven(&f, &witnessed(&f, directory.path()), "retirement", id);
        assert!(statement.not_proven.contains(&NotProven::KeyStanding));
    });
}

#[test]
fn published_totals_are_those_of_a_replay() {
    on_each_database(|f| {
        let block = marathon::begin(&f, 1_000_000, true);
        f.transfer("wuhan", "harbin", &[part(&block, 1, 1_000)]);
        f.donate("wuhan", "marathon", &[part(&block, 2_001, 30_000)]).unwrap();
        let published = f.database.read(|c| snapshot(c, totals::all)).unwrap();
        let leaves = f
            .database
            .read(|c| checkpoints::leaves(c, 0, published.log_size))
            .unwrap();
        let mut replay = Replay::default();
        for leaf in &leaves {
            replay.apply(leaf).unwrap();
        }
        assert_eq!(PublicTotals::of(&replay).unwrap(), published);
        assert_eq!(published.totals.len(), 3, "held, retired, cancelled");
    });
}
