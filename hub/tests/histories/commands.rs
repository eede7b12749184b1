//! The commands that a random history consists of.

use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use tanqiao_hub::ledger::command::{Body, Command, Decision, Origin};
use tanqiao_protocol::block::BlockState;
use tanqiao_protocol::event::InventoryBasis;
use tanqiao_protocol::id::{Name, Sha256};
use tanqiao_protocol::message::{
    Cancellation, DonationWithdrawal, Listing, Pledge, PledgeDecision, PledgeForeclosure, PledgeRelease, Retirement,
    TransferDecline, TransferWithdrawal,
};
use tanqiao_protocol::quantity::Factor;
use tanqiao_protocol::time::{DAY_US, SECOND_US};
use tanqiao_protocol::r#use::Use;

use super::support::{Federation, claim, consent, grams, inventory, issuance, mapping, name, node, signing_key};

use super::chance::Chance;

impl Chance {
    pub(super) fn issue(&mut self, f: &Federation) -> Command {
        let (member, region) = self.member();
        let id = f.new_id();
        let mut content = issuance(member, region, self.dice.random_range(1..50_000), id);
        content.vintage = 2025;
        if self.dice.random_bool(0.1) {
            content.local_reference = name("the-same-again");
        }
        f.command(member, id, Body::Issuance(Box::new(content)))
    }

    pub(super) fn propose(&mut self, f: &Federation) -> Option<Command> {
        let (blocks, holder) = self.some_free()?;
        let target = self.member().0;
        let Body::TransferProposal(mut content) = f.proposal(target, &blocks) else {
            return None;
        };
        content.r#use = *[Use::CorporateNeutrality, Use::PublicWelfare, Use::EtsOffset].choose(&mut self.dice)?;
        content.valid_until = f.now().plus_micros(self.dice.random_range(1..=2 * DAY_US));
        Some(f.command(holder, f.new_id(), Body::TransferProposal(content)))
    }

    pub(super) fn answer_offer(&mut self, f: &Federation) -> Option<Command> {
        let recent = self.offers.len().saturating_sub(8);
        let (proposal, outcome, target) = self.offers.get(recent..)?.choose(&mut self.dice)?.clone();
        let (transfer, reason) = (proposal.id, "random".to_owned());
        let Origin::Member(source) = &proposal.origin else {
            return None;
        };
        let id = f.new_id();
        Some(match self.dice.random_range(0..10) {
            0..7 => {
                let Body::TransferAcceptance(mut content) = f.acceptance(transfer, &proposal, &outcome) else {
                    return None;
                };
                let Body::TransferProposal(offered) = &proposal.body else {
                    return None;
                };
                content.r#use = offered.r#use;
                f.command(target, id, Body::TransferAcceptance(content))
            }
            7 => f.command(target, id, Body::TransferDecline(TransferDecline { transfer, reason })),
            8 => f.command(
                source.member.as_str(),
                id,
                Body::TransferWithdrawal(TransferWithdrawal { transfer, reason }),
            ),
            _ => officers(
                f,
                &["first-officer"],
                Decision::Halt {
                    subject: transfer,
                    reason,
                },
            ),
        })
    }

    pub(super) fn give(&mut self, f: &Federation) -> Option<Command> {
        let (blocks, holder) = self.some_free()?;
        let to = if self.dice.random_bool(0.3) {
            "marathon"
        } else {
            "congress"
        };
        let mut content = f.donation(to, &blocks);
        content.valid_until = f.now().plus_micros(self.dice.random_range(1..=2 * DAY_US));
        Some(f.command(holder, f.new_id(), Body::Donation(Box::new(content))))
    }

    pub(super) fn answer_donation(&mut self, f: &Federation) -> Option<Command> {
        let recent = self.donations.len().saturating_sub(5);
        let (donation, donor) = *self.donations.get(recent..)?.choose(&mut self.dice)?;
        let reason = "random".to_owned();
        Some(match self.dice.random_range(0..10) {
            0..4 => officers(f, &["organiser"], Decision::AcceptDonation { donation }),
            4..6 => officers(f, &["organiser"], Decision::DeclineDonation { donation, reason }),
            6..8 => f.command(
                donor,
                f.new_id(),
                Body::DonationWithdrawal(DonationWithdrawal { donation, reason }),
            ),
            _ => officers(
                f,
                &["first-officer"],
                Decision::Halt {
                    subject: donation,
                    reason,
                },
            ),
        })
    }

    pub(super) fn use_up(&mut self, f: &Federation) -> Option<Command> {
        let (blocks, holder) = self.some_free()?;
        let body = if self.dice.random_bool(0.6) {
            Body::Retirement(Box::new(Retirement {
                blocks,
                claim: claim(holder, "420100"),
            }))
        } else {
            Body::Cancellation(Cancellation {
                blocks,
                reason: "random".to_owned(),
                covers: None,
            })
        };
        Some(f.command(holder, f.new_id(), body))
    }

    pub(super) fn pledge(&mut self, f: &Federation) -> Option<Command> {
        let (blocks, holder) = self.some_free()?;
        let content = Pledge {
            blocks,
            pledgee: node(self.member().0),
            reference: name("loan"),
            term: f.now().plus_micros(DAY_US),
        };
        Some(f.command(holder, f.new_id(), Body::Pledge(Box::new(content))))
    }

