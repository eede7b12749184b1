//! Who is let in at the federation's listener.

use rcgen::{CertificateParams, Issuer, KeyPair, SanType};
use reqwest::tls::TlsInfo;
use rustls::AlertDescription;
use tanqiao_certs::{Authority, CertificateFacts, Order, Profile, RevocationReason, Span};
use tanqiao_tests::content::{TRUST_DOMAIN, issuance};
use tanqiao_tests::founding::{certify, hub_order};
use tanqiao_tests::member::{name_of, told};
use tanqiao_tests::patience::when;
use tanqiao_tests::{Federation, Kind, Plan, Refused as _, Visitor, until};

use crate::told_on_both;

told_on_both!(
    only_a_valid_certificate_of_a_member_is_let_in,
    a_member_speaks_for_itself_only,
    a_revoked_member_is_shut_out,
    the_hub_changes_its_certificate_while_it_runs,
);

fn node(member: &str) -> Order {
    Order::new(Profile::Node(member.parse().unwrap()))
}

/// Somebody with a certificate of this authority, issued as if it were this time.
fn issued_by(
    federation: &Federation,
    authority: &Authority,
    name: &str,
    order: &Order,
    at: tanqiao_certs::Time,
) -> Visitor {
    let files = federation.place.root().join(name);
    certify(authority, order, at, &files);
    Visitor::showing(&federation.place, &files, at)
}

/// Somebody whose certificate the federation's issuing CA has signed against the policy, with these names.
fn against_policy(federation: &Federation, name: &str, uris: &[&str]) -> Visitor {
    let ca = |file: &str| std::fs::read_to_string(federation.place.certs().join(file)).unwrap();
    let key = KeyPair::from_pem(&ca("issuing.key")).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&ca("issuing.pem"), key).unwrap();
    let mut params = CertificateParams::new(vec!["wuhan.example".to_owned()]).unwrap();
    let names = uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap()));
    params.subject_alt_names.extend(names);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let files = federation.place.root().join(name);
    std::fs::write(files.with_extension("pem"), certificate.pem()).unwrap();
    std::fs::write(files.with_extension("key"), key.serialize_pem()).unwrap();
    Visitor::showing(&federation.place, &files, chrono::Utc::now())
}

/// Who must be let in.
fn welcome(federation: &Federation) -> Vec<(&'static str, Visitor)> {
    let named = format!("spiffe://{TRUST_DOMAIN}/node/wuhan");
    let wuhan = federation.place.member("wuhan", "node");
    vec![
        (
            "the member's own",
            Visitor::showing(&federation.place, &wuhan, chrono::Utc::now()),
        ),
        (
            "one that names the member",
            against_policy(federation, "named", &[&named]),
        ),
    ]
}

/// Who must be turned away at the handshake, and with which alert.
fn unwelcome(federation: &Federation) -> Vec<(&'static str, AlertDescription, Visitor)> {
    use AlertDescription as Alert;
    let (now, own) = (chrono::Utc::now(), &federation.authority);
    // An authority of the same name: only its signature betrays it.
    let other = federation.place.root().join("other");
    let other = Authority::init(&other, &TRUST_DOMAIN.parse().unwrap(), now).unwrap();
    let issued = |by: &Authority, name: &str, order: Order, at| issued_by(federation, by, name, &order, at);
    let named = |name: &str, uris: &[&str]| against_policy(federation, name, uris);
    let [wuhan, harbin] = ["wuhan", "harbin"].map(|member| format!("spiffe://{TRUST_DOMAIN}/node/{member}"));
    let (posing, web) = (
        format!("spiffe://{TRUST_DOMAIN}/hub"),
        format!("https://{TRUST_DOMAIN}/node/wuhan"),
    );
    let console = Order::new(Profile::Console).with_dns("localhost");
    let hub = Visitor::showing(&federation.place, &federation.place.hub("hub"), now);
    let expired = issued(own, "expired", node("wuhan"), now - Span::days(91));
    let early = issued(own, "early", node("wuhan"), now + Span::days(2));
    let elsewhere = named("elsewhere", &["spiffe://other.test/node/wuhan"]);
    vec![
        (
            "none",
            Alert::CertificateRequired,
            Visitor::with_nothing(&federation.place),
        ),
        ("expired", Alert::CertificateExpired, expired),
        ("not yet valid", Alert::CertificateExpired, early),
        (
            "of another authority",
            Alert::DecryptError,
            issued(&other, "foreign", node("wuhan"), now),
        ),
        ("without a URI", Alert::CertificateUnknown, named("nameless", &[])),
        ("of another trust domain", Alert::CertificateUnknown, elsewhere),
        ("without a SPIFFE id", Alert::CertificateUnknown, named("web", &[&web])),
        (
            "of two members",
            Alert::CertificateUnknown,
            named("double", &[&wuhan, &harbin]),
        ),
        (
            "in the hub's name",
            Alert::CertificateUnknown,
            named("posing", &[&posing]),
        ),
        ("the hub's own", Alert::UnsupportedCertificate, hub),
        (
            "a console's",
            Alert::UnsupportedCertificate,
            issued(own, "console", console, now),
        ),
    ]
}

