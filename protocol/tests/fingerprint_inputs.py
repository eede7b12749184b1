#!/usr/bin/env python3
"""The inputs of fingerprint tokens, written a second time from their description, with Python's standard library alone.

  fingerprint_inputs.py check FILE   recompute every vector of FILE; exit status 1 and the differences if there are any
  fingerprint_inputs.py write FILE   put the expected values into FILE
  fingerprint_inputs.py lines        read one activity a line as JSON from standard input, write its result a line
"""
import json
import sys
import unicodedata
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

CHINA = timezone(timedelta(hours=8))
TABLE = Path(__file__).parent.parent / "data" / "activity_classes.tsv"
SPACES = {0x20, 0xA0, 0x1680, 0x202F, 0x205F, 0x3000, *range(0x2000, 0x200B)}
TRIMMED = SPACES | {*range(0x9, 0xE), 0x85, 0x2028, 0x2029}
HYPHENS = {0x2D, 0x2212, *range(0x2010, 0x2016)}
INVISIBLE = {
    *range(0x00, 0x20), *range(0x7F, 0xA0),
    0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0,
    *range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070),
    *range(0xE000, 0xF900), *range(0xFE00, 0xFE10), *range(0xFFF9, 0xFFFC),
}


class Refused(Exception):
    pass


def identifier(text):
    text = text.strip("".join(map(chr, TRIMMED)))
    for _ in range(2):
        kept = []
        for c in unicodedata.normalize("NFKC", text):
            point = ord(c)
            if point in INVISIBLE or point >= 0xE0000:
                raise Refused("invisible")
            if point in SPACES or point in HYPHENS:
                continue
            kept.append(chr(point - 32) if "a" <= c <= "z" else c)
        text = "".join(kept)
        if len(text.encode()) > 256:
            raise Refused("long")
    if not text:
        raise Refused("empty")
    return text


def digits(text):
    return text != "" and all("0" <= c <= "9" for c in text)


def mobile(text):
    bare = text.replace("(", "").replace(")", "")
    for code in ("+86", "0086", "86"):
        if bare.startswith(code) and (code != "86" or len(bare) == 13):
            bare = bare[len(code):]
            break
    return bare if len(bare) == 11 and digits(bare) and bare[0] == "1" and bare[1] in "3456789" else None


def resident_id(text):
    """The 18 characters; "mistyped"; or None."""
    if not (digits(text[:6]) and text[0] != "0"):
        return None
    if len(text) == 15 and digits(text):
        body = text[:6] + "19" + text[6:]
    elif len(text) == 18 and digits(text[:17]):
        body = text[:17]
    else:
        return None
    try:
        if not 1850 <= int(body[6:10]) <= 2099:
            return None
        date(int(body[6:10]), int(body[10:12]), int(body[12:14]))
    except ValueError:
        return None
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    check = "10X98765432"[sum(int(d) * w for d, w in zip(body, weights)) % 11]
    if len(text) == 18 and text[17] != check:
        return "mistyped" if text[17] in "0123456789X" else None
    return body + check


def is_credit_code(text):
    characters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    if len(text) != 18 or any(c not in characters for c in text):
        return False
    total = sum(characters.index(c) * pow(3, place, 31) for place, c in enumerate(text[:17]))
    return text[17] == characters[(31 - total % 31) % 31]


def subject(text, kind=None):
    text = identifier(text)
    number, resident = mobile(text), resident_id(text)
    if kind is None:
        if number:
            return "mobile", number
        if resident and resident != "mistyped":
            return "resident-id", resident
        if is_credit_code(text):
            return "credit-code", text
        if resident == "mistyped":
            raise Refused("check-character")
        return "other", text
    if kind == "other":
        return kind, text
    if kind == "resident-id" and resident == "mistyped":
        raise Refused("check-character")
    read = {"mobile": number, "resident-id": resident, "credit-code": text if is_credit_code(text) else None}[kind]
    if read is None:
        raise Refused("kind")
    return kind, read


def classes():
    header, *rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()]
    return {row[0]: dict(zip(header, row)) for row in rows}


