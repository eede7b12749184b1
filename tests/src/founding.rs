//! What has to be there before anything runs: the authority, certificates, configurations, migrated databases, the policy,
//! two officers, Wuhan and Harbin with their keys, Wuhan's methodology and the mapping that lets it count in Harbin.

use std::path::Path;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::{Authority, CertificateRequest, Order, Profile, TlsKey, durable};
use tanqiao_hub::intake::{Item, Place as Address, Reception};
use tanqiao_hub::ledger::command::{Body, Command, Decision, Origin};
use tanqiao_hub::ledger::objects::{Policy, Registry, Role};
use tanqiao_hub::ledger::sequencer::{Sequencer, SequencerOptions};
use tanqiao_hub::serve::{ensure_log_key, new_id};
use tanqiao_hub::store::database::Database;
use tanqiao_node::store::Store;
use tanqiao_node::tokens::{self, Scope};
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::fingerprint::TokenSuite;
use tanqiao_protocol::id::Sha256;
use tanqiao_protocol::mapping::MappingEndorsement;
use tanqiao_protocol::message::{Content, Message};
use tanqiao_protocol::signing::{Algorithm, SigningKey};
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::view::MemberKind;

use crate::content::{METRO, REFERENCE, TRUST_DOMAIN, mapping_proposal, methodology, now, sheet};
use crate::place::Place;

/// The two officers.
pub const OFFICERS: [&str; 2] = ["first-officer", "second-officer"];
/// Members and their regions.
pub const MEMBERS: [(&str, &str); 2] = [("wuhan", "420100"), ("harbin", "230100")];
const PASSWORD: &str = "a password of tests";

/// The authority and the hub's certificate.
#[must_use]
pub fn authority(place: &Place) -> Authority {
    let at = chrono::Utc::now();
    let authority = Authority::init(&place.certs(), &TRUST_DOMAIN.parse().unwrap(), at).unwrap();
    certify(&authority, &hub_order(place), at, &place.hub("hub"));
    authority.crl(at).unwrap();
    authority
}

/// What the hub's certificate says.
#[must_use]
pub fn hub_order(place: &Place) -> Order {
    Order::new(Profile::Hub)
        .with_dns("localhost")
        .with_ip(place.address.into())
}

/// Issues a certificate for a new key: `files.pem` and `files.key`, in the place of what was there.
pub fn certify(authority: &Authority, order: &Order, at: tanqiao_certs::Time, files: &Path) {
    let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
    let request = CertificateRequest::from_pem(&key.request_pem("stories").unwrap()).unwrap();
    let issued = authority.issue(&request, order, at).unwrap();
    durable::replace_secret(&files.with_extension("key"), key.to_pem().as_bytes()).unwrap();
    durable::write_public(&files.with_extension("pem"), issued.chain_pem.as_bytes()).unwrap();
}

/// A member's folder with a certificate and a signing key.
pub fn member(place: &Place, authority: &Authority, id: &str) {
    std::fs::create_dir_all(place.member(id, "")).unwrap();
    let order = Order::new(Profile::Node(id.parse().unwrap()));
    certify(authority, &order, chrono::Utc::now(), &place.member(id, "node"));
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    durable::write_secret(&place.member(id, "signing.key"), key.to_pem().unwrap().as_bytes()).unwrap();
}

/// A member's signing key.
#[must_use]
pub fn signing_key(place: &Place, id: &str) -> SigningKey {
    SigningKey::from_pem(&std::fs::read_to_string(place.member(id, "signing.key")).unwrap()).unwrap()
}

/// A bearer token for a member's platform, in a database that was migrated just now.
#[must_use]
pub fn token(database: &str) -> String {
    tanqiao_node::store::migrate(database).unwrap();
    let store = Store::open(database).unwrap();
    let name = "platform".parse().unwrap();
    let made = store
        .write(|tx| tokens::create(tx, &name, &[Scope::Admin], now(), None))
        .unwrap();
    made.reveal().to_owned()
}

/// The file with an officer's password.
#[must_use]
pub fn password_file(place: &Place, officer: &str) -> std::path::PathBuf {
    place.hub(&format!("{officer}.password"))
}

