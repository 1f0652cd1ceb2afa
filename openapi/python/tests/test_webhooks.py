"""`webhooks.verify`, with the example of the Standard Webhooks specification and RFC 8032's keys."""

import base64
import hashlib
import hmac

import pytest

from reliquary import WebhookVerificationError
from reliquary.webhooks import Webhooks

# the specification's own: https://github.com/standard-webhooks/standard-webhooks
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"id":"evt_1","type":"job.completed","timestamp":"2026-11-22T08:01:00Z","data":{"id":"job_1"}}'
NOW = 1_795_334_460


def headers(signature: str, sent: int = NOW) -> dict[str, str]:
    return {"Webhook-Id": "evt_1", "webhook-timestamp": str(sent), "webhook-signature": signature}


def signature(secret: str = SECRET, body: bytes = BODY, sent: int = NOW) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"evt_1.{sent}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


def webhooks(now: int = NOW) -> Webhooks:
    return Webhooks(now=lambda: now)


def test_the_specifications_example():
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    given = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    with pytest.raises(ValueError, match="validation error"):  # signed, but no event of ours
        webhooks(1614265330).verify(body, given, secret)
    with pytest.raises(WebhookVerificationError):
        webhooks(1614265330).verify(body + b" ", given, secret)


def test_a_signed_event_is_given():
    event = webhooks().verify(BODY, headers(signature()), SECRET)
    assert (event.type, event.data["id"]) == ("job.completed", "job_1")
    both = f"v1,{base64.b64encode(bytes(32)).decode()} {signature()}"
    assert webhooks().verify(BODY.decode(), headers(both), ["whsec_AAAA", SECRET]).id == "evt_1"


@pytest.mark.parametrize(
    ("given", "body", "now"),
    [
        (headers(signature()), BODY + b" ", NOW),
        (headers(signature("whsec_AAAA")), BODY, NOW),
        (headers(signature()), BODY, NOW + 301),
        (headers(signature()), BODY, NOW - 301),
        (headers(signature(), NOW + 1), BODY, NOW),
        (headers(""), BODY, NOW),
        (headers("v1,%%%"), BODY, NOW),
        (headers(signature().replace("v1,", "v1a,")), BODY, NOW),
        ({}, BODY, NOW),
        ({**headers(signature()), "webhook-timestamp": "soon"}, BODY, NOW),
    ],
)
def test_anything_else_is_refused(given, body, now):
    with pytest.raises(WebhookVerificationError):
        webhooks(now).verify(body, given, SECRET)


def test_the_public_key_checks_v1a():
    # RFC 8032, 7.1, test 2 signs one byte, so the check is of its parts: a key, a message, a signature
    from reliquary.verification.curves import ed25519_verify

    key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signed = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert ed25519_verify(key, b"\x72", signed)
    public = "whpk_" + base64.b64encode(key).decode()
    with pytest.raises(WebhookVerificationError):
        webhooks().verify(BODY, headers("v1a," + base64.b64encode(signed).decode()), public)
