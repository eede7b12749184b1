//! What the authority signs, and what it refuses to sign.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType};
use tanqiao_certs::{
    Authority, AuthorityError, CertificateFacts, CertificateRequest, IdentityRefusal, Order, Profile, RevocationReason,
    Serial, Span, authority::Status, peer_identity, renewal_due,
};
use tempfile::TempDir;

use crate::federation::{Federation, days_ago, hub, new_request, node, now};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn init_makes_an_authority_once() {
    let dir = TempDir::new().unwrap();
    let domain = "tanqiao.example".parse().unwrap();
    let first = Authority::init(dir.path(), &domain, now()).unwrap();
    assert_eq!(first.root().not_after, now_of(&first) + Span::days(3_652));
    assert_eq!(first.issuing().not_after, now_of(&first) + Span::days(1_095));
    for key in ["root.key", "issuing.key"] {
        assert_eq!(mode(&dir.path().join(key)), 0o600);
    }
    let again = Authority::init(dir.path(), &domain, now()).unwrap();
    assert_eq!(again.root(), first.root());
    assert_eq!(again.issuing(), first.issuing());
    assert_eq!(fs::read_to_string(first.bundle_path()).unwrap(), first.bundle_pem());
    assert_eq!(
        CertificateFacts::from_pem(first.bundle_pem().as_bytes()).unwrap().len(),
        2
    );

    let other = Authority::init(dir.path(), &"other.example".parse().unwrap(), now());
    assert!(matches!(other, Err(AuthorityError::OtherTrustDomain { .. })));
}

/// The time that `init` was given: validities begin five minutes before it.
fn now_of(authority: &Authority) -> tanqiao_certs::Time {
    authority.root().not_before + Span::minutes(5)
}

#[test]
fn init_that_was_cut_off_is_completed() {
    let made = TempDir::new().unwrap();
    let domain = "tanqiao.example".parse().unwrap();
    Authority::init(made.path(), &domain, now()).unwrap();
    // In the order in which they are written.
    let files = ["root.key", "root.pem", "issuing.key", "issuing.pem", "ca.pem"];
    for written in 0..=files.len() {
        let cut = TempDir::new().unwrap();
        for file in files.iter().take(written) {
            fs::copy(made.path().join(file), cut.path().join(file)).unwrap();
        }
        assert!(matches!(
            Authority::open(cut.path()),
            Err(AuthorityError::NotInitialised(_))
        ));
        if written >= 2 {
            let other = Authority::init(cut.path(), &"other.example".parse().unwrap(), now());
            assert!(matches!(other, Err(AuthorityError::OtherTrustDomain { .. })));
        }
        Authority::init(cut.path(), &domain, now()).unwrap();
        for file in files.iter().take(written) {
            assert_eq!(
                fs::read(made.path().join(file)).unwrap(),
                fs::read(cut.path().join(file)).unwrap()
            );
        }
    }
    // A certificate whose key is gone is damage, not an unfinished beginning.
    let lost = TempDir::new().unwrap();
    fs::copy(made.path().join("root.pem"), lost.path().join("root.pem")).unwrap();
    assert!(matches!(
        Authority::init(lost.path(), &domain, now()),
        Err(AuthorityError::CaFile(_))
    ));
    assert!(!lost.path().join("root.key").exists());
}

#[test]
fn the_root_key_may_be_offline() {
    let federation = Federation::new("tanqiao.example");
    let ca = federation.dir.path().join("ca");
    fs::remove_file(ca.join("root.key")).unwrap();
    let authority = Authority::open(&ca).unwrap();
    let (_, request) = new_request();
    authority.issue(&request, &node("wuhan"), now()).unwrap();
    authority.crl(now()).unwrap();
    assert!(matches!(
        authority.root_crl(now(), Span::days(1)),
        Err(AuthorityError::RootKeyOffline(_))
    ));
}

#[test]
fn names_and_usages_come_from_policy() {
    let federation = Federation::new("tanqiao.example");
    let key = KeyPair::generate().unwrap();
    let mut asked = CertificateParams::new(vec!["hub.example".to_owned()]).unwrap();
    asked
        .subject_alt_names
        .push(SanType::URI("spiffe://tanqiao.example/hub".try_into().unwrap()));
    asked.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    asked.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let request = asked.serialize_request(&key).unwrap();
    let request = CertificateRequest::from_der(request.der()).unwrap();

    let issued = federation.authority.issue(&request, &node("wuhan"), now()).unwrap();
    let facts = CertificateFacts::from_der(&issued.der).unwrap();
    assert_eq!(
        facts.spiffe_id.unwrap().to_string(),
        "spiffe://tanqiao.example/node/wuhan"
    );
    assert!(facts.dns.is_empty() && facts.ips.is_empty() && !facts.is_ca);
    assert_eq!(facts.extended_key_usage, ["clientAuth"]);
    assert!(peer_identity(&issued.der, federation.authority.trust_domain()).is_ok());
}

