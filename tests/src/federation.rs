//! A federation: what is founded, what runs, and who speaks.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tanqiao_certs::Authority;
use tanqiao_node::{Config as NodeConfig, Node};

use crate::content::TRUST_DOMAIN;
use crate::founding;
use crate::ledger::{Kind, Ledger, OwnDatabase};
use crate::member::Member;
use crate::patience::{until, when};
use crate::place::Place;
use crate::platform::{Platform, grams_of_rides, rides};
use crate::program::{self, Answer, HUB, NODE, Process};
use crate::visitor::Visitor;

/// How a federation is set up.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Where the hub's ledger is.
    pub hub_on: Kind,
    /// Where the nodes' databases are.
    pub nodes_on: Kind,
    /// When the hub ends offers whose time has come; cron.
    pub sweep: &'static str,
    /// Whether nodes accept offers without a person.
    pub accept_at_once: bool,
    /// Whether nodes verify the log and propose themselves as witnesses.
    pub witnessing: bool,
}

impl Plan {
    /// Nodes on SQLite that accept at once, and a hub that does nothing by itself.
    #[must_use]
    pub const fn on(hub_on: Kind) -> Self {
        Self {
            hub_on,
            nodes_on: Kind::Sqlite,
            sweep: "0 0 0 1 1 *",
            accept_at_once: true,
            witnessing: false,
        }
    }

    /// As it is, and every node is a witness.
    #[must_use]
    pub const fn witnessing(self) -> Self {
        Self {
            witnessing: true,
            ..self
        }
    }
}

/// The addresses of one hub process.
#[derive(Debug, Clone, Copy)]
struct Addresses {
    federation: SocketAddr,
    enrolment: SocketAddr,
    console: SocketAddr,
}

/// One member's node.
#[derive(Debug)]
struct Seat {
    address: SocketAddr,
    token: String,
    process: Option<Process>,
    _database: Option<OwnDatabase>,
}

/// A federation. Dropping it ends its processes and removes its files and databases.
#[derive(Debug)]
pub struct Federation {
    // The processes come first, so that they have ended when their files go.
    hubs: BTreeMap<&'static str, Process>,
    seats: BTreeMap<String, Seat>,
    addresses: BTreeMap<&'static str, Addresses>,
    /// The certificate authority.
    pub authority: Authority,
    /// The hub's database.
    pub ledger: Ledger,
    /// Files and address.
    pub place: Place,
    plan: Plan,
}

impl Federation {
    /// Founds a federation; nothing runs yet.
    pub async fn found(plan: Plan) -> Self {
        tanqiao_certs::install_crypto_provider();
        let founding = tokio::task::spawn_blocking(move || {
            let place = Place::new();
            let authority = founding::authority(&place);
            for (member, _) in founding::MEMBERS {
                founding::member(&place, &authority, member);
            }
            let ledger = Ledger::new(plan.hub_on, place.hub("hub.db"));
            founding::ledger(&place, &ledger.url);
            (place, authority, ledger)
        });
        let (place, authority, ledger) = founding.await.unwrap();
        let (hubs, seats, addresses) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self {
            hubs,
            seats,
            addresses,
            authority,
            ledger,
            place,
            plan,
        }
    }

    /// Founds a federation and starts the hub.
    pub async fn with_hub(plan: Plan) -> Self {
        let mut federation = Self::found(plan).await;
        federation.start_hub().await;
        federation
    }

    /// Founds a federation, starts the hub and both nodes, and lets Wuhan import and issue so many rides.
    pub async fn with_nodes(plan: Plan, count: i64) -> Self {
        let mut federation = Self::with_hub(plan).await;
        for (member, region) in founding::MEMBERS {
            federation.seat(member, region);
            federation.start_node(member).await;
        }
        let wuhan = federation.platform("wuhan");
        wuhan.import(&rides("first", count)).await;
        wuhan.issue().await;
        federation.in_step().await;
        assert_eq!(federation.ledger.totals().await.issued_g, grams_of_rides(count));
        federation
    }