async fn only_a_valid_certificate_of_a_member_is_let_in(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let url = format!("{}/v1/hub", federation.federation_url("hub"));
    let head = federation.ledger.head().await;
    for (what, alert, visitor) in unwelcome(&federation) {
        assert_eq!((what, visitor.turned_away(federation.door()).await), (what, alert));
        let answer = visitor.http().get(&url).send().await;
        assert!(answer.is_err(), "a certificate that is {what} was let in");
    }
    for (what, visitor) in welcome(&federation) {
        let answer = visitor.http().get(&url).send().await;
        assert_eq!(
            answer.unwrap_or_else(|error| panic!("{what}: {error:?}")).status(),
            200,
            "{what}"
        );
    }
    // A certificate of somebody who was never admitted gets an answer: no.
    let nobody = node("nobody");
    let stranger = issued_by(
        &federation,
        &federation.authority,
        "stranger",
        &nobody,
        chrono::Utc::now(),
    );
    let answer = stranger.http().get(&url).send().await.unwrap();
    told(answer).await.unwrap().refused_by("N03");
    assert_eq!(federation.ledger.head().await, head);
}

/// Wuhan's signature is good, and it comes over Harbin's connection.
async fn a_member_speaks_for_itself_only(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let (wuhan, harbin) = (federation.member("wuhan"), federation.member("harbin"));
    let (_, envelope) = wuhan.say(issuance(1_000));
    let head = federation.ledger.head().await;
    harbin.tell(&envelope).await.refused_by("N05");
    assert_eq!(federation.ledger.head().await, head);
    wuhan.tell(&envelope).await.unwrap();
}

/// Harbin's certificate is revoked: its open connection is refused at the next request, a new one at the handshake. Wuhan's
/// is revoked before it connects at all.
async fn a_revoked_member_is_shut_out(kind: Kind) {
    let federation = Federation::with_hub(Plan::on(kind)).await;
    let harbin = federation.member("harbin");
    let _: serde_json::Value = harbin.read("/v1/hub").await;
    for member in ["wuhan", "harbin"] {
        let pem = std::fs::read(federation.place.member(member, "node.pem")).unwrap();
        let serial = CertificateFacts::from_pem(&pem).unwrap().remove(0).serial;
        federation
            .authority
            .revoke(&serial, RevocationReason::KeyCompromise, chrono::Utc::now())
            .unwrap();
    }
    federation.authority.crl(chrono::Utc::now()).unwrap();

    // An answer, and no failed handshake: it is the connection that was open before.
    let problem = until("the refusal on the open connection", async || {
        let response = harbin.ask("/v1/hub").await.unwrap();
        when(!response.status().is_success(), "it is served")?;
        Ok(told(response).await.unwrap().unwrap_err())
    })
    .await;
    assert_eq!(name_of(&problem), "N01", "{problem:?}");
    harbin.tell(&harbin.say(issuance(1_000)).1).await.refused_by("N01");
    for member in ["wuhan", "harbin"] {
        let files = federation.place.member(member, "node");
        let visitor = Visitor::showing(&federation.place, &files, chrono::Utc::now());
        assert_eq!(
            visitor.turned_away(federation.door()).await,
            AlertDescription::CertificateRevoked
        );
    }
    // Another certificate of the same member is good.
    let renewed = issued_by(
        &federation,
        &federation.authority,
        "renewed",
        &node("wuhan"),
        chrono::Utc::now(),
    );
    let url = format!("{}/v1/hub", federation.federation_url("hub"));
    assert_eq!(renewed.http().get(url).send().await.unwrap().status(), 200);
}

async fn the_hub_changes_its_certificate_while_it_runs(kind: Kind) {
    let mut federation = Federation::with_hub(Plan::on(kind)).await;
    let open = federation.member("wuhan");
    let shown = async |federation: &Federation| {
        let response = federation.member("harbin").ask("/v1/hub").await?;
        let info = response.extensions().get::<TlsInfo>().ok_or("no TLS")?;
        let der = info.peer_certificate().ok_or("no certificate")?;
        Ok::<_, String>(CertificateFacts::from_der(der).unwrap().serial)
    };
    let before = shown(&federation).await.unwrap();
    let _: serde_json::Value = open.read("/v1/hub").await;
    certify(
        &federation.authority,
        &hub_order(&federation.place),
        chrono::Utc::now(),
        &federation.place.hub("hub"),
    );
    let expected = CertificateFacts::from_pem(&std::fs::read(federation.place.hub("hub.pem")).unwrap())
        .unwrap()
        .remove(0)
        .serial;
    assert_ne!(before, expected);
    until("the new certificate", async || {
        let found = shown(&federation).await?;
        when(found == expected, found)
    })
    .await;
    let _: serde_json::Value = open.read("/v1/hub").await;
    federation.hub_must_run();
}