#[test]
fn each_kind_has_its_usages_and_names() {
    let federation = Federation::new("tanqiao.example");
    let listener = Order::new(Profile::NodeListener("wuhan".parse().unwrap())).with_dns("wuhan.example");
    let evaluator = Order::new(Profile::Evaluator("notary".parse().unwrap())).with_dns("notary.example");
    let console = Order::new(Profile::Console).with_dns("console.example");
    for (order, usage, spiffe) in [
        (
            node("wuhan"),
            vec!["clientAuth"],
            Some("spiffe://tanqiao.example/node/wuhan"),
        ),
        (
            listener,
            vec!["serverAuth", "clientAuth"],
            Some("spiffe://tanqiao.example/node/wuhan"),
        ),
        (
            evaluator,
            vec!["serverAuth", "clientAuth"],
            Some("spiffe://tanqiao.example/evaluator/notary"),
        ),
        (hub(), vec!["serverAuth"], Some("spiffe://tanqiao.example/hub")),
        (console, vec!["serverAuth"], None),
    ] {
        let (_, request) = new_request();
        let issued = federation.authority.issue(&request, &order, now()).unwrap();
        let facts = CertificateFacts::from_der(&issued.der).unwrap();
        assert_eq!(facts.extended_key_usage, usage);
        assert_eq!(facts.spiffe_id.map(|id| id.to_string()).as_deref(), spiffe);
        assert_eq!((facts.dns, facts.ips), (order.dns, order.ips));
        assert_eq!(facts.not_after, issued.record.not_after);
    }
}

#[test]
fn impossible_orders_are_refused() {
    let federation = Federation::new("tanqiao.example");
    let (_, request) = new_request();
    let refused = |order: Order| federation.authority.issue(&request, &order, now()).unwrap_err();
    assert!(matches!(
        refused(node("wuhan").with_dns("a.example")),
        AuthorityError::HostNamesNotPermitted
    ));
    assert!(matches!(
        refused(Order::new(Profile::Hub)),
        AuthorityError::HostNamesMissing
    ));
    assert!(matches!(
        refused(hub().with_dns("not a name")),
        AuthorityError::HostName(_)
    ));
    assert!(matches!(
        refused(node("wuhan").valid_for(Span::zero())),
        AuthorityError::Validity
    ));
    assert!(matches!(
        refused(node("wuhan").valid_for(Span::days(367))),
        AuthorityError::Validity
    ));
    assert!(matches!(
        refused(node("wuhan").valid_for(Span::MAX)),
        AuthorityError::Validity
    ));
    assert!(matches!(
        federation.authority.crl_valid_for(now(), Span::MAX),
        Err(AuthorityError::Validity)
    ));
    assert!(matches!(
        federation.authority.crl_valid_for(now(), Span::zero()),
        Err(AuthorityError::Validity)
    ));
    assert_eq!(federation.authority.records().unwrap().len(), 1, "only the issuing CA");
}

#[test]
fn no_certificate_outlives_its_issuer() {
    let federation = Federation::new("tanqiao.example");
    let (_, request) = new_request();
    let end = federation.authority.issuing().not_after;
    let issued = federation
        .authority
        .issue(&request, &node("wuhan"), end - Span::days(10))
        .unwrap();
    assert_eq!(issued.record.not_after, end);
    let late = federation.authority.issue(&request, &node("wuhan"), end);
    assert!(matches!(late, Err(AuthorityError::IssuingCaExpired(_))));
}

#[test]
fn serials_are_random_positive_and_recorded() {
    let federation = Federation::new("tanqiao.example");
    let serials: BTreeSet<Serial> = (0..20)
        .map(|n| federation.issue(&format!("n{n}"), &node("wuhan"), now()).record.serial)
        .collect();
    assert_eq!(serials.len(), 20);
    for serial in &serials {
        let bytes = serial.to_bytes();
        assert_eq!(bytes.len(), 16);
        assert!(bytes.first().is_some_and(|b| (0x40..0x80).contains(b)));
        assert_eq!(federation.authority.record(serial).unwrap().status, Status::Good);
    }
}

#[test]
fn two_programs_can_issue_at_once() {
    let federation = Federation::new("tanqiao.example");
    let dir = federation.dir.path().join("ca");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let authority = Authority::open(&dir).unwrap();
                for _ in 0..5 {
                    let (_, request) = new_request();
                    authority.issue(&request, &node("wuhan"), now()).unwrap();
                    authority.crl(now()).unwrap();
                }
            });
        }
    });
    assert_eq!(federation.authority.records().unwrap().len(), 21);
    assert_eq!(federation.authority.crl(now()).unwrap().number, 22);
}

