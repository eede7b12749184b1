"""Writes protocol/vectors/reconciliation.json: a second implementation of the coded symbols, from the text of
protocol/src/reconciliation alone. Standard library only: python3 protocol/tests/reconciliation_vectors.py
"""

import hashlib
import json
import math
from pathlib import Path

MASK = 2**64 - 1
NEXT = 0xDA942042E4DD58B5
SYMBOLS_MAX = 300_000


def siphash(key: bytes, data: bytes) -> int:
    """SipHash-2-4 (Aumasson, Bernstein 2012)."""
    k0, k1 = (int.from_bytes(key[i : i + 8], "little") for i in (0, 8))
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def left(x: int, n: int) -> int:
        return ((x << n) | (x >> (64 - n))) & MASK

    def turn() -> None:
        v[0] = (v[0] + v[1]) & MASK
        v[1] = left(v[1], 13) ^ v[0]
        v[0] = left(v[0], 32)
        v[2] = (v[2] + v[3]) & MASK
        v[3] = left(v[3], 16) ^ v[2]
        v[0] = (v[0] + v[3]) & MASK
        v[3] = left(v[3], 21) ^ v[0]
        v[2] = (v[2] + v[1]) & MASK
        v[1] = left(v[1], 17) ^ v[2]
        v[2] = left(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v[3] ^= word
        turn()
        turn()
        v[0] ^= word
    v[2] ^= 0xFF
    for _ in range(4):
        turn()
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def places(hashed: int, end: int):
    """The places below `end` that draw a record of this hash."""
    state, place = hashed, 0
    while place < min(end, SYMBOLS_MAX):
        yield place
        state = state * NEXT & MASK
        root = 2**32 if state == MASK else math.isqrt(state + 1)
        place += -(-((2 * place + 3) * (2**32 - root)) // (2 * root))


def record(series: str, first: int, last: int, digest: str) -> bytes:
    def head(text: str) -> bytes:
        return hashlib.sha256(text.encode()).digest()[:16]

    return head(series) + first.to_bytes(8, "big") + (last - first + 1).to_bytes(8, "big") + head(digest)


def symbols(key: bytes, records: list[bytes], end: int) -> list[str]:
    sums = [[0, 0, 0] for _ in range(end)]
    for one in records:
        hashed = siphash(key, one)
        for place in places(hashed, end):
            sums[place][0] ^= int.from_bytes(one, "big")
            sums[place][1] ^= hashed
            sums[place][2] += 1
    return [(a.to_bytes(48, "big") + b.to_bytes(8, "big") + c.to_bytes(8, "big")).hex() for a, b, c in sums]


def main() -> None:
    # The last line of the paper's own test vectors: key 00 01 … 0f, input 00 01 … 0e.
    assert siphash(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5
    key = bytes(range(16, 32))
    series = "wuhan/420100/CN-4201-metro.v1/2025"
    blocks = []
    for n in range(40):
        first, last = 1_000 * n + 1, 1_000 * (n + 1)
        state = "reserved" if n % 7 == 3 else "held"
        bound = "01990000-0000-7000-8000-000000000001" if state == "reserved" else ""
        digest = f"{series}/{first}-{last}|wuhan|{state}||{bound}|1000000|0||0"
        blocks.append({"first": first, "last": last, "digest_record": digest})
    records = [record(series, b["first"], b["last"], b["digest_record"]) for b in blocks]
    for block, one in zip(blocks, records):
        hashed = siphash(key, one)
        block.update(record=one.hex(), hash=f"{hashed:016x}", places=list(places(hashed, 2_000)))
    vectors = {"key": key.hex(), "series": series, "blocks": blocks, "symbols": symbols(key, records, 64)}
    path = Path(__file__).parent.parent / "vectors" / "reconciliation.json"
    path.write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