    pub(super) fn end_pledge(&mut self, f: &Federation) -> Option<Command> {
        let (pledge, debtor, pledgee) = *self.pledges.choose(&mut self.dice)?;
        let paper = || tanqiao_protocol::envelope::Envelope::sign("test", Vec::new(), &signing_key(pledgee)).unwrap();
        Some(match self.dice.random_range(0..10) {
            0..4 => {
                let consent = self
                    .dice
                    .random_bool(0.9)
                    .then(|| consent(pledgee, pledge, PledgeDecision::Release));
                f.command(
                    debtor,
                    f.new_id(),
                    Body::PledgeRelease(
                        Box::new(PledgeRelease {
                            pledge,
                            consent: paper(),
                        }),
                        consent,
                    ),
                )
            }
            4..7 => {
                let consent = Some(consent(pledgee, pledge, PledgeDecision::Foreclose));
                f.command(
                    pledgee,
                    f.new_id(),
                    Body::PledgeForeclosure(
                        Box::new(PledgeForeclosure {
                            pledge,
                            consent: paper(),
                        }),
                        consent,
                    ),
                )
            }
            _ => officers(f, &["first-officer", "second-officer"], Decision::Foreclose { pledge }),
        })
    }

    pub(super) fn freeze(&mut self, f: &Federation) -> Option<Command> {
        let reason = "random".to_owned();
        let both = ["first-officer", "second-officer"];
        Some(match self.dice.random_range(0..10) {
            0..4 => {
                let state = *[BlockState::Held, BlockState::Reserved, BlockState::Pledged].choose(&mut self.dice)?;
                officers(
                    f,
                    &both[..1],
                    Decision::Freeze {
                        blocks: vec![self.some_of(state)?.0],
                        reason,
                    },
                )
            }
            4..8 => officers(
                f,
                &both[..1],
                Decision::Unfreeze {
                    blocks: vec![self.some_of(BlockState::Frozen)?.0],
                    reason,
                },
            ),
            _ => officers(
                f,
                &both,
                Decision::CancelFrozen {
                    blocks: vec![self.some_of(BlockState::Frozen)?.0],
                    reason,
                },
            ),
        })
    }

    pub(super) fn govern(&mut self, f: &Federation) -> Option<Command> {
        let reason = "random".to_owned();
        let one = ["first-officer"];
        let (member, _) = self.member();
        Some(match self.dice.random_range(0..20) {
            0..7 => {
                let id = f.new_id();
                Command {
                    origin: Origin::Hub,
                    id,
                    payload_sha256: Sha256::of(b"hub"),
                    body: Body::Governance(Box::new(Decision::Sweep)),
                }
            }
            7 => officers(
                f,
                &one,
                Decision::Suspend {
                    member: node(member),
                    reason,
                },
            ),
            8..11 => officers(f, &one, Decision::Reinstate { member: node(member) }),
            11..13 => {
                let mut policy = f.sequencer.governance().policy.clone();
                policy.first_dealing_delay_s = *[0, 0, 3_600].choose(&mut self.dice)?;
                policy.second_approval_from_g = self.dice.random_bool(0.3).then(|| grams(20_000));
                policy.smallest_piece_g = grams(*[1, 1, 50].choose(&mut self.dice)?);
                policy.demonstration = self.dice.random_bool(0.9);
                officers(f, &one, Decision::SetPolicy(policy))
            }
            13..16 => officers(
                f,
                &one,
                Decision::ApproveTransfer {
                    transfer: self.offers.last()?.0.id,
                },
            ),
            16 => self.new_mapping(f)?,
            17 => {
                let mapping = format!("{member}-to-harbin.v{}", self.versions).parse().ok()?;
                officers(f, &one, Decision::SuspendMapping { mapping, reason })
            }
            18 => {
                let target = self.dice.random_range(1_000..200_000);
                let change = Decision::SetInventory {
                    event: name("congress"),
                    basis: InventoryBasis::Verified,
                    inventory: inventory(target),
                };
                officers(f, &["organiser"], change)
            }
            _ => officers(
                f,
                &["organiser"],
                Decision::CloseEvent {
                    event: name("congress"),
                },
            ),
        })
    }

    /// Opens a mapping as far as the members' standing permits; the last step is the officers'.
    fn new_mapping(&mut self, f: &Federation) -> Option<Command> {
        let (from, (to, region)) = (self.member().0, self.member());
        self.versions += 1;
        let mut record = mapping(from, to, region, 500_000, 0, None, f.now());
        record.mapping = format!("{from}-to-{to}.v{}", self.versions).parse().ok()?;
        record.factor = Factor::new(self.dice.random_range(300_000..=1_000_000)).ok()?;
        // Later than any batch that may decide it: the record is the same in whatever batch.
        record.valid_from = f.now().plus_micros(SECOND_US);
        f.agree_on_mapping(from, &record).ok()?;
        Some(officers(
            f,
            &["first-officer", "second-officer"],
            Decision::ApproveMapping {
                record_sha256: f.record_sha256(&record.mapping),
                mapping: record.mapping,
            },
        ))
    }

    pub(super) fn list(&mut self, f: &Federation) -> Option<Command> {
        let (block, holder) = self.some_of(BlockState::Held)?;
        let quantity = self.dice.random_range(0..=block.range.quantity().get());
        let content = Listing {
            listing: name(["metro", "bus"].choose(&mut self.dice)?),
            series: block.series,
            quantity_g: grams(quantity),
            uses: [Use::CorporateNeutrality].into_iter().collect(),
            smallest_lot_g: grams(quantity.min(1)),
            price_fen_per_t: None,
        };
        Some(f.command(holder, f.new_id(), Body::Listing(Box::new(content))))
    }
}

fn officers(f: &Federation, accounts: &[&str], decision: Decision) -> Command {
    let id = f.new_id();
    let accounts: Vec<Name> = accounts.iter().map(|a| name(a)).collect();
    let payload_sha256 = Sha256::of(id.to_string().as_bytes());
    Command {
        origin: Origin::Officers(accounts),
        id,
        payload_sha256,
        body: Body::Governance(Box::new(decision)),
    }
}
