#!/usr/bin/env python3
"""RFC 9497, suite ristretto255-SHA512, mode VOPRF (0x01), written a second time from the RFCs, with Python's standard library alone.

It shares no line with the programs, and is for comparing only: it is slow, and its time depends on its secrets.

  rfc9497.py vectors FILE   compute the vectors of FILE (appendix A.1.2); exit status 1 at the first difference
  rfc9497.py derive         {"shares": {"1": …, …}, "inputs": […]}: outputs under the single key that each two shares give
  rfc9497.py blind          {"inputs": […]}: blinds of its own, and the blinded elements
  rfc9497.py finish         {"public_key", "share_keys", "inputs", "blinds", "blinded", "evaluations": [{"number", "evaluated",
                            "proof"}, …]}: outputs, once every proof holds

The last three read JSON from standard input and write JSON; all bytes are hexadecimal.
"""
import json
import secrets
import sys
from hashlib import sha512
from itertools import combinations
from pathlib import Path

# ---- ristretto255 (RFC 9496 §4) ----

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


class Refused(Exception):
    pass


def negative(x):
    return x % P & 1


def absolute(x):
    return -x % P if negative(x) else x % P


def sqrt_ratio_m1(u, v):
    """§4.2: (True, √(u/v)) for a square, (False, √(SQRT_M1·u/v)) otherwise."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    correct, flipped = check == u % P, check == -u % P
    flipped_i = check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return correct or flipped, absolute(r)


# §4.1. The first is the odd one of two roots, so that it is written out.
SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235
_, INVSQRT_A_MINUS_D = sqrt_ratio_m1(1, -1 - D)
ONE_MINUS_D_SQ = (1 - D * D) % P
D_MINUS_ONE_SQ = pow(D - 1, 2, P)
assert pow(SQRT_AD_MINUS_ONE, 2, P) == (-D - 1) % P
IDENTITY = (0, 1, 1, 0)


def add(a, b):
    """Extended coordinates, complete for a = -1 (RFC 8032 §5.1.4)."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e = (y1 - x1) * (y2 - x2) % P
    f = (y1 + x1) * (y2 + x2) % P
    g = 2 * t1 * D * t2 % P
    h = 2 * z1 * z2 % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    sum_ = IDENTITY
    for bit in bin(scalar % ORDER)[2:]:
        sum_ = add(sum_, sum_)
        if bit == "1":
            sum_ = add(sum_, point)
    return sum_


def equal(a, b):
    """§4.3.3."""
    return a[0] * b[1] % P == a[1] * b[0] % P or a[1] * b[1] % P == a[0] * b[0] % P


def decode(data):
    """§4.3.1; the identity is refused, as RFC 9497 §4.1 does (DeserializeElement)."""
    s = int.from_bytes(data, "little")
    if len(data) != 32 or s >= P or negative(s):
        raise Refused("no canonical element")
    ss = s * s % P
    u1, u2 = (1 - ss) % P, (1 + ss) % P
    u2_sqr = u2 * u2 % P
    v = (-(D * u1 * u1) - u2_sqr) % P
    was_square, invsqrt = sqrt_ratio_m1(1, v * u2_sqr)
    den_x = invsqrt * u2 % P
    den_y = invsqrt * den_x * v % P
    x = absolute(2 * s * den_x)
    y = u1 * den_y % P
    t = x * y % P
    if not was_square or negative(t) or y == 0:
        raise Refused("no canonical element")
    if equal((x, y, 1, t), IDENTITY):
        raise Refused("the identity")
    return x, y, 1, t


def encode(point):
    """§4.3.2."""
    x0, y0, z0, t0 = point
    u1, u2 = (z0 + y0) * (z0 - y0) % P, x0 * y0 % P
    _, invsqrt = sqrt_ratio_m1(1, u1 * u2 * u2)
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * t0 % P
    x, y, den_inv = x0, y0, den2
    if negative(t0 * z_inv):
        x, y, den_inv = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    if negative(x * z_inv):
        y = -y % P
    return absolute(den_inv * (z0 - y)).to_bytes(32, "little")


