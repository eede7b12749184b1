//! Who gets in, and who is believed to be the hub.

use std::{fs, sync::Arc};

use rcgen::{CertificateParams, Issuer, KeyPair, SanType};
use rustls::{ClientConfig, HandshakeKind, ServerConnection, client::Resumption};
use tanqiao_certs::{
    ClientTls, IdentityRefusal, Order, Profile, Role, ServerTls, Span, TlsError, TlsFiles, install_crypto_provider,
};

use crate::federation::{Connected, Federation, HUB_NAME, connect, connect_to, days_ago, hub, node, now};

#[test]
fn a_member_and_the_hub_know_each_other() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (client, issued) = federation.client("wuhan", &node("wuhan"), now());
    let (at_server, at_client) = connect(server.federation_config().unwrap(), client.hub_config().unwrap()).unwrap();

    let peer = server.state().peer(at_server.peer.as_deref()).unwrap();
    assert_eq!(peer.spiffe.to_string(), "spiffe://tanqiao.example/node/wuhan");
    assert_eq!(*peer.key.serial(), issued.record.serial);
    assert_eq!(peer.not_after, issued.record.not_after);
    assert_eq!(peer.fingerprint_sha256, issued.record.fingerprint_sha256);
    server.state().check_request(&peer, now()).unwrap();

    let answering = client.state().peer(at_client.peer.as_deref()).unwrap();
    assert_eq!(*answering.spiffe.role(), Role::Hub);
    assert_eq!(at_client.alpn.as_deref(), Some(b"h2".as_slice()));
}

#[test]
fn a_node_without_a_certificate_can_only_enrol() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let files = TlsFiles::new(federation.authority.bundle_path());
    let client = ClientTls::load(files, federation.trust_domain(), now()).unwrap();
    let refusal = connect(server.federation_config().unwrap(), client.hub_config().unwrap());
    assert!(refusal.server_refusal().contains("no certificates"));

    let (at_server, _) = connect(server.enrolment_config().unwrap(), client.hub_config().unwrap()).unwrap();
    assert_eq!(
        server.state().peer(at_server.peer.as_deref()),
        Err(IdentityRefusal::NoCertificate)
    );
}

#[test]
fn the_client_hears_that_a_certificate_is_required() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let files = TlsFiles::new(federation.authority.bundle_path());
    let client = ClientTls::load(files, federation.trust_domain(), now()).unwrap();
    let outcome = connect(server.federation_config().unwrap(), client.hub_config().unwrap());
    assert!(outcome.client_refusal().contains("CertificateRequired"));
}

/// A client that believes this federation's hub and shows another authority's certificate.
fn with_identity_of(federation: &Federation, other: &Federation, name: &str, order: &Order) -> ClientTls {
    other.issue(name, order, now());
    let (certificate, key) = other.paths(name);
    let files = TlsFiles::new(federation.authority.bundle_path()).with_identity(certificate, key);
    ClientTls::load(files, federation.trust_domain(), now()).unwrap()
}

#[test]
fn a_certificate_of_another_authority_is_refused() {
    let federation = Federation::new("tanqiao.example");
    // The same names and the same trust domain: only the keys differ.
    let other = Federation::new("tanqiao.example");
    let client = with_identity_of(&federation, &other, "wuhan", &node("wuhan"));
    let refusal = connect(
        federation.hub().federation_config().unwrap(),
        client.hub_config().unwrap(),
    )
    .server_refusal();
    assert!(
        refusal.contains("UnknownIssuer") || refusal.contains("BadSignature"),
        "{refusal}"
    );
}

#[test]
fn an_expired_or_future_certificate_is_refused() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (expired, _) = federation.client("old", &node("wuhan"), days_ago(91));
    let refusal = connect(server.federation_config().unwrap(), expired.hub_config().unwrap()).server_refusal();
    assert!(refusal.contains("expired"), "{refusal}");

    let (future, _) = federation.client("new", &node("wuhan"), days_ago(-2));
    let refusal = connect(server.federation_config().unwrap(), future.hub_config().unwrap()).server_refusal();
    assert!(refusal.contains("not valid yet"), "{refusal}");
}

#[test]
fn an_end_does_not_load_its_own_expired_certificate() {
    let federation = Federation::new("tanqiao.example");
    federation.issue("old", &node("wuhan"), days_ago(91));
    let refused = ClientTls::load(federation.files("old"), federation.trust_domain(), now());
    assert!(matches!(refused, Err(TlsError::Validity { .. })));
    let without = TlsFiles::new(federation.authority.bundle_path());
    assert!(matches!(
        ServerTls::load(without, federation.trust_domain(), now()),
        Err(TlsError::NoIdentity)
    ));
}

