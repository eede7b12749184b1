//! One run: the federation is founded or found again, the story played, everything reckoned; then it serves, or stops.

use std::fs::File;
use std::path::PathBuf;

use tanqiao_mappings::catalogue::Catalogue;

use crate::cast::{self, SHUT_OUT, in_good_standing};
use crate::evaluators;
use crate::failure::{Doing as _, Failure, Outcome};
use crate::federation;
use crate::foundation;
use crate::join::{self, Enrolment};
use crate::journal::Journal;
use crate::officers::{ACCOUNTS, Desk};
use crate::place::{Place, Ports};
use crate::processes::Processes;
use crate::story::{self, Counts};
use crate::teller::{Lines, Teller};
use crate::world::World;

/// What was asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Where everything is written.
    pub dir: PathBuf,
    /// The first port.
    pub port_base: Option<u16>,
    /// Every platform of the catalogue.
    pub all: bool,
}

/// A federation that has been founded.
#[derive(Debug)]
pub struct Run {
    /// Everything at hand.
    pub world: World,
    config: tanqiao_hub::config::Config,
    /// Holds the directory against a second run.
    _lock: File,
}

impl Run {
    /// Founds the federation, or finds it again: authority, hub, desk. The processes are running afterwards.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn begin(asked: &Asked, teller: Teller) -> Outcome<Self> {
        teller.doing("Founding the federation");
        let place = Place::prepare(&asked.dir, Ports::of_base(asked.port_base))?;
        let lock = lock(&place)?;
        let catalogue = Catalogue::shipped().doing("reading the catalogue")?;
        let cast = cast::members(&catalogue, asked.all)?;
        let names: Vec<String> = cast.iter().map(|member| member.name().to_owned()).collect();
        place.ports.check(&names)?;
        let journal = Journal::open(place.root.join("story.json"))?;
        let authority = foundation::authority(&place)?;
        let (config, database) = foundation::hub(&place, &authority)?;
        let desk = Desk::open(database)?;
        let processes = Processes::none()?;
        let platforms = std::collections::BTreeMap::new();
        let world = World {
            place,
            catalogue,
            cast,
            authority,
            desk,
            journal,
            processes,
            platforms,
            teller,
            audited: None,
        };
        Ok(Self {
            world,
            config,
            _lock: lock,
        })
    }

    /// Starts hub and nodes, plays the story, reckons.
    ///
    /// # Errors
    /// The first thing that is not as it should be.
    pub async fn play(&mut self) -> Outcome<Counts> {
        let world = &mut self.world;
        found(world).await?;
        join_all(world).await?;
        federation::describe(world, &self.config)?;
        story::play(world).await?;
        story::reckon(world).await
    }

    /// Stops everything that was started, the nodes first.
    pub async fn end(mut self) {
        self.world.teller.doing("Stopping");
        self.world.processes.stop_all().await;
        self.world.desk.close().await;
        self.world.teller.rest();
    }
}

fn lock(place: &Place) -> Outcome<File> {
    let path = place.root.join(".lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .doing(format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(Failure::Directory {
            path: place.root.clone(),
            why: "another quickstart runs on this directory: stop it first, or choose another with --dir".to_owned(),
        }),
    }
}

async fn found(world: &mut World) -> Outcome<()> {
    let World {
        place,
        desk,
        journal,
        processes,
        ..
    } = world;
    foundation::found(place, desk, journal).await?;
    federation::start_hub(place, processes).await?;
    let title = "A federation is founded: certificate authority, hub, two officers and an organiser";
    world
        .step("founded", title, async |world, lines| {
            tell_founding(world, lines);
            Ok(())
        })
        .await
}

fn tell_founding(world: &World, lines: &mut Lines) {
    let officers: Vec<&str> = ACCOUNTS.iter().map(|(account, _)| *account).collect();
    lines.say(format!(
        "Trust domain {}; root and issuing CA in certs/, the hub's ledger in hub/hub.db.",
        foundation::TRUST_DOMAIN
    ));
    lines.say(format!(
        "Accounts: {}. Their passwords are random, in files of mode 0600 in secrets/.",
        officers.join(", ")
    ));
    lines.say("The policy says `screening`: nothing is recognised before it was compared with everything that was issued before.");
    let base = world.place.ports;
    lines.figure(
        "ports",
        serde_json::json!([base.federation, base.enrolment, base.console, base.node_first]),
    );
}

async fn join_all(world: &mut World) -> Outcome<()> {
    world.teller.doing("Members enrol");
    let enrolment = Enrolment::open(&world.place)?;
    let shut_out = world.journal.told("shut-out").is_some();
    let mut running = Vec::new();
    for member in evaluators::members()? {
        join::join(&world.place, &world.desk, &enrolment, &mut world.journal, &member).await?;
    }
    evaluators::start(world).await?;
    for member in world.cast.clone() {
        let port = world.port_of(member.name());
        join::join(&world.place, &world.desk, &enrolment, &mut world.journal, &member).await?;
        join::prepare(&world.place, &member, port)?;
        if in_good_standing(&member) || !shut_out {
            running.push(member.name().to_owned());
        }
    }
    federation::start_nodes(world, &running).await?;
    tell_evaluators(world).await?;
    world
        .step(
            "members",
            "The members enrol, are admitted by an officer, and connect over mutual TLS",
            async |world, lines| {
                tell_members(world, lines);
                Ok(())
            },
        )
        .await
}

/// No single party can compute a token: the keys are made among the three, and nobody has one.
async fn tell_evaluators(world: &mut World) -> Outcome<()> {
    let title = "Three evaluators make the keys of fingerprint tokens among themselves: nobody, the hub included, can compute a token alone";
    world
        .step("evaluators", title, async |world, lines| {
            let months = evaluators::make_keys(world, "wuhan").await?;
            for member in evaluators::members()? {
                lines.say(format!("{:<10} {}, {}", member.name(), member.name_zh, member.name_en));
            }
            lines.say(format!(
                "Keys of {months} months, each a leaf of the log that all three have stated; any two evaluators make a token with a node, and neither sees of what."
            ));
            lines.figure("months", months);
            Ok(())
        })
        .await
}

fn tell_members(world: &World, lines: &mut Lines) {
    for member in world.cast.iter().take(8) {
        lines.say(format!(
            "{:<10} {} {} ({}), {}",
            member.name(),
            member.name_zh,
            member.region,
            member.kind,
            member.name_en
        ));
    }
    if world.cast.len() > 8 {
        lines.say(format!("and {} more platforms of the catalogue", world.cast.len() - 8));
    }
    lines.say(format!(
        "{SHUT_OUT} takes part only to be shut out in the story; federation.json lists the others."
    ));
    lines.figure("members", world.cast.len());
}