    // ---- the hub ----

    /// Starts the hub and waits until it can do its work.
    pub async fn start_hub(&mut self) {
        self.start_hub_process("hub").await;
    }

    /// Starts one of several hub processes on the same database.
    pub async fn start_hub_process(&mut self, name: &'static str) {
        self.spawn_hub(name, None);
        let url = format!("http://{}/health/ready", self.addresses[name].console);
        let process = self.hubs.get_mut(name).unwrap();
        answers(&url, process).await;
    }

    /// Starts the hub where it will not be ready, and waits until it answers.
    pub async fn start_hub_unready(&mut self) {
        self.spawn_hub("hub", None);
        let url = format!("http://{}/health/live", self.addresses["hub"].console);
        answers(&url, self.hubs.get_mut("hub").unwrap()).await;
    }

    /// What the hub says of its own state.
    pub async fn hub_health(&self) -> Value {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{}/health/ready", self.addresses["hub"].console);
        serde_json::from_str(&http.get(url).send().await.unwrap().text().await.unwrap()).unwrap()
    }

    /// Starts the hub so that it dies at a point; it may be dead when this returns.
    pub fn start_hub_to_die(&mut self, point: &str) {
        self.spawn_hub("hub", Some(point));
    }

    fn spawn_hub(&mut self, name: &'static str, crash_at: Option<&str>) {
        let config = self.place.hub(&format!("{name}.toml"));
        if !self.addresses.contains_key(name) {
            let [federation, enrolment, console] = [self.place.port(), self.place.port(), self.place.port()];
            let addresses = Addresses {
                federation,
                enrolment,
                console,
            };
            std::fs::write(&config, self.hub_configuration(name, addresses)).unwrap();
            self.addresses.insert(name, addresses);
        }
        let process = Process::serve(HUB, name, &config, &self.place.log(name), crash_at);
        let before = self.hubs.insert(name, process);
        assert!(before.is_none(), "{name} runs already");
    }

    fn hub_configuration(&self, name: &str, addresses: Addresses) -> String {
        let Addresses {
            federation,
            enrolment,
            console,
        } = addresses;
        format!(
            "trust_domain = \"{TRUST_DOMAIN}\"\n\
             [database]\nurl = \"{}\"\nsingle_server = true\n\
             [federation]\nlisten = \"{federation}\"\ntls = true\n\
             [enrolment]\nlisten = \"{enrolment}\"\ntls = true\n\
             [console]\nlisten = \"{console}\"\n\
             [tls]\nca = \"../certs/ca.pem\"\ncertificate = \"hub.pem\"\nkey = \"hub.key\"\ncrl = \"../certs/crl.pem\"\n\
             [authority]\ndir = \"../certs\"\n\
             [log]\nkey = \"log.key\"\nnext_key = \"log.next.key\"\ndir = \"{name}-log\"\n\
             [schedule]\nsweep = \"{}\"\n",
            self.ledger.url, self.plan.sweep
        )
    }

    /// Kills the hub.
    pub fn kill_hub(&mut self) {
        self.hubs.remove("hub").unwrap().kill();
    }

    /// Asks the hub to stop.
    pub async fn stop_hub(&mut self) {
        self.hubs.remove("hub").unwrap().stop().await;
    }

    /// Waits until the hub has died by itself; the signal.
    pub async fn hub_death(&mut self) -> Option<i32> {
        self.hubs.remove("hub").unwrap().death().await
    }

    /// True once the hub has ended by itself.
    pub fn hub_has_ended(&mut self) -> bool {
        self.hubs.get_mut("hub").unwrap().ended().is_some()
    }

    /// Stops the story if the hub has ended.
    pub fn hub_must_run(&mut self) {
        self.hubs.get_mut("hub").unwrap().must_run();
    }