/// A client whose certificate our issuing CA signed against the policy, with these SANs.
fn client_with_sans(federation: &Federation, uris: &[&str]) -> ClientConfig {
    let ca = federation.dir.path().join("ca");
    let ca_key = KeyPair::from_pem(&fs::read_to_string(ca.join("issuing.key")).unwrap()).unwrap();
    let ca_pem = fs::read_to_string(ca.join("issuing.pem")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&ca_pem, ca_key).unwrap();
    let mut params = CertificateParams::new(vec!["wuhan.example".to_owned()]).unwrap();
    params
        .subject_alt_names
        .extend(uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap())));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let (certificate_path, key_path) = federation.paths("odd");
    fs::write(&certificate_path, certificate.pem()).unwrap();
    fs::write(&key_path, key.serialize_pem()).unwrap();
    let files = TlsFiles::new(federation.authority.bundle_path()).with_identity(certificate_path, key_path);
    ClientTls::load(files, federation.trust_domain(), now())
        .unwrap()
        .hub_config()
        .unwrap()
}

#[test]
fn a_certificate_must_name_exactly_one_member_of_this_federation() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub().federation_config().unwrap();
    let accepted = ["spiffe://tanqiao.example/node/wuhan"];
    connect(server.clone(), client_with_sans(&federation, &accepted)).unwrap();
    for (uris, why) in [
        (vec![], "NoUri"),
        (vec!["spiffe://other.example/node/wuhan"], "OtherTrustDomain"),
        (vec!["https://tanqiao.example/node/wuhan"], "NotSpiffe"),
        (
            vec![
                "spiffe://tanqiao.example/node/wuhan",
                "spiffe://tanqiao.example/node/shanghai",
            ],
            "ManyUris",
        ),
        (vec!["spiffe://tanqiao.example/hub"], "OtherRole"),
    ] {
        let outcome = connect(server.clone(), client_with_sans(&federation, &uris));
        let refusal = outcome.server.err().map(|e| format!("{e:?}")).unwrap_or_default();
        assert!(refusal.contains(why), "{uris:?}: {refusal}");
    }
}

#[test]
fn a_servers_certificate_opens_no_door() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let console = Order::new(Profile::Console).with_dns("console.example");
    for (name, order) in [("hub-as-client", hub()), ("console-as-client", console)] {
        let (client, _) = federation.client(name, &order, now());
        let refusal = connect(server.federation_config().unwrap(), client.hub_config().unwrap()).server_refusal();
        assert!(
            refusal.contains("extended key usage") || refusal.contains("purpose"),
            "{name}: {refusal}"
        );
    }
}

#[test]
fn a_member_cannot_stand_for_the_hub() {
    let federation = Federation::new("tanqiao.example");
    let (client, _) = federation.client("wuhan", &node("wuhan"), now());
    // A node's client certificate has neither the usage nor the name.
    federation.issue("shanghai", &node("shanghai"), now());
    let impostor = ServerTls::load(federation.files("shanghai"), federation.trust_domain(), now()).unwrap();
    let outcome = connect(impostor.federation_config().unwrap(), client.hub_config().unwrap());
    assert!(!outcome.client_refusal().is_empty());

    // A node listener's certificate has both, and still is not the hub; a console's names nobody.
    let listener = Order::new(Profile::NodeListener("shanghai".parse().unwrap())).with_dns(HUB_NAME);
    let console = Order::new(Profile::Console).with_dns(HUB_NAME);
    for (name, order, why) in [("listener", listener, "OtherRole"), ("console", console, "NoUri")] {
        federation.issue(name, &order, now());
        let impostor = ServerTls::load(federation.files(name), federation.trust_domain(), now()).unwrap();
        let outcome = connect(impostor.federation_config().unwrap(), client.hub_config().unwrap());
        let refusal = outcome.client.err().map(|e| format!("{e:?}")).unwrap_or_default();
        assert!(refusal.contains(why), "{refusal}");
    }
}

#[test]
fn members_reach_each_others_listeners() {
    let federation = Federation::new("tanqiao.example");
    let (client, _) = federation.client("wuhan", &node("wuhan"), now());
    let listener = Order::new(Profile::NodeListener("shanghai".parse().unwrap())).with_dns("shanghai.example");
    federation.issue("listener", &listener, now());
    let server = ServerTls::load(federation.files("listener"), federation.trust_domain(), now()).unwrap();
    let server = Arc::new(server.federation_config().unwrap());
    let shanghai = Arc::new(client.config_for(Role::Member("shanghai".parse().unwrap())).unwrap());
    connect_to("shanghai.example", &server, &shanghai).unwrap();
    let beijing = Arc::new(client.config_for(Role::Member("beijing".parse().unwrap())).unwrap());
    assert!(connect_to("shanghai.example", &server, &beijing).client.is_err());
}

