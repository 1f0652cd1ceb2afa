"""Whether a webhook came from the service: the Standard Webhooks specification, both of its signatures. docs/WEBHOOKS.md."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ._errors import WebhookVerificationError
from ._model import ApiModel
from .verification.curves import ed25519_verify

SECRET, PUBLIC = "whsec_", "whpk_"
TOLERANCE_S = 300


class WebhookEvent(ApiModel):
    """What is told: thin, never tokens. `webhook_id` names it, also when it comes twice."""

    id: str
    type: str
    timestamp: str
    data: dict[str, Any]


class Webhooks:
    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def verify(
        self,
        payload: bytes | str,
        headers: Mapping[str, str],
        secret: str | Sequence[str],
        *,
        tolerance_s: float = TOLERANCE_S,
    ) -> WebhookEvent:
        """The event, if the body was signed by one of the secrets (`whsec_…`) or public keys (`whpk_…`) not long ago.

        `payload` is the body as it came, before anything parsed it."""
        body = payload.encode() if isinstance(payload, str) else payload
        given = {name.lower(): value for name, value in headers.items()}
        try:
            name, sent, signatures = (given[f"webhook-{part}"] for part in ("id", "timestamp", "signature"))
            age = self._now() - int(sent)
        except (KeyError, ValueError):
            raise WebhookVerificationError("webhook-id, webhook-timestamp and webhook-signature are needed") from None
        if abs(age) > tolerance_s:
            raise WebhookVerificationError(f"it was sent {age:.0f} s ago")
        signed = f"{name}.{sent}.".encode() + body
        secrets = [secret] if isinstance(secret, str) else secret
        if not any(_holds(one, signed, signature) for one in secrets for signature in signatures.split()):
            raise WebhookVerificationError("no signature of this secret")
        return WebhookEvent.model_validate(json.loads(body))


def _holds(secret: str, signed: bytes, signature: str) -> bool:
    version, _, text = signature.partition(",")
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    if secret.startswith(PUBLIC):
        key = _decoded(secret.removeprefix(PUBLIC))
        return version == "v1a" and len(key) == 32 and len(value) == 64 and ed25519_verify(key, signed, value)
    key = _decoded(secret.removeprefix(SECRET))
    return version == "v1" and hmac.compare_digest(hmac.new(key, signed, hashlib.sha256).digest(), value)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("the secret is neither whsec_ nor whpk_ and base64") from None
