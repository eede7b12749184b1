"""An independent verifier of receipts and certificates, from docs/verification.md alone. Standard library only:

  python3 protocol/tests/receipt_vectors.py protocol/vectors/receipts.json

Judges every case of the file, and says where it disagrees (exit status 1).
"""

import base64
import binascii
import copy
import hashlib
import json
import sys
from functools import lru_cache


class Refused(Exception):
    def __init__(self, fault: str, why: str = "") -> None:
        super().__init__(f"{fault}: {why}")
        self.fault = fault


# ---- Ed25519 (RFC 8032 §5.1, §6) -------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    m = (a[1] - a[0]) * (b[1] - b[0]) % P
    n = (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(s, point):
    total = (0, 1, 1, 0)
    while s:
        if s & 1:
            total = add(total, point)
        point = add(point, point)
        s >>= 1
    return total


def decompress(data: bytes):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


@lru_cache(maxsize=None)
def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(h, a))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


# ---- texts ------------------------------------------------------------------------------------------------------------


def unbase64(text, fault: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Refused(fault, "base64") from None
    if base64.b64encode(data).decode() != text:
        raise Refused(fault, "base64 has one spelling")
    return data


def once(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name twice")
    return members


def strict(text, fault: str):
    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, UnicodeDecodeError) as error:
        raise Refused(fault, str(error)) from None


def members(value, needed: str, optional: str = "") -> None:
    """Exactly these members: what is not known is not read over."""
    names, allowed = set(needed.split()), set((needed + " " + optional).split())
    if not isinstance(value, dict) or not names <= set(value) <= allowed:
        raise Refused("malformed", f"members {sorted(value) if isinstance(value, dict) else value}")


# ---- policies (C2SP tlog-policy) and notes (C2SP signed-note, tlog-cosignature) -----------------------------------------


def verifier_key(text: str):
    name, key_id, blob = text.split("+", 2)
    blob = base64.b64decode(blob, validate=True)
    assert hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4].hex() == key_id
    return {"name": name, "id": bytes.fromhex(key_id), "kind": blob[0], "key": blob[1:]}


def read_policy(text: str):
    policy = {"logs": [], "witnesses": {}, "groups": {}, "quorum": None}
    for line in text.splitlines():
        words = line.split()
        if words[0] == "log":
            policy["logs"].append(verifier_key(words[1]))
        elif words[0] == "witness":
            policy["witnesses"][words[1]] = verifier_key(words[2])
        elif words[0] == "group":
            policy["groups"][words[1]] = (int(words[2]), words[3:])
        elif words[0] == "quorum":
            policy["quorum"] = words[1]
    return policy


def enough(policy, name: str, seen: set) -> bool:
    if name == "none":
        return True
    if name in policy["groups"]:
        least, names = policy["groups"][name]
        return sum(enough(policy, each, seen) for each in names) >= least
    return name in seen


def read_note(text: str):
    head, gap, tail = text.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise Refused("proof", "note")
    lines = []
    for line in tail[:-1].split("\n"):
        words = line.split(" ")
        if len(words) != 3 or words[0] != "—":
            raise Refused("proof", "signature line")
        blob = unbase64(words[2], "proof")
        lines.append((words[1], blob[:4], blob[4:]))
    return head + "\n", lines


def accept(policy, note: str):
    """The checkpoint of a note, if a log of the policy and enough witnesses have signed it."""
    text, lines = read_note(note)
    origin, size, root = text.split("\n")[:3]
    log, seen = False, set()
    known = [(None, key) for key in policy["logs"]] + list(policy["witnesses"].items())
    for name, key_id, blob in lines:
        for witness, key in known:
            if (key["name"], key["id"]) != (name, key_id):
                continue
            if witness is None:
                good = signed(key["key"], text.encode(), blob)
            else:
                at = int.from_bytes(blob[:8], "big")
                good = signed(key["key"], f"cosignature/v1\ntime {at}\n{text}".encode(), blob[8:])
            if not good:
                raise Refused("signature", name)
            if witness is not None:
                seen.add(witness)
            elif name == origin:
                log = True
    if not log:
        raise Refused("log")
    if not enough(policy, policy["quorum"], seen):
        raise Refused("quorum")
    return origin, int(size), base64.b64decode(root)


