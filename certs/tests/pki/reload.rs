//! Certificates, CA sets and CRLs change while connections are open.

use std::fs;

use tanqiao_certs::{
    Authority, CertificateFacts, ClientTls, CrlState, IdentityRefusal, RevocationReason, ServerTls, Span, TlsError,
    TlsFiles, authority::Subject,
};

use crate::federation::{Connected, Federation, connect, days_ago, hub, node, now};

fn serial_shown(connected: &Connected) -> String {
    let chain = connected.peer.as_ref().unwrap();
    CertificateFacts::from_der(chain.first().unwrap())
        .unwrap()
        .serial
        .to_string()
}

#[test]
fn a_revoked_member_is_refused_at_the_next_handshake_and_the_next_request() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (wuhan, issued) = federation.client("wuhan", &node("wuhan"), now());
    let (shanghai, _) = federation.client("shanghai", &node("shanghai"), now());
    let config = server.federation_config().unwrap();
    let (open, _) = connect(config.clone(), wuhan.hub_config().unwrap()).unwrap();
    let peer = server.state().peer(open.peer.as_deref()).unwrap();
    let revocations = server.state().revocations();
    assert!(!revocations.is_revoked(&peer) && revocations.is_empty());

    federation.revoke(&issued);
    assert!(server.reload_if_changed(now()).unwrap());
    assert!(!server.reload_if_changed(now()).unwrap());

    // The open connection, through a handle taken before the reload.
    let refused = revocations.check_request(&peer, now());
    assert_eq!(refused, Err(IdentityRefusal::Revoked(issued.record.serial.clone())));
    assert_eq!(revocations.len(), 1);
    // A new one, through a configuration made before the reload.
    let refusal = connect(config.clone(), wuhan.hub_config().unwrap()).client_refusal();
    assert!(refusal.contains("CertificateRevoked"), "{refusal}");
    connect(config, shanghai.hub_config().unwrap()).unwrap();
}

#[test]
fn a_client_refuses_a_revoked_hub() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (client, _) = federation.client("wuhan", &node("wuhan"), now());
    connect(server.federation_config().unwrap(), client.hub_config().unwrap()).unwrap();
    let serial = server.state().certificate().unwrap().serial;
    federation
        .authority
        .revoke(&serial, RevocationReason::Superseded, now())
        .unwrap();
    federation.authority.crl(now()).unwrap();
    client.reload(now()).unwrap();
    let refusal = connect(server.federation_config().unwrap(), client.hub_config().unwrap()).client_refusal();
    assert!(refusal.contains("Revoked"), "{refusal}");
}

#[test]
fn a_revoked_issuing_ca_takes_everything_below_it_down() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (client, issued) = federation.client("wuhan", &node("wuhan"), now());
    let config = server.federation_config().unwrap();
    connect(config.clone(), client.hub_config().unwrap()).unwrap();
    let issuing = federation.authority.issuing().serial.clone();
    let record = federation
        .authority
        .revoke(&issuing, RevocationReason::KeyCompromise, now())
        .unwrap();
    assert_eq!(record.subject, Subject::IssuingCa);
    federation.authority.root_crl(now(), Span::days(90)).unwrap();
    server.reload(now()).unwrap();
    assert!(
        connect(config.clone(), client.hub_config().unwrap())
            .server_refusal()
            .contains("Revoked")
    );
    // Leaving the issuing CA's certificate out of the chain does not help.
    fs::write(federation.paths("wuhan").0, issued.certificate_pem).unwrap();
    let without = TlsFiles::new(federation.authority.bundle_path());
    let (certificate, key) = federation.paths("wuhan");
    let bare = ClientTls::load(
        without.with_identity(certificate, key),
        federation.trust_domain(),
        now(),
    )
    .unwrap();
    assert!(connect(config, bare.hub_config().unwrap()).server.is_err());
}

#[test]
fn the_next_connection_sees_the_new_certificate() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (client, _) = federation.client("wuhan", &node("wuhan"), now());
    let (server_config, client_config) = (server.federation_config().unwrap(), client.hub_config().unwrap());
    let (at_server, at_client) = connect(server_config.clone(), client_config.clone()).unwrap();
    let (old_wuhan, old_hub) = (serial_shown(&at_server), serial_shown(&at_client));

    let new_hub = federation.issue("hub", &hub(), now());
    let new_wuhan = federation.issue("wuhan", &node("wuhan"), now());
    assert!(server.reload_if_changed(now()).unwrap());
    assert!(client.reload_if_changed(now()).unwrap());
    let (at_server, at_client) = connect(server_config, client_config).unwrap();
    assert_eq!(serial_shown(&at_client), new_hub.record.serial.to_string());
    assert_eq!(serial_shown(&at_server), new_wuhan.record.serial.to_string());
    assert_ne!(serial_shown(&at_client), old_hub);
    assert_ne!(serial_shown(&at_server), old_wuhan);
    assert_eq!(server.state().certificate().unwrap().serial, new_hub.record.serial);
}

