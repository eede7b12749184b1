//! What members and officers do in tests, in one line each.

use tanqiao_hub::ledger::command::{Body, Command, Consent, Decision};
use tanqiao_hub::ledger::objects::Policy;
use tanqiao_protocol::check::CheckCode;
use tanqiao_protocol::envelope::Envelope;
use tanqiao_protocol::event::{Claim, EventPlan};
use tanqiao_protocol::id::MessageId;
use tanqiao_protocol::message::{
    Cancellation, Donation, DonationWithdrawal, Pledge, PledgeConsent, PledgeDecision, PledgeForeclosure,
    PledgeRelease, Retirement, TransferAcceptance, TransferDecline, TransferProposal, TransferWithdrawal,
};
use tanqiao_protocol::problem::Problem;
use tanqiao_protocol::recognition::MappingRecord;
use tanqiao_protocol::serial::BlockRef;
use tanqiao_protocol::time::DAY_US;
use tanqiao_protocol::r#use::Use;
use tanqiao_protocol::view::{MemberKind, Outcome};

use super::{Federation, issuance, key_of, mapping, methodology, name, node, signing_key};

/// A proposal as it was sent, and what the hub answered.
pub struct Offered {
    pub id: MessageId,
    pub proposal: Command,
    pub outcome: Outcome,
}

impl Federation {
    pub fn admit(&self, member: &str, region: &str, kind: MemberKind) {
        let decision = Decision::Admit {
            member: node(member),
            region: region.parse().unwrap(),
            kind,
            name_zh: member.to_owned(),
            name_en: member.to_owned(),
            key: signing_key(member).verifying_key().clone(),
        };
        self.by_officers(&["first-officer"], decision).unwrap();
    }

    /// Publishes `<member>-metro.v1`, 78.4 g/km.
    pub fn publish(&self, member: &str, region: &str) {
        self.by_member(member, Body::Methodology(Box::new(methodology(member, region))))
            .unwrap();
    }

    /// Issues a block of `grams` and gives its reference.
    pub fn issue(&self, member: &str, region: &str, grams: i64) -> BlockRef {
        let id = self.new_id();
        let body = Body::Issuance(Box::new(issuance(member, region, grams, id)));
        self.ask(self.command(member, id, body))
            .result
            .unwrap()
            .blocks
            .remove(0)
    }

    /// Lets reductions of `from` be recognised in `to`.
    pub fn map(&self, from: &str, to: &str, region: &str, factor: i64, buffer: i64, cap: Option<i64>) {
        let record = mapping(from, to, region, factor, buffer, cap, self.now());
        self.open_mapping(from, &record).unwrap();
    }

    pub fn propose(&self, from: &str, to: &str, blocks: &[BlockRef]) -> Result<Outcome, Problem> {
        self.by_member(from, self.proposal(to, blocks))
    }

    pub fn proposal(&self, to: &str, blocks: &[BlockRef]) -> Body {
        Body::TransferProposal(Box::new(TransferProposal {
            target: node(to),
            blocks: blocks.to_vec(),
            r#use: Use::CorporateNeutrality,
            quote: None,
            valid_until: self.now().plus_micros(DAY_US),
            price: None,
        }))
    }

    /// The acceptance that the offer of `transfer` asks for.
    pub fn acceptance(&self, transfer: MessageId, proposal: &Command, outcome: &Outcome) -> Body {
        Body::TransferAcceptance(Box::new(TransferAcceptance {
            transfer,
            payload_sha256: proposal.payload_sha256,
            delivered_g: outcome.delivered_g.unwrap(),
            buffered_g: outcome.buffered_g.unwrap(),
            cancelled_g: outcome.cancelled_g.unwrap(),
            r#use: Use::CorporateNeutrality,
        }))
    }

    /// Offers and accepts.
    pub fn transfer(&self, from: &str, to: &str, blocks: &[BlockRef]) -> Outcome {
        let id = self.new_id();
        let proposal = self.command(from, id, self.proposal(to, blocks));
        let offered = self.ask(proposal.clone()).result.unwrap();
        self.by_member(to, self.acceptance(id, &proposal, &offered)).unwrap()
    }