UNNAMED = {"records": "instant", "required": "R", "optional": "", "asset_bucket_s": "0", "subject_bucket_s": "0"}
CLASSES = classes()


def micros(text):
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    since = moment - datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def local(us):
    return datetime(1970, 1, 1, tzinfo=timezone.utc).astimezone(CHINA) + timedelta(microseconds=us)


def month(us):
    at = local(us)
    if not 2000 <= at.year <= 2099:
        raise Refused("epoch")
    return f"{at.year:04}-{at.month:02}"


def pack(kind, *fields):
    out = b"cih-fp/v1\0" + kind.encode()
    for field in fields:
        out += len(field.encode()).to_bytes(2, "big") + field.encode()
    return out


DAY = 86_400_000_000


def record_inputs(facts):
    source, record = identifier(facts["source"]), identifier(facts["record"])
    end = micros(facts["end"])
    months = {month(end)}
    for by in (-DAY, DAY):
        try:
            months.add(month(end + by))
        except Refused:
            pass
    return [("R", epoch, pack("R", source, record)) for epoch in months]


def project_inputs(facts):
    asset, start, end = identifier(facts["asset"]), micros(facts["start"]), micros(facts["end"])
    if end <= start:
        raise Refused("order")
    month(start), month(end)
    at, last = local(start), local(end)
    middles = []
    for number in range(at.year * 12 + at.month - 1, last.year * 12 + last.month):
        sixteenth = datetime(number // 12, number % 12 + 1, 16, tzinfo=CHINA)
        if at <= sixteenth < last:
            middles.append(f"{number // 12:04}-{number % 12 + 1:02}")
    if len(middles) > 12:
        raise Refused("long-period")
    if not middles:
        def near_border(us):
            sides = []
            for by in (-DAY, DAY):
                try:
                    sides.append(month(us + by))
                except Refused:
                    sides.append(None)
            return sides[0] != sides[1]
        if not near_border(start) and not near_border(end):
            raise Refused("short-period")
        middles = [month(start + (end - start) // 2)]
    return [("P", epoch, pack("P", asset, epoch)) for epoch in middles]


def buckets(records, start, width):
    second = start // 1_000_000
    if records == "day":
        midnight = second - (second + 28_800) % 86_400
        return [(midnight, 86_400)]
    return [(second - second % width, width), (second - (second - width // 2) % width, width)]


def token_inputs(facts):
    rule = CLASSES.get(facts["activity"], UNNAMED)
    start, end = micros(facts["start"]), micros(facts["end"])
    if end < start:
        raise Refused("order")
    made = []
    for kind in "RPAS":
        if kind not in rule["required"] + rule["optional"]:
            continue
        there = {
            "R": facts.get("source") is not None and facts.get("record") is not None,
            "P": facts.get("asset") is not None,
            "A": facts.get("asset") is not None,
            "S": facts.get("subject") is not None and facts["subject_read"][0] != "credit-code",
        }[kind]
        if not there:
            if kind in rule["required"]:
                raise Refused("missing " + kind)
            continue
        if kind == "R":
            made += record_inputs(facts)
        elif kind == "P":
            made += project_inputs(facts)
        elif kind == "A":
            asset = identifier(facts["asset"])
            for first, width in buckets(rule["records"], start, int(rule["asset_bucket_s"])):
                made.append(("A", month(first * 1_000_000), pack("A", asset, str(width), str(first))))
        else:
            kind_of, text = facts["subject_read"]
            for first, width in buckets(rule["records"], start, int(rule["subject_bucket_s"])):
                fields = (facts["activity"], kind_of, text, str(width), str(first))
                made.append(("S", month(first * 1_000_000), pack("S", *fields)))
    return sorted(made, key=lambda one: ("RPAS".index(one[0]), one[1], one[2]))


def result(facts):
    facts = dict(facts)
    try:
        if facts.get("subject") is not None:
            facts["subject_read"] = subject(facts["subject"], facts.get("subject_kind"))
        return {"inputs": [{"kind": k, "epoch": e, "bytes_hex": b.hex()} for k, e, b in token_inputs(facts)]}
    except Refused as why:
        return {"refused": str(why)}


def sm3(message):
    """GB/T 32905-2016."""
    mask = 0xFFFFFFFF

    def rotate(x, n):
        n %= 32
        return ((x << n) | (x >> (32 - n))) & mask if n else x

    v = [0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600, 0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E]
    padded = message + b"\x80" + b"\0" * ((55 - len(message)) % 64) + (len(message) * 8).to_bytes(8, "big")
    for at in range(0, len(padded), 64):
        w = [int.from_bytes(padded[at + 4 * i:at + 4 * i + 4], "big") for i in range(16)]
        for i in range(16, 68):
            x = w[i - 16] ^ w[i - 9] ^ rotate(w[i - 3], 15)
            w.append(x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(w[i - 13], 7) ^ w[i - 6])
        a, b, c, d, e, f, g, h = v
        for i in range(64):
            t = 0x79CC4519 if i < 16 else 0x7A879D8A
            ss1 = rotate((rotate(a, 12) + e + rotate(t, i)) & mask, 7)
            ff = a ^ b ^ c if i < 16 else (a & b) | (a & c) | (b & c)
            gg = e ^ f ^ g if i < 16 else (e & f) | (~e & mask & g)
            tt1 = (ff + d + (ss1 ^ rotate(a, 12)) + (w[i] ^ w[i + 4])) & mask
            tt2 = (gg + h + ss1 + w[i]) & mask
            a, b, c, d = tt1, a, rotate(b, 9), c
            e, f, g, h = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17), e, rotate(f, 19), g
        v = [x ^ y for x, y in zip(v, (a, b, c, d, e, f, g, h))]
    return b"".join(x.to_bytes(4, "big") for x in v)


def token(key, kind, epoch, data):
    from hashlib import sha256
    inner, outer = (bytes(byte ^ pad for byte in key.ljust(64, b"\0")) for pad in (0x36, 0x5C))
    output = sm3(outer + sm3(inner + data))
    return sha256(b"cih-token/v1" + epoch.encode() + kind.encode() + output).hexdigest()[:32]


def expected(vectors):
    """A copy of the vectors with what this program computes."""
    assert sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"  # GB/T 32905-2016 annex A.1
    key = bytes.fromhex(vectors["hmac_sm3_key_hex"])

    def attempt(keep, case, compute):
        case = {name: value for name, value in case.items() if name in keep}
        try:
            return case | compute(case)
        except Refused as why:
            return case | {"refused": str(why)}

    def activity(case):
        found = result(case)
        for one in found.get("inputs", []):
            one["token"] = token(key, one["kind"], one["epoch"], bytes.fromhex(one["bytes_hex"]))
        return found

    def of_subject(case):
        kind, text = subject(case["text"], case.get("kind_named"))
        return {"kind": kind, "canonical": text}

    facts = {"name", "activity", "start", "end", "source", "record", "asset", "subject", "subject_kind"}
    return vectors | {
        "identifiers": [attempt({"text"}, c, lambda c: {"canonical": identifier(c["text"])}) for c in vectors["identifiers"]],
        "subjects": [attempt({"text", "kind_named"}, c, of_subject) for c in vectors["subjects"]],
        "activities": [attempt(facts, c, activity) for c in vectors["activities"]],
    }


def main(arguments):
    if arguments == ["lines"]:
        for line in sys.stdin:
            print(json.dumps(result(json.loads(line))))
        return 0
    command, path = arguments
    found = json.loads(Path(path).read_text(encoding="utf-8"))
    computed = expected(found)
    if command == "write":
        Path(path).write_text(json.dumps(computed, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")
        return 0
    differences = 0
    for part in ("identifiers", "subjects", "activities"):
        for stored, again in zip(found[part], computed[part], strict=True):
            if stored != again:
                differences += 1
                print(f"{part}: stored {stored}\n  computed {again}")
    print(f"{sum(len(found[part]) for part in ('identifiers', 'subjects', 'activities'))} vectors, {differences} differ")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
