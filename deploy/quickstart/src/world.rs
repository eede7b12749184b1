//! Everything that the story needs at hand, and how a step is played once.

use std::collections::BTreeMap;
use std::time::Instant;

use tanqiao_certs::Authority;
use tanqiao_hub::ledger::audit::Report;
use tanqiao_mappings::catalogue::Catalogue;
use tanqiao_node::exchange::{HubClient, Signer};

use crate::cast::Member;
use crate::failure::{Doing as _, Outcome, unexpected};
use crate::journal::{Journal, Told, now};
use crate::officers::Desk;
use crate::place::Place;
use crate::platform::Platform;
use crate::processes::Processes;
use crate::teller::{Lines, Teller};

/// Everything that the story needs at hand.
#[derive(Debug)]
pub struct World {
    /// Files and ports.
    pub place: Place,
    /// The White Paper's catalogue.
    pub catalogue: Catalogue,
    /// The members.
    pub cast: Vec<Member>,
    /// The certificate authority.
    pub authority: Authority,
    /// The officers' desk.
    pub desk: Desk,
    /// What was done before.
    pub journal: Journal,
    /// The hub and the nodes.
    pub processes: Processes,
    /// The members' platforms.
    pub platforms: BTreeMap<String, Platform>,
    /// Tells.
    pub teller: Teller,
    /// What the audit of the whole ledger found.
    pub audited: Option<Report>,
}

impl World {
    /// A member's platform.
    ///
    /// # Errors
    /// Nobody of this name takes part.
    pub fn platform(&self, member: &str) -> Outcome<Platform> {
        self.platforms
            .get(member)
            .cloned()
            .ok_or_else(|| unexpected("a member's platform", member, "none"))
    }

    /// A member.
    ///
    /// # Errors
    /// Nobody of this name takes part.
    pub fn member(&self, member: &str) -> Outcome<Member> {
        let found = self.cast.iter().find(|one| one.name() == member);
        found.cloned().ok_or_else(|| unexpected("the members", member, "none"))
    }

    /// The place of a member in the cast, which gives its port.
    #[must_use]
    pub fn port_of(&self, member: &str) -> u16 {
        let position = self.cast.iter().position(|one| one.name() == member);
        self.place.ports.node(position.unwrap_or_default())
    }

    /// Starts a member's node.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start_node(&mut self, member: &str, crash_at: Option<&str>) -> Outcome<()> {
        let config = self.place.node(member, "node.toml");
        self.processes.start(&self.place, "node", member, &config, crash_at)
    }

    /// The hub as a program sees it that has a member's certificate and signing key, without its node.
    ///
    /// # Errors
    /// The keys cannot be read.
    pub fn hands_of(&self, member: &str) -> Outcome<(HubClient, Signer)> {
        let config =
            tanqiao_node::Config::load(&self.place.node(member, "node.toml")).doing(format!("the keys of {member}"))?;
        let hub = HubClient::open(&config).doing(format!("the keys of {member}"))?;
        let signer = Signer::open(&config).doing(format!("the keys of {member}"))?;
        Ok((hub, signer))
    }

    /// Plays a step, unless an earlier run has.
    ///
    /// # Errors
    /// What the step expected and did not find.
    pub async fn step(
        &mut self,
        name: &str,
        title: &str,
        play: impl AsyncFnOnce(&mut Self, &mut Lines) -> Outcome<()>,
    ) -> Outcome<()> {
        if let Some(told) = self.journal.told(name) {
            let told = told.clone();
            self.teller.again(name, title, &told);
            return Ok(());
        }
        let lines = self.check(name, title, play).await?;
        self.journal.tell(
            name,
            Told {
                words: lines.words,
                figures: lines.figures,
                at: now(),
            },
        )
    }

    /// Plays a step in every run: what it looks at is looked at again.
    ///
    /// # Errors
    /// What the step expected and did not find.
    pub async fn check(
        &mut self,
        name: &str,
        title: &str,
        play: impl AsyncFnOnce(&mut Self, &mut Lines) -> Outcome<()>,
    ) -> Outcome<Lines> {
        self.teller.doing(title);
        let began = Instant::now();
        let mut lines = Lines::default();
        if let Err(failure) = play(self, &mut lines).await {
            self.teller.failed(name, title, lines, &failure);
            return Err(failure);
        }
        let told = Lines {
            words: lines.words.clone(),
            figures: lines.figures.clone(),
        };
        self.teller.done(name, title, lines, began.elapsed());
        Ok(told)
    }
}
