//! Evaluators are killed at each step of a key generation, and of a destruction: there is no key, or the same at all three.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tanqiao_evaluator::store::{EpochKeyState, Store};
use tanqiao_protocol::fingerprint::EpochKeys;

use crate::world::{IDS, World, shares_in, this_month};

struct Processes<'a> {
    world: &'a World,
    children: Vec<(&'static str, Child)>,
}

impl Drop for Processes<'_> {
    fn drop(&mut self) {
        for (_, child) in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl<'a> Processes<'a> {
    fn start(world: &'a World, armed: Option<(&'static str, &str)>) -> Self {
        let mut processes = Self {
            world,
            children: Vec::new(),
        };
        for id in IDS {
            processes.spawn(id, armed.filter(|(one, _)| *one == id).map(|(_, point)| point));
        }
        processes
    }

    fn spawn(&mut self, id: &'static str, point: Option<&str>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tanqiao-evaluator"));
        command
            .arg("--config")
            .arg(self.world.file(&format!("{id}.toml")))
            .arg("serve")
            .env_remove("TANQIAO_CRASH_AT")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(point) = point {
            command.env("TANQIAO_CRASH_AT", point);
        }
        self.children.push((id, command.spawn().unwrap()));
        let address = self.world.config(id).listen.members;
        let deadline = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "{id} does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn keys(&self, id: &str) -> Option<EpochKeys> {
        let output = Command::new(env!("CARGO_BIN_EXE_tanqiao-evaluator"))
            .arg("--config")
            .arg(self.world.file(&format!("{id}.toml")))
            .args(["--json", "keys", "--epoch", &this_month().to_string()])
            .output()
            .unwrap();
        if !output.status.success() {
            eprintln!("{id} has no keys: {}", String::from_utf8_lossy(&output.stdout));
        }
        serde_json::from_slice(&output.stdout).ok()
    }

    /// Waits until the armed one is dead, and starts it again.
    fn restart(&mut self, id: &'static str) {
        let (_, child) = self.children.iter_mut().find(|(one, _)| *one == id).unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        while child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "{id} was to be killed and was not");
            std::thread::sleep(Duration::from_millis(20));
        }
        self.children.retain(|(one, _)| *one != id);
        self.spawn(id, None);
    }
}

/// The committed keys of every evaluator, from its store.
fn committed(world: &World) -> Vec<EpochKeys> {
    let of = |id: &str| {
        let row = Store::open(&world.config(id).database)
            .unwrap()
            .epoch(this_month())
            .unwrap();
        row.filter(|row| row.state == EpochKeyState::Committed)?.keys
    };
    IDS.iter().filter_map(|id| of(id)).collect()
}

fn crash_and_recover(id: &'static str, point: &str) {
    let world = World::new();
    let mut processes = Processes::start(&world, Some((id, point)));
    let _ = processes.keys("notary");
    let after_crash = committed(&world);
    assert!(
        after_crash.windows(2).all(|two| two[0] == two[1]),
        "{id} at {point}: one key or none"
    );
    processes.restart(id);
    let deadline = Instant::now() + Duration::from_secs(60);
    let keys = loop {
        if let Some(keys) = processes.keys("exchange") {
            break keys;
        }
        assert!(Instant::now() < deadline, "{id} at {point}: no key afterwards");
        std::thread::sleep(Duration::from_millis(100));
    };
    keys.check().unwrap();
    assert!(
        after_crash.iter().all(|before| *before == keys),
        "{id} at {point}: a key that was in use stays"
    );
    for other in IDS {
        assert_eq!(processes.keys(other).as_ref(), Some(&keys), "{id} at {point}: {other}");
        assert_eq!(
            shares_in(&world.config(other).shares.directory),
            1,
            "{id} at {point}: {other}"
        );
    }
    assert_eq!(committed(&world).len(), 3);
}

#[test]
fn killing_the_evaluator_that_began_leaves_no_key_or_the_same_at_all_three() {
    for point in [
        "dkg.after-round1",
        "dkg.before-share",
        "dkg.after-share",
        "dkg.after-prepare",
        "dkg.before-commit",
        "dkg.after-commit",
    ] {
        crash_and_recover("regulator", point);
    }
}

#[test]
fn killing_another_evaluator_leaves_no_key_or_the_same_at_all_three() {
    for point in [
        "dkg.after-round1",
        "dkg.before-share",
        "dkg.after-share",
        "dkg.after-prepare",
        "dkg.before-commit",
        "dkg.after-commit",
    ] {
        crash_and_recover("exchange", point);
    }
}

#[test]
fn a_destruction_that_was_interrupted_is_finished() {
    let world = World::new();
    let month = this_month().to_string();
    {
        let processes = Processes::start(&world, None);
        processes.keys("notary").unwrap();
        assert_eq!(committed(&world).len(), 3);
    }
    for (id, point) in [("notary", "destroy.after-mark"), ("exchange", "destroy.after-file")] {
        let destroy = |armed: Option<&str>| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tanqiao-evaluator"));
            command.arg("--config").arg(world.file(&format!("{id}.toml")));
            command.args(["--json", "destroy", "--epoch", &month, "--early"]);
            if let Some(point) = armed {
                command.env("TANQIAO_CRASH_AT", point);
            }
            command.output().unwrap().status.success()
        };
        assert!(!destroy(Some(point)), "killed at {point}");
        assert!(destroy(None), "opening finishes it");
        assert_eq!(shares_in(&world.config(id).shares.directory), 0);
        let row = Store::open(&world.config(id).database)
            .unwrap()
            .epoch(this_month())
            .unwrap()
            .unwrap();
        assert_eq!(row.state, EpochKeyState::Destroyed);
    }
}