# ---- the tree (RFC 6962 §2.1) and its proofs (C2SP tlog-proof) -----------------------------------------------------------


def included(entry: bytes, index: int, size: int, path: list, root: bytes) -> bool:
    def hashed(low: int, high: int, rest: list) -> bytes:
        """The root over the leaves low … high − 1, where leaf `index` is among them; the path is used up from its end."""
        if high - low == 1:
            if rest:
                raise ValueError("a path that is too long")
            return hashlib.sha256(b"\0" + entry).digest()
        middle = low + (1 << ((high - low - 1).bit_length() - 1))
        if not rest:
            raise ValueError("a path that is too short")
        if index < middle:
            return hashlib.sha256(b"\1" + hashed(low, middle, rest[:-1]) + rest[-1]).digest()
        return hashlib.sha256(b"\1" + rest[-1] + hashed(middle, high, rest[:-1])).digest()

    try:
        return index < size and hashed(0, size, path) == root
    except ValueError:
        return False


def read_proof(proof: str):
    head, gap, note = proof.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines[0] != "c2sp.org/tlog-proof@v1" or len(lines) < 2 or not lines[1].startswith("index "):
        raise Refused("proof", "header")
    number = lines[1][6:]
    if not number.isdigit() or number != str(int(number)):
        raise Refused("proof", "index")
    path = [unbase64(line, "proof") for line in lines[2:]]
    if any(len(each) != 32 for each in path):
        raise Refused("proof", "path")
    return int(number), path, note


class Tree:
    def __init__(self, policy, proof: str) -> None:
        _, _, self.note = read_proof(proof)
        read_note(self.note)
        self.origin, self.size, self.root = accept(policy, self.note)

    def leaf(self, proven):
        entry = unbase64(proven["entry"], "malformed")
        index, path, note = read_proof(proven["proof"])
        if note != self.note:
            read_note(note)
            raise Refused("checkpoints")
        if not included(entry, index, self.size, path, self.root):
            raise Refused("inclusion")
        leaf = strict(entry, "leaf")
        canonical = json.dumps(leaf, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        if canonical != entry or leaf.get("index") != index:
            raise Refused("leaf")
        return leaf


# ---- what the leaf does ------------------------------------------------------------------------------------------------


def split(block: str):
    series, _, run = block.rpartition("/")
    first, last = map(int, run.split("-"))
    return series, first, last


def cover(blocks):
    """Serials by series with neighbours joined; None where two overlap."""
    joined = []
    for series, first, last in sorted(map(split, blocks)):
        if joined and joined[-1][0] == series and first <= joined[-1][2]:
            return None
        if joined and joined[-1][0] == series and first == joined[-1][2] + 1:
            joined[-1] = (series, joined[-1][1], last)
        else:
            joined.append((series, first, last))
    return joined


def grams(blocks) -> int:
    return sum(last - first + 1 for _, first, last in map(split, blocks))


def deed(kind: str, subject_id: str, changes):
    # What a larger block keeps when a part of it is taken is a change of its serials only.
    changes = [c for c in changes if "split_of" not in c or "terms" in c or c.get("from") != c["to"]]
    shares = {"delivered": [], "buffered": [], "cancelled": []}
    if not changes or "from" not in changes[0]:
        raise Refused("changes")
    giver, targets = changes[0]["from"]["holder"], set()
    for change in changes:
        before, after, block = change.get("from"), change["to"], change["block"]
        if before is None or before["holder"] != giver:
            raise Refused("changes")
        free = before["state"] == "held" if kind == "retirement" else (
            before["state"] == "reserved" and before.get("bound_to") == subject_id
        )
        if not free:
            raise Refused("changes")
        state, holder = after["state"], after["holder"]
        ended = after.get("bound_to") == subject_id and holder == giver
        if state == "retired" and ended and kind != "transfer":
            shares["delivered"].append(block)
        elif state == "cancelled" and ended and kind != "retirement":
            shares["cancelled"].append(block)
        elif state == "held" and holder == "hub-buffer" and kind != "retirement":
            shares["buffered"].append(block)
        elif state == "held" and holder != giver and kind == "transfer":
            shares["delivered"].append(block)
            targets.add(holder)
        else:
            raise Refused("changes")
    given = [change["block"] for change in changes]
    if len(targets) > 1 or cover(given) is None:
        raise Refused("changes")
    return {"giver": giver, "target": next(iter(targets), None), "given": given, **shares}


# ---- the signed messages (DSSE) ----------------------------------------------------------------------------------------

TYPE = "application/vnd.tanqiao.{}.v1+json"


def loose(text, fault: str) -> bytes:
    """DSSE allows both alphabets, with or without padding."""
    try:
        text = text.rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError, AttributeError):
        raise Refused(fault) from None