    /// Where members connect.
    #[must_use]
    pub fn federation_url(&self, hub: &str) -> String {
        format!("https://{}", self.addresses[hub].federation)
    }

    /// The address and port of that.
    #[must_use]
    pub fn door(&self) -> SocketAddr {
        self.addresses["hub"].federation
    }

    /// The directory in which one of several hub processes publishes the log.
    #[must_use]
    pub fn log_dir(&self, hub: &str) -> PathBuf {
        self.place.hub(&format!("{hub}-log"))
    }

    /// What everybody may read of the hub; `None` for what is not there.
    pub async fn public(&self, path: &str) -> Option<Vec<u8>> {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{}{path}", self.addresses["hub"].console);
        let response = http.get(url).send().await.unwrap();
        match response.status().as_u16() {
            200 => Some(response.bytes().await.unwrap().to_vec()),
            404 => None,
            other => panic!("{path}: {other}"),
        }
    }

    /// Another member, with a certificate and a signing key, that officers have admitted.
    pub async fn admitted(&self, member: &str, region: &str) -> Member {
        founding::member(&self.place, &self.authority, member);
        let key = self.place.member(member, "signing.pub");
        let public = founding::signing_key(&self.place, member).verifying_key().to_string();
        std::fs::write(&key, public).unwrap();
        let file = key.display().to_string();
        let names = [
            "--kind",
            "region",
            "--name-zh",
            member,
            "--name-en",
            member,
            "--key-file",
            &file,
        ];
        let admission = [&["member", "admit", member, "--region", region], &names[..]].concat();
        self.officers(&admission).await;
        self.member(member)
    }