#[test]
fn renewal_keeps_the_name_and_changes_the_key() {
    let federation = Federation::new("tanqiao.example");
    let listener = Order::new(Profile::NodeListener("wuhan".parse().unwrap())).with_dns("wuhan.example");
    let old = federation.issue("wuhan", &listener, days_ago(61));
    let facts = CertificateFacts::from_der(&old.der).unwrap();
    assert!(renewal_due(&facts, now()));
    assert!(!renewal_due(&facts, days_ago(10)));
    assert_eq!((facts.days_left(now()), facts.expiry_alarm(now())), (29, Some(30)));
    assert_eq!(facts.expiry_alarm(days_ago(61)), None);
    assert_eq!(facts.expiry_alarm(facts.not_after), Some(1));

    let identity = federation.authority.verify(&old.der, now()).unwrap();
    let (_, request) = new_request();
    let new = federation.authority.renew(&request, &identity, now()).unwrap();
    assert_eq!(new.record.spiffe_id, old.record.spiffe_id);
    assert_eq!(
        (&new.record.subject, &new.record.dns),
        (&old.record.subject, &old.record.dns)
    );
    assert_eq!(new.record.renews, Some(old.record.serial));
    assert_eq!(
        new.record.not_after - new.record.not_before,
        old.record.not_after - old.record.not_before
    );
}

#[test]
fn what_is_revoked_expired_or_foreign_is_not_renewed() {
    let federation = Federation::new("tanqiao.example");
    let (_, request) = new_request();
    let renew = |issued: &tanqiao_certs::Issued| {
        let identity = peer_identity(&issued.der, federation.authority.trust_domain()).unwrap();
        federation.authority.renew(&request, &identity, now()).unwrap_err()
    };
    let expired = federation.issue("old", &node("wuhan"), days_ago(91));
    assert!(matches!(
        renew(&expired),
        AuthorityError::Identity(IdentityRefusal::Expired(_))
    ));

    let revoked = federation.issue("revoked", &node("wuhan"), now());
    federation.revoke(&revoked);
    assert!(matches!(
        renew(&revoked),
        AuthorityError::Identity(IdentityRefusal::Revoked(_))
    ));
    assert!(federation.authority.verify(&revoked.der, now()).is_err());

    let other = Federation::new("tanqiao.example");
    let foreign = other.issue("foreign", &node("wuhan"), now());
    assert!(matches!(renew(&foreign), AuthorityError::Unknown(_)));
    assert!(matches!(
        federation.authority.verify(&foreign.der, now()),
        Err(AuthorityError::Unknown(_))
    ));

    // Another member's name on one's own serial number.
    let mine = federation.issue("mine", &node("wuhan"), now());
    let mut identity = peer_identity(&mine.der, federation.authority.trust_domain()).unwrap();
    identity.spiffe = "spiffe://tanqiao.example/node/shanghai".parse().unwrap();
    let refused = federation.authority.renew(&request, &identity, now());
    assert!(matches!(refused, Err(AuthorityError::NotTheSame(_))));
}

#[test]
fn the_first_revocation_stands() {
    let federation = Federation::new("tanqiao.example");
    let issued = federation.issue("wuhan", &node("wuhan"), days_ago(5));
    let serial = &issued.record.serial;
    federation
        .authority
        .revoke(serial, RevocationReason::KeyCompromise, days_ago(3))
        .unwrap();
    let again = federation
        .authority
        .revoke(serial, RevocationReason::Superseded, now())
        .unwrap();
    assert_eq!(
        (again.reason, again.revoked_at),
        (Some(RevocationReason::KeyCompromise), Some(again.revoked_at.unwrap()))
    );
    assert!(again.revoked_at.unwrap() <= days_ago(3));
    let unknown: Serial = "0a".parse().unwrap();
    let refused = federation
        .authority
        .revoke(&unknown, RevocationReason::Unspecified, now());
    assert!(matches!(refused, Err(AuthorityError::Unknown(_))));
}

#[test]
fn a_damaged_index_stops_the_authority() {
    let federation = Federation::new("tanqiao.example");
    let index = federation.dir.path().join("ca/index.json");
    let text = fs::read_to_string(&index).unwrap();
    for damaged in [
        text.replace("\"format\": 1", "\"format\": 2"),
        text.get(..40).unwrap().to_owned(),
    ] {
        fs::write(&index, damaged).unwrap();
        assert!(matches!(federation.authority.crl(now()), Err(AuthorityError::Index(_))));
    }
}