    /// Lets a mapping with these changes recognise.
    pub fn map_as(
        &self,
        from: &str,
        to: &str,
        region: &str,
        change: impl FnOnce(&mut MappingRecord),
    ) -> Result<Outcome, Problem> {
        let mut record = mapping(from, to, region, 842_110, 100_000, None, self.now());
        change(&mut record);
        self.open_mapping(from, &record)
    }

    /// A proposal with these changes.
    pub fn propose_as(
        &self,
        from: &str,
        to: &str,
        blocks: &[BlockRef],
        change: impl FnOnce(&mut TransferProposal),
    ) -> Result<Outcome, Problem> {
        let Body::TransferProposal(mut content) = self.proposal(to, blocks) else {
            unreachable!()
        };
        change(&mut content);
        self.by_member(from, Body::TransferProposal(content))
    }

    pub fn offer(&self, from: &str, to: &str, blocks: &[BlockRef]) -> Offered {
        let id = self.new_id();
        let proposal = self.command(from, id, self.proposal(to, blocks));
        let outcome = self.ask(proposal.clone()).result.unwrap();
        Offered { id, proposal, outcome }
    }

    pub fn accept(&self, to: &str, offered: &Offered) -> Result<Outcome, Problem> {
        self.accept_as(to, offered, |_| ())
    }

    /// An acceptance with these changes.
    pub fn accept_as(
        &self,
        to: &str,
        offered: &Offered,
        change: impl FnOnce(&mut TransferAcceptance),
    ) -> Result<Outcome, Problem> {
        let body = self.acceptance(offered.id, &offered.proposal, &offered.outcome);
        let Body::TransferAcceptance(mut content) = body else {
            unreachable!()
        };
        change(&mut content);
        self.by_member(to, Body::TransferAcceptance(content))
    }

    pub fn decline(&self, to: &str, transfer: MessageId) -> Result<Outcome, Problem> {
        self.by_member(
            to,
            Body::TransferDecline(TransferDecline {
                transfer,
                reason: "no need".to_owned(),
            }),
        )
    }

    pub fn withdraw(&self, from: &str, transfer: MessageId) -> Result<Outcome, Problem> {
        self.by_member(
            from,
            Body::TransferWithdrawal(TransferWithdrawal {
                transfer,
                reason: "a mistake".to_owned(),
            }),
        )
    }

    pub fn retire(&self, member: &str, blocks: &[BlockRef], claim: Claim) -> Result<Outcome, Problem> {
        self.by_member(
            member,
            Body::Retirement(Box::new(Retirement {
                blocks: blocks.to_vec(),
                claim,
            })),
        )
    }

    pub fn cancel(&self, member: &str, blocks: &[BlockRef]) -> Result<Outcome, Problem> {
        self.by_member(
            member,
            Body::Cancellation(Cancellation {
                blocks: blocks.to_vec(),
                reason: "a correction".to_owned(),
                covers: None,
            }),
        )
    }

    pub fn pledge(&self, member: &str, pledgee: &str, blocks: &[BlockRef]) -> Result<Outcome, Problem> {
        let content = Pledge {
            blocks: blocks.to_vec(),
            pledgee: node(pledgee),
            reference: name("loan-1"),
            term: self.now().plus_micros(365 * DAY_US),
        };
        self.by_member(member, Body::Pledge(Box::new(content)))
    }

    /// A release with the word of `consenting`, if anybody consents.
    pub fn release(&self, member: &str, pledge: MessageId, consenting: Option<&str>) -> Result<Outcome, Problem> {
        let consent = consenting.map(|by| consent(by, pledge, PledgeDecision::Release));
        let content = PledgeRelease {
            pledge,
            consent: paper(consenting.unwrap_or(member)),
        };
        self.by_member(member, Body::PledgeRelease(Box::new(content), consent))
    }

    pub fn ask_foreclosure(
        &self,
        member: &str,
        pledge: MessageId,
        consent: Option<Consent>,
    ) -> Result<Outcome, Problem> {
        let content = PledgeForeclosure {
            pledge,
            consent: paper(member),
        };
        self.by_member(member, Body::PledgeForeclosure(Box::new(content), consent))
    }