    /// An address that everybody may ask.
    #[must_use]
    pub fn console_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses["hub"].console)
    }

    /// Where new members enrol.
    #[must_use]
    pub fn enrolment_url(&self) -> String {
        format!("https://{}", self.addresses["hub"].enrolment)
    }

    /// What two officers decide at a terminal: `tanqiao-hub admin …`.
    pub async fn officers(&self, arguments: &[&str]) -> Value {
        self.decided_by(&founding::OFFICERS, arguments).await.done()
    }

    /// What these officers decide at a terminal, or why the hub refuses.
    pub async fn decided_by(&self, officers: &[&str], arguments: &[&str]) -> Answer {
        let config = self.place.hub("hub.toml").display().to_string();
        let mut all: Vec<String> = ["--config", &config, "admin"].map(str::to_owned).to_vec();
        all.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        for officer in officers {
            let file = founding::password_file(&self.place, officer).display().to_string();
            all.extend(["--officer", officer, "--officer-password-file", &file].map(str::to_owned));
        }
        program::run(HUB, &all).await
    }

    /// What a member's staff say at a terminal, beside the node that serves: `tanqiao-node …`.
    pub async fn staff(&self, member: &str, arguments: &[&str]) -> Answer {
        let config = self.place.member(member, "node.toml").display().to_string();
        let all = [&["--config", &config], arguments].concat();
        program::run(NODE, &all).await
    }

    // ---- members ----

    /// A member that speaks to the hub itself, over a new connection.
    #[must_use]
    pub fn member(&self, id: &str) -> Member {
        self.member_through("hub", id)
    }

    /// The same through one of several hub processes.
    #[must_use]
    pub fn member_through(&self, hub: &str, id: &str) -> Member {
        let key = Arc::new(founding::signing_key(&self.place, id));
        let visitor = Visitor::showing(&self.place, &self.place.member(id, "node"), chrono::Utc::now());
        Member::over(visitor.http(), id, self.federation_url(hub), key)
    }

    // ---- nodes ----

    /// Makes a node's configuration and database.
    pub fn seat(&mut self, member: &str, region: &str) {
        let address = self.place.port();
        std::fs::create_dir_all(self.place.member(member, "")).unwrap();
        let own = (self.plan.nodes_on == Kind::Postgres).then(OwnDatabase::create);
        let file = format!("sqlite:{}", self.place.member(member, "node.db").display());
        let database = own.as_ref().map_or(file, |own| own.url.clone());
        let configuration = format!(
            "member = \"{member}\"\nregion = \"{region}\"\ntrust_domain = \"{TRUST_DOMAIN}\"\ndatabase = \"{database}\"\n\
             [hub]\nurl = \"{}\"\n\
             [tls]\ncertificate = \"node.pem\"\nkey = \"node.key\"\nca = \"../../certs/ca.pem\"\ncrl = \"../../certs/crl.pem\"\n\
             [signing]\nkey = \"signing.key\"\n\
             [api]\nlisten = \"{address}\"\n\
             [witness]\nenabled = {}\n\
             [acceptance]\naccept_at_once = {}\n",
            self.federation_url("hub"),
            self.plan.witnessing,
            self.plan.accept_at_once
        );
        std::fs::write(self.place.member(member, "node.toml"), configuration).unwrap();
        let token = founding::token(&database);
        self.seats.insert(
            member.to_owned(),
            Seat {
                address,
                token,
                process: None,
                _database: own,
            },
        );
    }

    /// A member's node as another process of its staff has it, beside the one that serves.
    pub async fn beside(&self, member: &str) -> Node {
        let config = NodeConfig::load(&self.place.member(member, "node.toml")).unwrap();
        Node::open(config).await.unwrap()
    }

    /// Starts a member's node and waits until it answers.
    pub async fn start_node(&mut self, member: &str) {
        self.start_node_with(member, None).await;
    }

    /// Starts a member's node so that it dies at a point, and waits until it answers.
    pub async fn start_node_to_die(&mut self, member: &str, point: &str) {
        self.start_node_with(member, Some(point)).await;
    }

    async fn start_node_with(&mut self, member: &str, crash_at: Option<&str>) {
        let (config, log) = (self.place.member(member, "node.toml"), self.place.log(member));
        let seat = self.seats.get_mut(member).unwrap();
        assert!(seat.process.is_none(), "the node of {member} runs already");
        let process = seat
            .process
            .insert(Process::serve(NODE, member, &config, &log, crash_at));
        answers(&format!("http://{}/health/live", seat.address), process).await;
    }

    fn process(&mut self, member: &str) -> Process {
        self.seats.get_mut(member).unwrap().process.take().unwrap()
    }

    /// Kills a member's node.
    pub fn kill_node(&mut self, member: &str) {
        self.process(member).kill();
    }

    /// Asks a member's node to stop.
    pub async fn stop_node(&mut self, member: &str) {
        self.process(member).stop().await;
    }

    /// Waits until a member's node has died by itself; the signal.
    pub async fn node_death(&mut self, member: &str) -> Option<i32> {
        self.process(member).death().await
    }

    /// Stops the story if a member's node has ended.
    pub fn node_must_run(&mut self, member: &str) {
        self.seats.get_mut(member).unwrap().process.as_mut().unwrap().must_run();
    }

    /// The members whose nodes run.
    #[must_use]
    pub fn running(&self) -> Vec<String> {
        let running = self.seats.iter().filter(|(_, seat)| seat.process.is_some());
        running.map(|(member, _)| member.clone()).collect()
    }

    /// A member's platform.
    #[must_use]
    pub fn platform(&self, member: &str) -> Platform {
        let seat = &self.seats[member];
        Platform::new(member, format!("http://{}", seat.address), seat.token.clone())
    }

    /// Where a member's node says whether it is ready.
    #[must_use]
    pub fn ready_url(&self, member: &str) -> String {
        format!("http://{}/health/ready", self.seats[member].address)
    }
}

async fn answers(url: &str, process: &mut Process) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    until(url, async || {
        process.must_run();
        let response = http.get(url).send().await.map_err(|error| format!("{error:?}"))?;
        let (good, text) = (
            response.status().is_success(),
            response.text().await.unwrap_or_default(),
        );
        when(good, text)
    })
    .await;
}