#[test]
fn the_hubs_host_name_is_checked() {
    let federation = Federation::new("tanqiao.example");
    let server = Arc::new(federation.hub().federation_config().unwrap());
    let (client, _) = federation.client("wuhan", &node("wuhan"), now());
    let client = Arc::new(client.hub_config().unwrap());
    connect_to("127.0.0.1", &server, &client).unwrap();
    let refusal = connect_to("elsewhere.example", &server, &client).client_refusal();
    assert!(refusal.contains("elsewhere.example"), "{refusal}");
}

#[test]
fn a_peer_that_forgets_its_issuing_ca_is_understood() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let issued = federation.issue("wuhan", &node("wuhan"), now());
    fs::write(federation.paths("wuhan").0, issued.certificate_pem).unwrap();
    let client = ClientTls::load(federation.files("wuhan"), federation.trust_domain(), now()).unwrap();
    connect(server.federation_config().unwrap(), client.hub_config().unwrap()).unwrap();
}

#[test]
fn nothing_is_resumed() {
    install_crypto_provider();
    install_crypto_provider();
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (client, issued) = federation.client("wuhan", &node("wuhan"), now());
    let server_config = Arc::new(server.federation_config().unwrap());
    // Ours does not ask; one that would like to resume gets no ticket to do it with.
    let ours = Arc::new(client.hub_config().unwrap());
    let mut eager = client.hub_config().unwrap();
    eager.resumption = Resumption::in_memory_sessions(32);
    let eager = Arc::new(eager);
    let kinds = |Connected { kind, .. }| kind;
    for config in [&ours, &eager, &ours, &eager] {
        let (at_server, at_client) = connect_to(HUB_NAME, &server_config, config).unwrap();
        assert!(matches!(
            kinds(at_server),
            HandshakeKind::Full | HandshakeKind::FullWithHelloRetryRequest
        ));
        assert!(matches!(
            kinds(at_client),
            HandshakeKind::Full | HandshakeKind::FullWithHelloRetryRequest
        ));
    }
    federation.revoke(&issued);
    server.reload(now()).unwrap();
    for config in [&ours, &eager] {
        assert!(
            connect_to(HUB_NAME, &server_config, config)
                .client_refusal()
                .contains("CertificateRevoked")
        );
    }
}

#[test]
fn only_tls_1_3_is_spoken() {
    let federation = Federation::new("tanqiao.example");
    let config = federation.hub().federation_config().unwrap();
    assert_eq!((config.send_tls13_tickets, config.max_early_data_size), (0, 0));
    // A ClientHello of TLS 1.2 (RFC 5246 §7.4.1.2) with one good cipher suite and the extensions that go with it.
    let extensions = [
        b"\x00\x0a\x00\x04\x00\x02\x00\x17".as_slice(), // supported_groups: secp256r1
        b"\x00\x0b\x00\x02\x01\x00",                    // ec_point_formats: uncompressed
        b"\x00\x0d\x00\x04\x00\x02\x04\x03",            // signature_algorithms: ecdsa_secp256r1_sha256
    ]
    .concat();
    let mut hello = b"\x03\x03".to_vec();
    hello.extend([7; 32]);
    hello.extend(b"\x00\x00\x02\xc0\x2b\x01\x00\x00");
    hello.push(u8::try_from(extensions.len()).unwrap());
    hello.extend(extensions);
    let length = u8::try_from(hello.len()).unwrap();
    let record = [
        b"\x16\x03\x01\x00".as_slice(),
        &[length + 4],
        b"\x01\x00\x00",
        &[length],
        &hello,
    ]
    .concat();
    let mut server = ServerConnection::new(Arc::new(config)).unwrap();
    server.read_tls(&mut record.as_slice()).unwrap();
    let refusal = server.process_new_packets().unwrap_err();
    assert!(matches!(refusal, rustls::Error::PeerIncompatible(_)), "{refusal:?}");
    assert!(
        format!("{refusal:?}").contains("Tls12") || format!("{refusal:?}").contains("SupportedVersions"),
        "{refusal:?}"
    );
}

#[test]
fn a_request_is_judged_by_the_time_it_arrives() {
    let federation = Federation::new("tanqiao.example");
    let server = federation.hub();
    let (client, issued) = federation.client("wuhan", &node("wuhan").valid_for(Span::hours(1)), now());
    let (at_server, _) = connect(server.federation_config().unwrap(), client.hub_config().unwrap()).unwrap();
    let peer = server.state().peer(at_server.peer.as_deref()).unwrap();
    let end = issued.record.not_after;
    server.state().check_request(&peer, end).unwrap();
    let late = server.state().check_request(&peer, end + Span::seconds(1));
    assert_eq!(late, Err(IdentityRefusal::Expired(end)));
    let early = server.state().check_request(&peer, days_ago(1));
    assert_eq!(early, Err(IdentityRefusal::NotYetValid(issued.record.not_before)));
}