#[test]
fn broken_files_keep_what_is_in_force() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (client, issued) = federation.client("wuhan", &node("wuhan"), now());
    federation.revoke(&issued);
    server.reload(now()).unwrap();
    let crl_path = federation.authority.crl_path();
    let good = fs::read(&crl_path).unwrap();
    let other = Federation::new("other.example");
    let foreign = fs::read(other.authority.crl_path()).unwrap();
    for broken in [
        b"".to_vec(),
        b"nonsense".to_vec(),
        good.get(..good.len() / 2).unwrap().to_vec(),
        foreign,
    ] {
        fs::write(&crl_path, broken).unwrap();
        assert!(matches!(server.reload_if_changed(now()), Err(TlsError::Crl { .. })));
        assert!(
            server.reload_if_changed(now()).is_err(),
            "a broken file is reported until it is mended"
        );
        let outcome = connect(server.federation_config().unwrap(), client.hub_config().unwrap());
        assert!(outcome.server_refusal().contains("Revoked"));
    }
    fs::remove_file(&crl_path).unwrap();
    assert!(matches!(server.reload_if_changed(now()), Err(TlsError::File(_))));
    fs::write(&crl_path, good).unwrap();
    server.reload(now()).unwrap();

    // A certificate without its key, and one that has expired.
    let before = server.state().certificate().unwrap().serial;
    let (certificate, _) = federation.paths("hub");
    fs::copy(federation.paths("wuhan").0, &certificate).unwrap();
    assert!(matches!(server.reload(now()), Err(TlsError::Identity { .. })));
    federation.issue("hub", &hub(), days_ago(100));
    assert!(matches!(server.reload(now()), Err(TlsError::Validity { .. })));
    // A CA file that holds a node's certificate.
    fs::copy(federation.paths("wuhan").0, federation.authority.bundle_path()).unwrap();
    assert!(matches!(server.reload(now()), Err(TlsError::Ca(_))));
    assert_eq!(server.state().certificate().unwrap().serial, before);
}

#[test]
fn a_broken_certificate_does_not_hold_up_a_revocation() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (client, issued) = federation.client("wuhan", &node("wuhan"), now());
    let config = server.federation_config().unwrap();
    let before = server.state().certificate().unwrap().serial;
    fs::write(federation.paths("hub").0, "cut off").unwrap();
    federation.revoke(&issued);
    assert!(matches!(
        server.reload_if_changed(now()),
        Err(TlsError::Identity { .. })
    ));
    assert!(
        connect(config, client.hub_config().unwrap())
            .server_refusal()
            .contains("Revoked")
    );
    assert_eq!(server.state().certificate().unwrap().serial, before);

    // Nor a broken CRL a renewed certificate.
    let renewed = federation.issue("hub", &hub(), now());
    fs::write(federation.authority.crl_path(), "cut off").unwrap();
    assert!(matches!(server.reload_if_changed(now()), Err(TlsError::Crl { .. })));
    assert_eq!(server.state().certificate().unwrap().serial, renewed.record.serial);
    assert_eq!(server.state().revocations().len(), 1);
}

#[test]
fn an_older_crl_is_not_put_in_force() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (_, issued) = federation.client("wuhan", &node("wuhan"), now());
    let before = fs::read(federation.authority.crl_path()).unwrap();
    federation.revoke(&issued);
    server.reload(now()).unwrap();
    fs::write(federation.authority.crl_path(), before).unwrap();
    assert!(matches!(
        server.reload(now()),
        Err(TlsError::CrlRollback { in_force: 2, .. })
    ));
    assert_eq!(server.state().revocations().len(), 1);
}

#[test]
fn a_crl_past_its_date_is_enforced_and_reported() {
    let federation = Federation::new("tanqiao.example");
    let (revoked, issued) = federation.client("wuhan", &node("wuhan"), days_ago(20));
    let (good, _) = federation.client("shanghai", &node("shanghai"), days_ago(20));
    federation
        .authority
        .revoke(&issued.record.serial, RevocationReason::KeyCompromise, days_ago(10))
        .unwrap();
    federation.authority.crl_valid_for(days_ago(10), Span::days(7)).unwrap();
    let server = federation.hub();
    assert_eq!(
        server.state().crl_state(now()),
        CrlState::Expired {
            since: server_since(&server)
        }
    );
    let config = server.federation_config().unwrap();
    connect(config.clone(), good.hub_config().unwrap()).unwrap();
    assert!(
        connect(config.clone(), revoked.hub_config().unwrap())
            .client_refusal()
            .contains("CertificateRevoked")
    );

    federation.authority.crl(now()).unwrap();
    server.reload(now()).unwrap();
    assert!(matches!(server.state().crl_state(now()), CrlState::Current { .. }));
    let without = ClientTls::load(
        TlsFiles::new(federation.authority.bundle_path()),
        federation.trust_domain(),
        now(),
    )
    .unwrap();
    assert_eq!(without.state().crl_state(now()), CrlState::Absent);
}

fn server_since(server: &ServerTls) -> tanqiao_certs::Time {
    match server.state().crl_state(now()) {
        CrlState::Expired { since } => {
            let age = now() - since;
            assert!(age >= Span::days(3) && age < Span::days(3) + Span::minutes(5), "{age}");
            since
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn expired_certificates_leave_the_crl_and_numbers_only_grow() {
    let federation = Federation::new("tanqiao.example");
    let old = federation.issue("old", &node("wuhan"), days_ago(120));
    let young = federation.issue("young", &node("wuhan"), days_ago(1));
    for issued in [&old, &young] {
        federation
            .authority
            .revoke(&issued.record.serial, RevocationReason::Superseded, days_ago(1))
            .unwrap();
    }
    let first = federation.authority.crl(now()).unwrap();
    assert_eq!((first.number, first.revoked), (2, 1));
    assert_eq!(first.next_update - first.this_update, Span::days(7));
    // Also after a restart.
    let again = Authority::open(&federation.dir.path().join("ca")).unwrap();
    assert_eq!(again.crl(now()).unwrap().number, 3);
}
