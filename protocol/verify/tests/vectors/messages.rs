//! Signed messages and keys that are not those of the leaf.

use serde_json::{Value, json};

use crate::cases::{Cases, at, flipped, set, without};
use crate::world::World;

/// Messages that are not those of the leaf.
pub fn messages_of(cases: &mut Cases, world: &World, file: &Value) {
    let envelope = "/messages/0/envelope";
    let of = |member: &str| format!("{envelope}/{member}");
    cases.bad(
        "a payload changed",
        "payload",
        set(&of("payload"), flipped(at(file, &of("payload")))),
    );
    cases.bad(
        "another payload type",
        "messages",
        set(&of("payloadType"), "application/vnd.tanqiao.retirement.v1+json"),
    );
    let sig = of("signatures/0/sig");
    cases.bad(
        "a member's signature changed",
        "message-signature",
        set(&sig, flipped(at(file, &sig))),
    );
    cases.bad(
        "a signature without a name is tried",
        "message-signature",
        json!([
            { "at": of("signatures/0/keyid") },
            { "at": sig, "value": flipped(at(file, &sig)) },
        ]),
    );
    cases.bad("a message missing", "messages", without("/messages/1"));
    cases.bad("no message at all", "messages", set("/messages", json!([])));
    cases.bad(
        "a message too many",
        "messages",
        set("/messages/2", file["messages"][0].clone()),
    );
    cases.bad(
        "the messages in the wrong order",
        "messages",
        set("/messages", json!([file["messages"][1], file["messages"][0]])),
    );
    cases.bad(
        "the leaf of the reservation missing",
        "messages",
        without("/messages/0/leaf"),
    );
    cases.bad(
        "a leaf of its own for the acceptance",
        "messages",
        set("/messages/1/leaf", file["messages"][0]["leaf"].clone()),
    );
    let other = json!(world.receipt("transfer-batched"));
    cases.bad(
        "the reservation of another transfer",
        "content",
        set("/messages/0/leaf", other["messages"][0]["leaf"].clone()),
    );
    cases.bad(
        "the proposal of another transfer",
        "payload",
        set("/messages/0/envelope", other["messages"][0]["envelope"].clone()),
    );
    cases.bad(
        "the acceptance of another transfer",
        "payload",
        json!([{ "at": "/messages/1", "value": json!(world.receipt("transfer-in-parts"))["messages"][1] }]),
    );
    cases.bad("an item of what is no batch", "messages", set("/messages/0/item", 0));
}

/// Keys that are not the one.
pub fn keys_of(cases: &mut Cases, world: &World, file: &Value) {
    cases.bad(
        "the key of another member",
        "key",
        set("/messages/0/key", world.proof(world.other_key)),
    );
    cases.bad(
        "another key of the member",
        "key-later",
        set("/messages/0/key", world.proof(world.later_key)),
    );
    cases.bad(
        "an earlier key of the member that did not sign",
        "message-signature",
        set("/messages/0/key", world.proof(2)),
    );
    cases.bad(
        "a leaf that admits no key",
        "key",
        set("/messages/0/key", world.proof(world.plain)),
    );
    let key = "/messages/0/key/entry";
    cases.bad(
        "the leaf of the key changed",
        "inclusion",
        set(key, flipped(at(file, key))),
    );
    let leaf = "/messages/0/leaf/entry";
    cases.bad(
        "the leaf of the reservation changed",
        "inclusion",
        set(leaf, flipped(at(file, leaf))),
    );
}