    pub fn foreclose(&self, pledge: MessageId) -> Result<Outcome, Problem> {
        self.by_officers(&["first-officer", "second-officer"], Decision::Foreclose { pledge })
    }

    pub fn plan(&self, plan: EventPlan) -> Result<Outcome, Problem> {
        self.by_officers(&["organiser"], Decision::PlanEvent(Box::new(plan)))
    }

    pub fn donation(&self, event: &str, blocks: &[BlockRef]) -> Donation {
        let valid_until = self.now().plus_micros(DAY_US);
        Donation {
            event: name(event),
            blocks: blocks.to_vec(),
            quote: None,
            valid_until,
            donor: None,
            linked: None,
        }
    }

    pub fn donate(&self, member: &str, event: &str, blocks: &[BlockRef]) -> Result<Outcome, Problem> {
        self.by_member(member, Body::Donation(Box::new(self.donation(event, blocks))))
    }

    pub fn take_back(&self, member: &str, donation: MessageId) -> Result<Outcome, Problem> {
        self.by_member(
            member,
            Body::DonationWithdrawal(DonationWithdrawal {
                donation,
                reason: "a mistake".to_owned(),
            }),
        )
    }

    pub fn freeze(&self, blocks: &[BlockRef]) -> Result<Outcome, Problem> {
        self.by_officers(
            &["first-officer"],
            Decision::Freeze {
                blocks: blocks.to_vec(),
                reason: "a finding".to_owned(),
            },
        )
    }

    pub fn unfreeze(&self, blocks: &[BlockRef]) -> Result<Outcome, Problem> {
        self.by_officers(
            &["first-officer"],
            Decision::Unfreeze {
                blocks: blocks.to_vec(),
                reason: "settled".to_owned(),
            },
        )
    }

    pub fn cancel_frozen(&self, blocks: &[BlockRef]) -> Result<Outcome, Problem> {
        let decision = Decision::CancelFrozen {
            blocks: blocks.to_vec(),
            reason: "issued in error".to_owned(),
        };
        self.by_officers(&["first-officer", "second-officer"], decision)
    }

    pub fn suspend(&self, member: &str) -> Result<Outcome, Problem> {
        self.by_officers(
            &["first-officer"],
            Decision::Suspend {
                member: node(member),
                reason: "an inspection".to_owned(),
            },
        )
    }

    pub fn reinstate(&self, member: &str) {
        let member = node(member);
        self.by_officers(&["first-officer"], Decision::Reinstate { member })
            .unwrap();
    }

    pub fn sweep(&self) {
        self.by_hub(Decision::Sweep).unwrap();
        for command in tanqiao_hub::serve::due_commands(&self.database, self.now()).unwrap() {
            if let Err(problem) = self.ask(command).result {
                // What ended one conflict may have ended another.
                assert_eq!(problem.check, Some(CheckCode::T05), "{problem}");
            }
        }
    }

    /// Changes the policy.
    pub fn set_policy(&self, change: impl FnOnce(&mut Policy)) {
        let mut policy = self.sequencer.governance().policy.clone();
        change(&mut policy);
        self.by_officers(&["first-officer"], Decision::SetPolicy(policy))
            .unwrap();
    }

    /// Wuhan and Harbin, both with a metro methodology, recognised both ways at 0.842110 with a buffer of a tenth.
    pub fn two_regions(&self) {
        for (member, region) in [("wuhan", "420100"), ("harbin", "230100")] {
            self.admit(member, region, MemberKind::Region);
            self.publish(member, region);
        }
        self.map("wuhan", "harbin", "230100", 842_110, 100_000, None);
        self.map("harbin", "wuhan", "420100", 900_000, 50_000, None);
    }
}

/// A pledgee's word, as intake hands it over.
pub fn consent(by: &str, pledge: MessageId, decision: PledgeDecision) -> Consent {
    Consent {
        by: node(by),
        key: key_of(by),
        content: PledgeConsent { pledge, decision },
    }
}

/// An envelope; the ledger looks at the word in it, which intake has read.
fn paper(by: &str) -> Envelope {
    Envelope::sign("test", b"{}".to_vec(), &signing_key(by)).unwrap()
}