def from_field(t):
    """MAP of §4.3.4."""
    r = SQRT_M1 * t * t % P
    u = (r + 1) * ONE_MINUS_D_SQ % P
    v = (-1 - r * D) * (r + D) % P
    was_square, s = sqrt_ratio_m1(u, v)
    c = P - 1
    if not was_square:
        s, c = -absolute(s * t) % P, r
    n = (c * (r - 1) * D_MINUS_ONE_SQ - v) % P
    w0, w1 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P
    w2, w3 = (1 - s * s) % P, (1 + s * s) % P
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def from_uniform(data):
    half = lambda part: from_field(int.from_bytes(part, "little") % 2**255 % P)
    return add(half(data[:32]), half(data[32:]))


# §4.1: the base point of RFC 8032 §5.1 represents the generator.
BASE_Y = 4 * pow(5, -1, P) % P
_, BASE_X = sqrt_ratio_m1(BASE_Y**2 - 1, D * BASE_Y**2 + 1)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)

# ---- RFC 9380 §5.3.1 and RFC 9497 ----

CONTEXT = b"OPRFV1-\x01-ristretto255-SHA512"


def i2osp(number, length):
    return number.to_bytes(length, "big")


def prefixed(data):
    return i2osp(len(data), 2) + data


def expand_message_xmd(message, dst, length=64):
    blocks = -(-length // 64)
    dst_prime = dst + i2osp(len(dst), 1)
    first = sha512(bytes(128) + message + i2osp(length, 2) + b"\0" + dst_prime).digest()
    block = sha512(first + b"\x01" + dst_prime).digest()
    out = block
    for i in range(2, blocks + 1):
        block = sha512(bytes(a ^ b for a, b in zip(first, block)) + i2osp(i, 1) + dst_prime).digest()
        out += block
    return out[:length]


def hash_to_group(data):
    return from_uniform(expand_message_xmd(data, b"HashToGroup-" + CONTEXT))


def hash_to_scalar(data):
    return int.from_bytes(expand_message_xmd(data, b"HashToScalar-" + CONTEXT), "little") % ORDER


def scalar_of(data):
    scalar = int.from_bytes(data, "little")
    if len(data) != 32 or scalar >= ORDER:
        raise Refused("no canonical scalar")
    return scalar


def scalar_bytes(scalar):
    return (scalar % ORDER).to_bytes(32, "little")


def composites(key, before, after):
    """ComputeComposites (§2.2.1): Σ dᵢ·Cᵢ and Σ dᵢ·Dᵢ."""
    seed = sha512(prefixed(key) + prefixed(b"Seed-" + CONTEXT)).digest()
    m = z = IDENTITY
    for i, (c, d) in enumerate(zip(before, after)):
        weight = hash_to_scalar(prefixed(seed) + i2osp(i, 2) + prefixed(c) + prefixed(d) + b"Composite")
        m, z = add(m, times(weight, decode(c))), add(z, times(weight, decode(d)))
    return m, z


def challenge(key, *points):
    return hash_to_scalar(prefixed(key) + b"".join(prefixed(encode(point)) for point in points) + b"Challenge")


def proof_holds(key, before, after, proof):
    """VerifyProof (§2.2.2)."""
    if len(before) != len(after) or len(proof) != 64:
        return False
    c, s = scalar_of(proof[:32]), scalar_of(proof[32:])
    m, z = composites(key, before, after)
    t2 = add(times(s, BASE), times(c, decode(key)))
    t3 = add(times(s, m), times(c, z))
    return challenge(key, m, z, t2, t3) == c


def prove(secret, before, after, random):
    """GenerateProof (§2.2.1) with a given random scalar."""
    key = encode(times(secret, BASE))
    m, z = composites(key, before, after)
    c = challenge(key, m, z, times(random, BASE), times(random, m))
    return scalar_bytes(c) + scalar_bytes(random - c * secret)


def finalize(data, element):
    return sha512(prefixed(data) + prefixed(element) + b"Finalize").digest()


def evaluate(secret, data):
    """Evaluate (§3.3.1): what a holder of the whole key computes."""
    return finalize(data, encode(times(secret, hash_to_group(data))))


def at_zero(i, j):
    """The weights of shares i and j (Shamir, threshold 2)."""
    return j * pow(j - i, -1, ORDER) % ORDER, i * pow(i - j, -1, ORDER) % ORDER


# ---- commands ----


def derive(asked):
    shares = {int(number): scalar_of(share) for number, share in hexed(asked["shares"]).items()}
    keys = set()
    for i, j in combinations(sorted(shares), 2):
        wi, wj = at_zero(i, j)
        keys.add((wi * shares[i] + wj * shares[j]) % ORDER)
    if len(keys) != 1:
        raise Refused("the shares lie on no line")
    (key,) = keys
    return {
        "public_key": encode(times(key, BASE)),
        "share_keys": {str(number): encode(times(share, BASE)) for number, share in shares.items()},
        "outputs": [evaluate(key, data) for data in hexed(asked["inputs"])],
    }


def blind(asked):
    inputs = hexed(asked["inputs"])
    blinds = [1 + secrets.randbelow(ORDER - 1) for _ in inputs]
    return {
        "blinds": [scalar_bytes(one) for one in blinds],
        "blinded": [encode(times(one, hash_to_group(data))) for one, data in zip(blinds, inputs)],
    }


def finish(asked):
    asked = hexed(asked)
    one, other = asked["evaluations"]
    numbers = one["number"], other["number"]
    keys = [asked["share_keys"][str(number)] for number in numbers]
    wi, wj = at_zero(*numbers)
    if encode(add(times(wi, decode(keys[0])), times(wj, decode(keys[1])))) != asked["public_key"]:
        raise Refused("the share keys do not combine to the public key")
    for key, evaluation in zip(keys, (one, other)):
        if not proof_holds(key, asked["blinded"], evaluation["evaluated"], evaluation["proof"]):
            raise Refused(f"the proof of evaluator {evaluation['number']} does not hold")
    outputs = []
    for data, inverse, a, b in zip(asked["inputs"], asked["blinds"], one["evaluated"], other["evaluated"]):
        combined = add(times(wi, decode(a)), times(wj, decode(b)))
        unblinded = times(pow(scalar_of(inverse), -1, ORDER), combined)
        outputs.append(finalize(data, encode(unblinded)))
    return {"outputs": outputs}


def vectors(path):
    file = hexed(json.loads(Path(path).read_text(encoding="utf-8")))
    secret, key = scalar_of(file["secret_key"]), file["public_key"]
    same("public key", encode(times(secret, BASE)), key)
    for vector in file["vectors"]:
        blinds = [scalar_of(one) for one in vector["blinds"]]
        blinded = [encode(times(one, hash_to_group(data))) for one, data in zip(blinds, vector["inputs"])]
        same("blinded", blinded, vector["blinded"])
        evaluated = [encode(times(secret, decode(one))) for one in blinded]
        same("evaluated", evaluated, vector["evaluated"])
        proof = prove(secret, blinded, evaluated, scalar_of(vector["proof_random_scalar"]))
        same("proof", proof, vector["proof"])
        same("proof holds", proof_holds(key, blinded, evaluated, proof), True)
        changed = bytes([proof[0] ^ 1]) + proof[1:]
        same("changed proof holds", proof_holds(key, blinded, evaluated, changed), False)
        same("outputs", [evaluate(secret, data) for data in vector["inputs"]], vector["outputs"])
    return {"vectors": len(file["vectors"])}


def same(what, found, expected):
    if found != expected:
        raise Refused(f"{what}: {unhexed(found)} and not {unhexed(expected)}")


def hexed(value):
    """JSON with its hexadecimal texts as bytes."""
    if isinstance(value, dict):
        return {name: hexed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [hexed(one) for one in value]
    try:
        return bytes.fromhex(value) if isinstance(value, str) else value
    except ValueError:
        return value


def unhexed(value):
    if isinstance(value, dict):
        return {name: unhexed(one) for name, one in value.items()}
    if isinstance(value, list):
        return [unhexed(one) for one in value]
    return value.hex() if isinstance(value, bytes) else value


def main():
    try:
        match sys.argv[1:]:
            case ["vectors", path]:
                done = vectors(path)
            case ["derive" | "blind" | "finish" as command]:
                done = {"derive": derive, "blind": blind, "finish": finish}[command](json.load(sys.stdin))
            case _:
                sys.exit(__doc__)
    except Refused as refused:
        sys.exit(str(refused))
    print(json.dumps(unhexed(done)))


if __name__ == "__main__":
    main()