def payload_of(message):
    envelope = message["envelope"]
    payload, kind = loose(envelope["payload"], "malformed"), envelope["payloadType"]
    batch = kind == TYPE.format("batch")
    if message.get("item") is None:
        if batch:
            raise Refused("messages")
        return kind, payload
    if not batch:
        raise Refused("messages")
    items = strict(payload, "messages")["content"]["items"]
    if message["item"] >= len(items):
        raise Refused("messages")
    item = items[message["item"]]
    return item["payloadType"], item["payload"].encode()


def admitted(leaf):
    kind, data = leaf["type"], leaf.get("data") or {}
    if kind == "member.admitted":
        return leaf["subject"].removeprefix("member/"), data["key"]
    if kind in ("key.approved", "key.replaced"):
        return data["member"], data["key"]
    return None, None


def key_id(raw: bytes) -> str:
    return hashlib.sha256(bytes.fromhex("302a300506032b6570032100") + raw).digest()[:16].hex()


def hear(tree: Tree, message, action: str, made):
    kind, payload = payload_of(message)
    if kind != TYPE.format(action):
        raise Refused("messages")
    digest = hashlib.sha256(payload).hexdigest()
    if made.get("payload_sha256") != digest:
        raise Refused("payload")
    said = strict(payload, "content")
    if made.get("member") != said["member"]:
        raise Refused("content")
    leaf = tree.leaf(message["key"])
    member, key = admitted(leaf)
    if member != said["member"] or not key.startswith("ed25519:"):
        raise Refused("key")
    if leaf["index"] >= made["index"]:
        raise Refused("key-later")
    raw = base64.b64decode(key.removeprefix("ed25519:"))
    envelope = message["envelope"]
    body, outer = loose(envelope["payload"], "malformed"), envelope["payloadType"]
    pae = f"DSSEv1 {len(outer.encode())} {outer} {len(body)} ".encode() + body
    for signature in envelope["signatures"]:
        if signature.get("keyid", "") in ("", key_id(raw)) and signed(raw, pae, loose(signature["sig"], "malformed")):
            return said, digest
    raise Refused("message-signature")


# ---- receipts and certificates -----------------------------------------------------------------------------------------

EXPECTED = {"transfer": 2, "donation": 1, "retirement": 1}
RESERVED = {
    "transfer": ("transfer.reserved", "transfer.delayed", "transfer.awaiting-approval"),
    "donation": ("donation.reserved",),
}


def check_form(receipt) -> None:
    members(receipt, "format kind id leaves messages")
    if receipt["format"] != "tanqiao-receipt/v1" or receipt["kind"] not in EXPECTED:
        raise Refused("malformed")
    proofs = list(receipt["leaves"])
    for message in receipt["messages"]:
        members(message, "envelope key", "item leaf")
        members(message["envelope"], "payloadType payload signatures")
        proofs += [message[name] for name in ("key", "leaf") if name in message]
    for proven in proofs:
        members(proven, "entry proof")
        unbase64(proven["entry"], "malformed")


