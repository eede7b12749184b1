//! A member's certificate is renewed, and a renewal that is cut off anywhere leaves a pair that fits.

use std::path::Path;

use tanqiao_certs::enrolment::KeyAlgorithm;
use tanqiao_certs::renewal::{ExpiryAlarm, Renewal, RenewalError, complete, facts};
use tanqiao_certs::tls::IdentityFiles;
use tanqiao_certs::{
    Authority, CertificateRequest, ClientTls, Order, PeerIdentity, Profile, Span, Time, TlsFiles, TlsKey, durable,
    peer_identity,
};

const DOMAIN: &str = "tanqiao.test";

struct Ground {
    directory: tempfile::TempDir,
    authority: Authority,
    files: IdentityFiles,
}

/// A member with a certificate that was issued `age` ago.
fn ground(age: Span) -> Ground {
    tanqiao_certs::install_crypto_provider();
    let directory = tempfile::tempdir().unwrap();
    let issued_at = now() - age;
    let authority = Authority::init(&directory.path().join("ca"), &DOMAIN.parse().unwrap(), issued_at).unwrap();
    let files = IdentityFiles {
        certificate: directory.path().join("node.pem"),
        key: directory.path().join("node.key"),
    };
    let key = TlsKey::generate(KeyAlgorithm::P256).unwrap();
    key.save_new(&files.key).unwrap();
    let request = CertificateRequest::from_pem(&key.request_pem("wuhan").unwrap()).unwrap();
    let order = Order::new(Profile::Node("wuhan".parse().unwrap()));
    let issued = authority.issue(&request, &order, issued_at).unwrap();
    durable::write_public(&files.certificate, issued.chain_pem.as_bytes()).unwrap();
    Ground {
        directory,
        authority,
        files,
    }
}

fn now() -> Time {
    chrono::Utc::now()
}

impl Ground {
    fn old(&self) -> PeerIdentity {
        let der = rustls_pki_types::pem::PemObject::from_pem_slice(&std::fs::read(&self.files.certificate).unwrap());
        let der: rustls_pki_types::CertificateDer<'_> = der.unwrap();
        peer_identity(&der, &DOMAIN.parse().unwrap()).unwrap()
    }

    fn answer(&self, renewal: &Renewal) -> String {
        let request = CertificateRequest::from_pem(&renewal.request_pem("wuhan").unwrap()).unwrap();
        self.authority.renew(&request, &self.old(), now()).unwrap().chain_pem
    }

    fn usable(&self) -> bool {
        let files = TlsFiles::new(self.authority.bundle_path()).with_identity(&self.files.certificate, &self.files.key);
        ClientTls::load(files, DOMAIN.parse().unwrap(), now()).is_ok()
    }

    fn beside(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
}

#[test]
fn a_certificate_is_renewed_at_two_thirds_of_its_life_and_not_before() {
    assert!(
        Renewal::begin_if_due(&ground(Span::days(59)).files, now())
            .unwrap()
            .is_none()
    );
    let ground = ground(Span::days(61));
    let before = facts(&ground.files).unwrap();
    let key = std::fs::read(&ground.files.key).unwrap();
    let renewal = Renewal::begin_if_due(&ground.files, now()).unwrap().unwrap();
    let chain = ground.answer(&renewal);
    let after = renewal.finish(&chain, now()).unwrap();
    assert_eq!(after, facts(&ground.files).unwrap());
    assert_eq!((after.days_left(now()), &after.spiffe_id), (89, &before.spiffe_id));
    assert_ne!(std::fs::read(&ground.files.key).unwrap(), key, "a new key");
    assert!(ground.usable());
    assert!(Renewal::begin_if_due(&ground.files, now()).unwrap().is_none());
    assert!(!ground.beside("node.key.next").exists() && !ground.beside("node.pem.next").exists());
}

#[test]
fn what_is_cut_off_goes_on_with_the_same_key() {
    let ground = ground(Span::days(61));
    // The answer was lost.
    let renewal = Renewal::begin_if_due(&ground.files, now()).unwrap().unwrap();
    let lost = ground.answer(&renewal);
    drop(renewal);
    let renewal = Renewal::begin_if_due(&ground.files, now()).unwrap().unwrap();
    // Cut off before anything was replaced: the old pair is in place.
    durable::write_public(&ground.beside("node.pem.next"), lost.as_bytes()).unwrap();
    assert!(!complete(&ground.files).unwrap());
    assert!(ground.usable());
    // Cut off between the two: the key is the new one already.
    copy(&ground.beside("node.key.next"), &ground.files.key);
    std::fs::remove_file(ground.beside("node.key.next")).unwrap();
    assert!(!ground.usable());
    assert!(complete(&ground.files).unwrap());
    assert!(ground.usable());
    assert_eq!(facts(&ground.files).unwrap().days_left(now()), 89);
    drop(renewal);
}

#[test]
fn a_certificate_that_does_not_fit_is_refused_and_the_old_pair_stays() {
    let ground = ground(Span::days(61));
    let before = std::fs::read(&ground.files.certificate).unwrap();
    let refuse = |chain: &str| {
        let renewal = Renewal::begin_if_due(&ground.files, now()).unwrap().unwrap();
        let refused = renewal.finish(chain, now()).unwrap_err();
        assert_eq!(std::fs::read(&ground.files.certificate).unwrap(), before);
        assert!(ground.usable() && !ground.beside("node.pem.next").exists());
        refused
    };
    assert!(matches!(refuse("nothing"), RenewalError::Pair(_)));
    // The old one, which is for the old key.
    assert!(matches!(
        refuse(&String::from_utf8(before.clone()).unwrap()),
        RenewalError::Pair(_)
    ));
    // Another member's, for this key.
    let renewal = Renewal::begin_if_due(&ground.files, now()).unwrap().unwrap();
    let request = CertificateRequest::from_pem(&renewal.request_pem("wuhan").unwrap()).unwrap();
    let other = Order::new(Profile::Node("harbin".parse().unwrap()));
    let other = ground.authority.issue(&request, &other, now()).unwrap().chain_pem;
    assert!(matches!(refuse(&other), RenewalError::NotTheSame(_)));
}

#[test]
fn each_alarm_is_raised_once() {
    let certificate = facts(&ground(Span::days(1)).files).unwrap();
    let mut alarm = ExpiryAlarm::default();
    let days = [60, 31, 29, 20, 13, 10, 5, 3, 0, 0];
    let raised = days.map(|days| {
        alarm.raised(
            certificate.not_after,
            certificate.not_after - Span::days(days) - Span::hours(1),
        )
    });
    assert_eq!(
        raised,
        [None, None, Some(30), None, Some(14), None, Some(7), None, Some(1), None]
    );
    // A renewed certificate begins anew.
    assert_eq!(alarm.raised(certificate.not_after, certificate.not_before), None);
    assert_eq!(alarm.raised(certificate.not_after, certificate.not_after), Some(1));
}
