"""The two signatures of a rollout, in plain Python: ed25519 (RFC 8032, strict) and sr25519 (schnorrkel over ristretto255).

For checking only: nothing here is constant-time, so keep secrets away from it. Sources: RFC 8032, RFC 9496,
STROBE v1.0.2, the Merlin transcript. It knows nothing of rollouts.
"""

import hashlib
from collections.abc import Iterator

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493  # the order of the base point
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)

# ---- the curve: points are (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z ----

Point = tuple[int, int, int, int]
IDENTITY: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * D * a[3] * b[3] % P, 2 * a[2] * b[2] % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return (w * x % P, y * z % P, x * y % P, w * z % P)


def negate(a: Point) -> Point:
    return (-a[0] % P, a[1], a[2], -a[3] % P)


def multiply_add(s: int, a: Point, t: int, b: Point) -> Point:
    """s·a + t·b."""
    table, out = (IDENTITY, a, b, add(a, b)), IDENTITY
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        out = add(out, out)
        which = (s >> bit & 1) | (t >> bit & 1) << 1
        if which:
            out = add(out, table[which])
    return out


def same(a: Point, b: Point) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def is_small_order(a: Point) -> bool:
    for _ in range(3):
        a = add(a, a)
    return same(a, IDENTITY)


def sqrt_ratio(u: int, v: int) -> tuple[bool, int]:
    """(is u/v a square?, the even square root of u/v, or of sqrt(-1)·u/v when it is none)."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    if check in (-u % P, -u * SQRT_M1 % P):
        r = r * SQRT_M1 % P
    return check in (u % P, -u % P), P - r if r & 1 else r


# ---- ed25519 ----


def decode_edwards(data: bytes) -> Point | None:
    y, sign = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square, x = sqrt_ratio(y * y - 1, D * y * y + 1)
    if y >= P or not square or (x == 0 and sign):
        return None
    x = -x % P if sign else x
    return (x, y, 1, x * y % P)


def encode_edwards(a: Point) -> bytes:
    inverse = pow(a[2], -1, P)
    return (a[1] * inverse % P | (a[0] * inverse % P & 1) << 255).to_bytes(32, "little")


BASE: Point = decode_edwards((4 * pow(5, -1, P) % P).to_bytes(32, "little"))  # type: ignore[assignment]


def ed25519_challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def ed25519_verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Strict: s below the group order, neither the key nor R of small order, no cofactor."""
    a, r, s = decode_edwards(key), decode_edwards(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or is_small_order(a) or is_small_order(r):
        return False
    return same(r, multiply_add(s, BASE, ed25519_challenge(signature[:32], key, message), negate(a)))


# ---- ristretto255 ----


def decode_ristretto(data: bytes) -> Point | None:
    s = int.from_bytes(data, "little")
    if s >= P or s & 1:
        return None
    u1, u2 = 1 - s * s, 1 + s * s
    v = -D * u1 * u1 - u2 * u2
    square, inverse = sqrt_ratio(1, v * u2 * u2 % P)
    x = 2 * s * inverse * u2 % P
    x, y = P - x if x & 1 else x, u1 * inverse * inverse * u2 * v % P
    if not square or y == 0 or x * y % P & 1:
        return None
    return (x, y, 1, x * y % P)


def encode_ristretto(a: Point) -> bytes:
    x, y, z, t = a
    u1, u2 = (z + y) * (z - y), x * y
    _, inverse = sqrt_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inverse = den1 * den2 * t % P
    if t * z_inverse % P & 1:
        x, y = y * SQRT_M1 % P, x * SQRT_M1 % P
        den2 = den1 * sqrt_ratio(1, -1 - D)[1] % P
    if x * z_inverse % P & 1:
        y = -y
    s = den2 * (z - y) % P
    return (P - s if s & 1 else s).to_bytes(32, "little")


# ---- the Merlin transcript: STROBE-128 over Keccak-f[1600] ----


def round_constants() -> Iterator[int]:
    register = 1
    for _ in range(24):
        constant = 0
        for power in range(7):
            if register & 1:
                constant |= 1 << (1 << power) - 1
            register = register << 1 ^ (0x171 if register >> 7 else 0)
        yield constant


ROUNDS = list(round_constants())
ALL = 2**64 - 1


def keccak(state: bytes | bytearray) -> bytearray:
    lanes = [int.from_bytes(state[8 * i : 8 * i + 8], "little") for i in range(25)]
    for constant in ROUNDS:
        parity = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        for i in range(25):
            right = parity[(i + 1) % 5]
            lanes[i] ^= parity[(i + 4) % 5] ^ (right << 1 | right >> 63) & ALL
        x, y, moving = 1, 0, lanes[1]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            turn = (step + 1) * (step + 2) // 2 % 64
            lanes[x + 5 * y], moving = (moving << turn | moving >> 64 - turn) & ALL, lanes[x + 5 * y]
        for row in range(0, 25, 5):
            a = lanes[row : row + 5]
            lanes[row : row + 5] = [a[x] ^ (ALL ^ a[(x + 1) % 5]) & a[(x + 2) % 5] for x in range(5)]
        lanes[0] ^= constant
    return bytearray(b"".join(lane.to_bytes(8, "little") for lane in lanes))


class Merlin:
    RATE, A, META, PRF = 166, 2, 18, 7  # STROBE's flags: A; M|A; I|A|C

    def __init__(self, label: bytes) -> None:
        self.state = keccak(bytes([1, self.RATE + 2, 1, 0, 1, 96]) + b"STROBEv1.0.2" + bytes(182))
        self.at = self.begin = 0
        self._absorb(self.META, b"Merlin v1.0")
        self.append(b"dom-sep", label)

    def append(self, label: bytes, message: bytes) -> None:
        self._absorb(self.META, label + len(message).to_bytes(4, "little"))
        self._absorb(self.A, message)

    def challenge(self, label: bytes, count: int) -> bytes:
        self._absorb(self.META, label + count.to_bytes(4, "little"))
        self._absorb(self.PRF, b"")
        if self.at:
            self._permute()
        out, self.state[:count], self.at = bytes(self.state[:count]), bytes(count), count
        return out

    def _absorb(self, flags: int, data: bytes) -> None:
        begun, self.begin = self.begin, self.at + 1
        for byte in bytes([begun, flags]) + data:
            self.state[self.at] ^= byte
            self.at += 1
            if self.at == self.RATE:
                self._permute()

    def _permute(self) -> None:
        self.state[self.at] ^= self.begin
        self.state[self.at + 1] ^= 4
        self.state[self.RATE + 1] ^= 0x80
        self.state, self.at, self.begin = keccak(self.state), 0, 0


# ---- sr25519 ----


def sr25519_challenge(r: bytes, key: bytes, message: bytes, context: bytes = b"substrate") -> int:
    transcript = Merlin(b"SigningContext")
    transcript.append(b"", context)
    transcript.append(b"sign-bytes", message)
    transcript.append(b"proto-name", b"Schnorr-sig")
    transcript.append(b"sign:pk", key)
    transcript.append(b"sign:R", r)
    return int.from_bytes(transcript.challenge(b"sign:c", 64), "little") % L


def sr25519_verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """The top bit of the last byte marks the format; s is below the group order without it."""
    a, r, s = decode_ristretto(key), signature[:32], int.from_bytes(signature[32:], "little") - 2**255
    if a is None or not 0 <= s < L:
        return False
    return r == encode_ristretto(multiply_add(s, BASE, sr25519_challenge(r, key, message), negate(a)))