/// The ledger as it is before the hub starts for the first time.
pub fn ledger(place: &Place, url: &str) {
    let database = Database::open(url).unwrap();
    database.migrate().unwrap();
    ensure_log_key(&place.hub("log.key")).unwrap();
    let desk = Desk(Sequencer::start(database, SequencerOptions::default()).unwrap());
    desk.decide(Origin::Hub, Decision::SetPolicy(policy()));
    let password_hash = Argon2::default()
        .hash_password(PASSWORD.as_bytes())
        .unwrap()
        .to_string();
    for account in OFFICERS {
        durable::write_secret(&password_file(place, account), PASSWORD.as_bytes()).unwrap();
        let first = account == OFFICERS[0];
        let (account, password_hash) = (account.parse().unwrap(), password_hash.clone());
        let decision = Decision::PutOfficer {
            account,
            role: Role::Officer,
            password_hash,
            active: true,
        };
        desk.decide(if first { Origin::Hub } else { officers(1) }, decision);
    }
    for (member, region) in MEMBERS {
        desk.decide(officers(1), admission(place, member, region));
    }
    desk.hear("wuhan", &spoken(place, "wuhan", methodology()));
    evidence(&desk, place);
    let record_sha256 = agree(&desk, place, "wuhan-to-harbin.v1");
    let mapping = "wuhan-to-harbin.v1".parse().unwrap();
    desk.decide(officers(2), Decision::ApproveMapping { mapping, record_sha256 });
    desk.0.stop();
}

fn policy() -> Policy {
    Policy {
        trust_domain: TRUST_DOMAIN.parse().unwrap(),
        demonstration: true,
        screening: false,
        token_suite: TokenSuite::HmacSm3,
        mapping_comment_period_s: 0,
        ..Policy::default()
    }
}

fn officers(count: usize) -> Origin {
    Origin::Officers(
        OFFICERS
            .iter()
            .take(count)
            .map(|account| account.parse().unwrap())
            .collect(),
    )
}

fn admission(place: &Place, member: &str, region: &str) -> Decision {
    Decision::Admit {
        member: member.parse().unwrap(),
        region: region.parse().unwrap(),
        kind: MemberKind::Region,
        name_zh: member.to_owned(),
        name_en: member.to_owned(),
        key: signing_key(place, member).verifying_key().clone(),
    }
}

/// What a mapping rests on: Wuhan's sheet, what is known of its registry, and the reference methodology that Harbin goes by.
fn evidence(desk: &Desk, place: &Place) {
    let registry = Registry {
        conformance_report: Some(Sha256::of(b"conformance")),
        verification_bodies: vec!["Example Verification Body".to_owned()],
    };
    let member = "wuhan".parse().unwrap();
    desk.decide(officers(1), Decision::SetRegistry { member, registry });
    desk.hear("wuhan", &spoken(place, "wuhan", sheet(METRO, Some("420100"), "100")));
    desk.decide(
        officers(1),
        Decision::PutSheet(Box::new(sheet(REFERENCE, None, "85.9296"))),
    );
}

/// Both members agree to a mapping.
fn agree(desk: &Desk, place: &Place, mapping: &str) -> Sha256 {
    let proposal = mapping_proposal(mapping, now());
    let mapping = proposal.mapping.clone();
    desk.hear("wuhan", &spoken(place, "wuhan", proposal));
    let governance = desk.0.governance();
    let record_sha256 = governance.mapping_versions[&mapping].record().unwrap().sha256();
    for (member, _) in MEMBERS {
        let mapping = mapping.clone();
        let endorsement = MappingEndorsement { mapping, record_sha256 };
        desk.hear(member, &spoken(place, member, endorsement));
    }
    record_sha256
}

fn spoken<C: Content>(place: &Place, member: &str, content: C) -> Envelope {
    let at = now();
    let message = Message {
        trust_domain: TRUST_DOMAIN.parse().unwrap(),
        member: member.parse().unwrap(),
        protocol: tanqiao_protocol::PROTOCOL_VERSION,
        id: new_id(),
        issued_at: at,
        not_after: at.plus_micros(DAY_US),
        staff: None,
        content,
    };
    let payload = serde_json::to_vec(&message).unwrap();
    Envelope::sign(&C::ACTION.payload_type(), payload, &signing_key(place, member)).unwrap()
}

/// The officers' desk: a process decides on the ledger without serving.
struct Desk(Sequencer);

impl Desk {
    fn decide(&self, origin: Origin, decision: Decision) {
        let id = new_id();
        let payload_sha256 = Sha256::of(id.to_string().as_bytes());
        self.must(Command {
            origin,
            id,
            payload_sha256,
            body: Body::Governance(Box::new(decision)),
        });
    }

    /// What a member has signed, checked as at the hub's door.
    fn hear(&self, member: &str, envelope: &Envelope) {
        let reception = Reception {
            trust_domain: TRUST_DOMAIN.parse().unwrap(),
            governance: self.0.governance(),
            caller: member.parse().unwrap(),
            now: now(),
            place: Address::any(),
        };
        match reception.receive(&envelope.to_json().unwrap()).unwrap().items.remove(0) {
            Item::Command(command) => self.must(*command),
            Item::Refused { problem, .. } => panic!("{problem}"),
        }
    }

    fn must(&self, command: Command) {
        self.0.submit_blocking(vec![command]).unwrap().remove(0).result.unwrap();
    }
}