def agree(holds: bool, fault: str = "content", why: str = "") -> None:
    if not holds:
        raise Refused(fault, why)


def receipt(receipt, policy, public: bool = False):
    kind, own_id, messages = receipt["kind"], receipt["id"], receipt["messages"]
    bare = public and not messages and kind != "transfer"
    if not bare and len(messages) != EXPECTED[kind]:
        raise Refused("messages")
    if not receipt["leaves"]:
        raise Refused("parts")
    tree = Tree(policy, receipt["leaves"][0]["proof"])
    leaves = []
    for number, proven in enumerate(receipt["leaves"], 1):
        leaf = tree.leaf(proven)
        if (leaf.get("part", 1), leaf.get("parts", 1)) != (number, len(receipt["leaves"])):
            raise Refused("parts")
        if leaves and (
            leaf["index"] != leaves[0]["index"] + number - 1
            or (leaf["subject"], leaf["type"]) != (leaves[0]["subject"], leaves[0]["type"])
        ):
            raise Refused("parts")
        leaves.append(leaf)
    first = leaves[0]
    state = None if kind == "retirement" else "committed"
    if (first["subject"], first["type"], first.get("state")) != (f"{kind}/{own_id}", f"{kind}.committed", state):
        raise Refused("outcome")
    done = deed(kind, own_id, [change for leaf in leaves for change in leaf.get("changes", [])])
    data = first.get("data") or {}
    if kind != "transfer":
        agree("claim" in data and "quantity_g" in data, "outcome")
        agree(data["quantity_g"] == grams(done["delivered"]), "changes")
        agree(first.get("member") in (None, done["giver"]), "changes")
    donor = None
    if not bare:
        donor = says(tree, kind, own_id, messages, first, done)
    missing = ["reality", "time", "rules"] + (["member-signatures"] if bare else ["key-standing"])
    missing += ["later-state"] * (kind == "transfer") + ["organiser"] * bool(first.get("officers"))
    order = "reality later-state key-standing time rules member-signatures organiser".split()
    return {
        "id": own_id,
        "at": first["at"],
        "log_index": first["index"],
        "parts": len(leaves),
        "blocks": [f"{s}/{a}-{b}" for s, a, b in cover(done["given"])],
        "delivered": cover(done["delivered"]),
        "given_g": grams(done["given"]),
        "delivered_g": grams(done["delivered"]),
        "buffered_g": grams(done["buffered"]),
        "cancelled_g": grams(done["cancelled"]),
        "not_proven": sorted(missing, key=order.index),
        "signatures": messages,
        "claim": data.get("claim"),
        "member": done["giver"],
        "donor": donor,
        "origin": tree.origin,
    }


def reserved(tree: Tree, kind: str, message, decided):
    if "leaf" not in message:
        raise Refused("messages")
    leaf = tree.leaf(message["leaf"])
    agree(leaf["subject"] == decided["subject"] and leaf["type"] in RESERVED[kind] and leaf.get("part", 1) == 1)
    agree(leaf["index"] < decided["index"])
    return leaf


def says(tree: Tree, kind: str, own_id: str, messages, decided, done):
    """The signed messages say what the leaf does; the name that a donor asked for."""
    last = messages[-1]
    if kind != "donation" and "leaf" in last:
        raise Refused("messages")
    if kind == "transfer":
        accepted, _ = hear(tree, last, "transfer-acceptance", decided)
        opened = reserved(tree, kind, messages[0], decided)
        proposed, digest = hear(tree, messages[0], "transfer-proposal", opened)
        offer, answer = proposed["content"], accepted["content"]
        agree(proposed["id"] == own_id == answer["transfer"])
        agree(answer["payload_sha256"] == digest)
        agree(proposed["member"] == done["giver"] and offer["target"] == accepted["member"])
        agree(done["target"] in (None, offer["target"]) and answer["use"] == offer["use"])
        terms = tuple(answer[f"{share}_g"] for share in ("delivered", "buffered", "cancelled"))
        agree(terms == tuple(grams(done[share]) for share in ("delivered", "buffered", "cancelled")))
        agree(cover(offer["blocks"]) == cover(done["given"]))
        agree(proposed["trust_domain"] == accepted["trust_domain"])
        return None
    if kind == "donation":
        opened = reserved(tree, kind, last, decided)
        said, digest = hear(tree, last, "donation", opened)
        content, data = said["content"], decided["data"]
        by_payload = decided.get("payload_sha256")
        agree(by_payload == digest if by_payload else bool(decided.get("officers")))
        agree(content["event"] == data["event"] and content.get("linked") == data["claim"].get("linked"))
    else:
        said, _ = hear(tree, last, "retirement", decided)
        content = said["content"]
        agree(content["claim"] == decided["data"]["claim"])
    agree(said["id"] == own_id and said["member"] == done["giver"])
    agree(cover(content["blocks"]) == cover(done["given"]))
    return content.get("donor")


def certificate(stated, policy):
    proof = stated.get("receipt")
    if proof is None:
        raise Refused("certificate")
    check_form(proof)
    if proof["kind"] == "transfer":
        raise Refused("certificate")
    proven = receipt(proof, policy, public=True)
    first = unbase64(proof["leaves"][0]["entry"], "malformed")
    agree(stated["certificate"] == proven["id"] and stated["member"] == proven["member"], "certificate")
    agree(stated["claim"] == proven["claim"] and cover(stated["blocks"]) == proven["delivered"], "certificate")
    for stated_name, proven_name in (
        ("quantity_g", "delivered_g"), ("given_g", "given_g"), ("buffered_g", "buffered_g"),
        ("cancelled_g", "cancelled_g"), ("committed_at", "at"), ("log_index", "log_index"), ("log_origin", "origin"),
    ):
        agree(stated[stated_name] == proven[proven_name], "certificate", stated_name)
    agree(stated["leaf_hash"] == hashlib.sha256(b"\0" + first).hexdigest(), "certificate")
    agree(not proven["signatures"] or stated.get("donor") == proven["donor"], "certificate")
    return proven


# ---- the cases ---------------------------------------------------------------------------------------------------------


def edited(files, case):
    value = copy.deepcopy(files[case["file"]])
    for edit in case["edits"]:
        *path, last = edit["at"].split("/")[1:]
        parent = value
        for name in path:
            parent = parent[int(name)] if isinstance(parent, list) else parent[name]
        place = int(last) if isinstance(parent, list) else last
        if "value" not in edit:
            del parent[place]
        elif isinstance(parent, list) and place == len(parent):
            parent.append(edit["value"])
        else:
            parent[place] = edit["value"]
    return value


def judge(vectors, policies, case):
    policy = policies[case["policy"]]
    value = strict(case["text"], "malformed") if "text" in case else edited(vectors["files"], case)
    if case["as"] == "certificate":
        return certificate(value, policy)
    check_form(value)
    return receipt(value, policy, public=case["as"] == "public")


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        vectors = json.load(file)
    policies = {name: read_policy(text) for name, text in vectors["policies"].items()}
    wrong = 0
    for case in vectors["cases"]:
        expected, why = case.get("fault", "proven"), ""
        try:
            found, proven = "proven", judge(vectors, policies, case)
        except Refused as refusal:
            found, why = refusal.fault, str(refusal)
        if found == expected == "proven":
            for name, value in case["statement"].items():
                if proven[name] != value:
                    found, why = "proven otherwise", f"{name} {proven[name]} for {value}"
        if found != expected:
            wrong += 1
            print(f"{case['name']}: {found}, and should be {expected} ({why})")
    agreed = len(vectors["cases"]) - wrong
    print(f"{agreed} cases agree, {wrong} do not")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
