"""Offline verification of what a real service delivered: it holds, and no change of it does."""

import hashlib
import json
import struct

import pytest
from samples import CHECKPOINT, DELIVERED, LINES, RECORDS

from reliquary import ReliquaryError, VerificationFailed, types, verify
from reliquary.verification import curves, files, manifest, rollouts
from reliquary.verification.record import Number

KEY = RECORDS[0]["proof"]["receipt"]["service_key"]


def judged(*lines: bytes, **more) -> files.Report:
    return files.judge(lines, **more)


def test_what_was_delivered_holds():
    report = verify(DELIVERED)
    assert report.verified == len(RECORDS) == 4 and report.failed == 0
    (one,) = report.manifests
    assert (one.delivered, one.in_file, one.not_shown, one.key_is_pinned) == (4, 4, 0, False)
    report = verify(DELIVERED, checkpoint=CHECKPOINT, service_keys=["00" * 32, KEY])
    assert report.holds and report.checkpoint_is_known and report.manifests[0].key_is_pinned


def test_records_from_a_stream_are_verified_as_they_are():
    models = [types.Rollout.model_validate(record) for record in RECORDS]
    assert verify(models).verified == 4
    assert verify(models[0], checkpoint=CHECKPOINT).verified == 1
    assert verify(RECORDS[0]).verified == 1


def test_records_from_before_there_were_test_keys_are_live():
    record = json.loads(json.dumps(RECORDS[0]))
    del record["livemode"]
    assert verify(record).verified == 1


def before(record):
    """The record as version 3 had it."""
    record = json.loads(json.dumps(record))
    record["schema_version"] = 3
    for name in ("policy", "logprob_spec", "truncated", "reward_valid"):
        del record[name]
    for name in ("n_verified", "filter_reason"):
        del record["group"][name]
    return record


def test_records_of_the_version_before_hold():
    records = [json.dumps(before(record)).encode() + b"\n" for record in RECORDS]
    report = judged(*LINES[:2], *records)
    assert report.holds and report.verified == 4
    late = {**before(RECORDS[0]), "truncated": False}
    with pytest.raises(VerificationFailed, match="malformed_frame"):
        verify(late)


def sign(seed: bytes, message: bytes) -> tuple[bytes, bytes]:
    """RFC 8032: the public key, and its signature."""
    digest = hashlib.sha512(seed).digest()
    scalar = (int.from_bytes(digest[:32], "little") & ((1 << 254) - 8)) | (1 << 254)
    nonce = int.from_bytes(hashlib.sha512(digest[32:] + message).digest(), "little") % curves.L

    def times(n: int) -> bytes:
        return curves.encode_edwards(curves.multiply_add(n, curves.BASE, 0, curves.IDENTITY))

    key, r = times(scalar), times(nonce)
    s = (nonce + curves.ed25519_challenge(r, key, message) * scalar) % curves.L
    return key, r + s.to_bytes(32, "little")


def test_the_service_may_change_its_key_between_the_receipts():
    record = json.loads(json.dumps(RECORDS[0]))
    known, signed = files.parse(LINES[2]), record["reward_receipt"]
    digest = rollouts.reward_digest(known, known["reward_receipt"])
    key, signature = sign(bytes(32), digest)
    signed.update(service_key=key.hex(), signature=signature.hex())
    assert verify(record, service_keys=[KEY, key.hex()]).verified == 1
    for keys in ([KEY], [key.hex()], ["00" * 32]):
        with pytest.raises(VerificationFailed, match="bad_receipt"):
            verify(record, service_keys=keys)
    signed.update(service_key=KEY)  # which has not signed it
    with pytest.raises(VerificationFailed, match="bad_receipt"):
        verify(record, service_keys=[KEY, key.hex()])


def test_records_say_what_was_sent_as_messages_or_nothing_of_it():
    said = [{"role": "user", "content": "What is 40 + 2?"}]
    for messages in (said, None):
        assert verify({**RECORDS[0], "messages": messages}).verified == 1


def test_a_live_record_is_not_passed_off_as_a_test():
    record = json.loads(json.dumps(RECORDS[0]))
    record["livemode"] = False
    with pytest.raises(VerificationFailed) as caught:
        verify(record, allow_test=True)
    assert caught.value.report.verdicts[0].finding == "malformed_frame"


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (lambda r: r["completion_ids"].__setitem__(0, 41), "broken_chain"),
        (lambda r: r.update(reward=0.5), "bad_receipt"),
        (lambda r: r["proof"].update(signature="00" * 64), "bad_signature"),
        (lambda r: r["proof"].update(checkpoint_id="00" * 32), "malformed_frame"),
        (lambda r: [r[at].update(checkpoint_id="00" * 32) for at in ("proof", "policy")], "broken_chain"),
        (lambda r: r.update(schema_version=3), "malformed_frame"),
        (lambda r: r.update(truncated=True), "malformed_frame"),
        (lambda r: r.update(reward_valid=False), "malformed_frame"),
        (lambda r: r.update(policy=None), "malformed_frame"),
        (lambda r: r["policy"].update(version=1), "malformed_frame"),
        (lambda r: r["policy"].update(revision="0" * 40), "malformed_frame"),
        (lambda r: r["group"].update(n_verified=1), "malformed_frame"),
        (lambda r: r["group"].update(filter_reason="low_variance"), "malformed_frame"),
        (lambda r: r["logprob_spec"].update(matches_sampling=False), "malformed_frame"),
        (lambda r: r["logprob_spec"].update(engine="vllm"), "malformed_frame"),
        (lambda r: r["behavior_logprobs"].__setitem__(0, -0.5), "malformed_frame"),
        (lambda r: r.update(schema_version=9), "malformed_frame"),
        (lambda r: r.update(unknown=1), "malformed_frame"),
        (lambda r: r.update(messages=[{"role": "user"}]), "malformed_frame"),
        (lambda r: r.update(messages=[{"role": "user", "content": "x", "name": "y"}]), "malformed_frame"),
        (lambda r: r.update(messages=[{"role": "user", "content": "x"}], prompt_text=None), "malformed_frame"),
        (lambda r: r.update(livemode=False), "test_rollout"),
        (lambda r: r["proof"]["profile"].update(engine_class="test", numerics="none"), "test_rollout"),
        (lambda r: r["proof"]["receipt"].update(received_at_ms=1), "bad_receipt"),
        # what only the manifest binds
        (lambda r: r.update(advantage=9.0), "not_in_manifest"),
        (lambda r: r.update(price_rao="1"), "not_in_manifest"),
        (lambda r: r.update(id=RECORDS[1]["id"]), "not_in_manifest"),
        (lambda r: r["policy"].update(repo="other"), "manifest_mismatch"),
        (lambda r: r["policy"].update(repo="arith-tiny", revision="0" * 40), "manifest_mismatch"),
    ],
)
def test_every_change_is_named(change, finding, tmp_path):
    record = json.loads(json.dumps(RECORDS[0]))
    change(record)
    path = tmp_path / "changed.ndjson"
    path.write_bytes(b"".join([*LINES[:2], json.dumps(record).encode() + b"\n", *LINES[3:]]))
    with pytest.raises(VerificationFailed) as caught:
        verify(path)
    found = [verdict.finding for verdict in caught.value.report.verdicts]
    assert found == [finding, None, None, None]
    assert finding in str(caught.value)


def test_missing_added_and_foreign_ones_are_named():
    assert judged(*LINES[:-1]).manifests[0].findings == {"rollouts_missing"}
    assert judged(*LINES[:-1], is_partial=True).holds
    assert judged(*LINES, LINES[-1]).manifests[0].findings == {"rollouts_too_many"}
    assert judged(*LINES, LINES[-1], is_partial=True).manifests[0].findings == {"rollouts_too_many"}
    both = {"rollouts_missing", "rollouts_too_many"}
    assert judged(*LINES[:-1], LINES[-2]).manifests[0].findings == both  # one that is there twice makes up for none
    assert judged(LINES[0], *LINES[2:], is_partial=True).manifests[0].not_shown == 4
    other = judged(*LINES, service_keys=[bytes(32)])
    assert other.failed == 4 and other.manifests[0].findings >= {"manifest_key"}
    assert judged(LINES[1], *LINES[2:]).manifests[0].findings >= {"manifest_missing"}
    assert not judged().holds


@pytest.mark.parametrize("change", [{"advantage": 9.0}, {"price_rao": "1"}, {"id": RECORDS[1]["id"]}])
@pytest.mark.parametrize("partial", [False, True])
def test_what_is_said_of_a_job_stands_before_its_rollouts(change, partial):
    """A record before it would be judged as if there were no manifest."""
    changed = json.dumps({**RECORDS[0], **change}).encode()
    key = bytes.fromhex(KEY)
    for lines in (
        [changed, *LINES],
        [changed, *LINES[3:], *LINES[:2]],
        [LINES[0], changed, *LINES[1:]],
        [*LINES[2:], *LINES[:2]],
        [LINES[0], *LINES[2:], LINES[1]],
    ):
        report = judged(*lines, service_keys=[key], is_partial=partial)
        assert report.manifests[0].findings >= {"manifest_late"} and not report.holds


@pytest.mark.parametrize(
    ("more", "cost"),
    [
        ({}, 1000),
        ({"per_1k_tokens": "0"}, 1000),
        ({"per_1k_tokens": "250"}, 1375),
        ({"per_1k_tokens": "9223372036854775807"}, 2**63 - 1),
        # what this reader cannot read is no price of 0: the other reader does not compare it either
        ({"per_1k_tokens": None}, None),
        ({"per_1k_tokens": 250}, None),
        ({"per_image": "1"}, None),
        ({"rollout": None}, None),
    ],
)
def test_a_price_that_is_not_known_is_not_compared(more, cost):
    price = {"rollout": "1000", "filtered_bps": Number("2500"), "miner_share_bps": Number("8000")}
    assert manifest.delivered_rao({**price, **more}, 1500) == cost
    assert manifest.delivered_rao(["1000", "0"], 1500) is None


def test_what_is_said_of_more_jobs_than_are_remembered_is_late(monkeypatch):
    monkeypatch.setattr(manifest, "MAX_UNTOLD", 1)
    record = {**RECORDS[0], "job_id": "job_00000000000000000000000001"}
    report = judged(json.dumps(record).encode(), *LINES)
    assert report.manifests[0].findings == {"manifest_late"}


def test_jobs_without_a_manifest_are_counted():
    assert judged(*LINES).jobs_without_manifest == 0
    report = judged(*LINES[2:])
    assert report.holds and (report.jobs_without_manifest, report.manifests) == (1, [])


def test_a_record_that_does_not_hold_is_in_the_file_too():
    changed = json.loads(LINES[2])
    changed["proof"]["signature"] = "00" * 64
    report = judged(*LINES[:2], json.dumps(changed).encode(), *LINES[3:])
    assert report.findings == [f"{changed['id']}: bad_signature"]


def pointers(value, at=()):
    if isinstance(value, dict) and value:
        for name, one in value.items():
            yield from pointers(one, (*at, name))
    elif isinstance(value, list) and value:
        for index, one in enumerate(value):
            yield from pointers(one, (*at, index))
    else:
        yield at


def test_every_single_change_of_the_manifest_is_seen():
    signed = json.loads(LINES[0])
    changes = 0
    for pointer in pointers(signed):
        if pointer in (("object",), ("manifest", "job_id"), ("manifest", "job_id", 0)):
            continue
        changed = json.loads(LINES[0])
        place = changed
        for name in pointer[:-1]:
            place = place[name]
        old = place[pointer[-1]]
        flipped = "1" if str(old)[-1:] != "1" else "2"
        place[pointer[-1]] = old + 1 if type(old) in (int, float) else str(old)[:-1] + flipped
        report = judged(json.dumps(changed).encode(), *LINES[1:])
        assert not report.holds, pointer
        changes += 1
    assert changes > 40


def test_an_inclusion_proof_leads_to_the_root():
    """Made here from the leaves, of a rollout that stands among others."""
    leaves = leaf_hashes()
    record = files.parse(LINES[4])
    said = manifest.leaf_of(record)
    index = leaves.index(manifest.leaf_hash(record["job_id"], said))
    path, level, at = [], leaves, index
    while len(level) > 1:
        if at ^ 1 < len(level):
            path.append(level[at ^ 1].hex())
        level = [rollouts.node(*level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
        at //= 2
    shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in said.items()}
    inclusion = {
        "object": "rollout.inclusion",
        "rollout_id": json.loads(LINES[4])["id"],
        "job_id": json.loads(LINES[4])["job_id"],
        "leaf": {**shown, "price_rao": str(said["price_rao"])},
        "leaf_index": index,
        "leaf_count": len(leaves),
        "path": path,
        "merkle_root": level[0].hex(),
    }

    def verdict(**change):
        line = json.dumps({**inclusion, **change}).encode()
        report = judged(LINES[0], line, LINES[4], is_partial=True)
        return report.verdicts[0].finding, report.manifests[0].not_shown

    assert verdict() == (None, 0)
    for change in (
        {"path": path[:-1]},
        {"path": [*path, path[0]]},
        {"leaf_index": index ^ 1},
        {"leaf_count": 9},
    ):
        assert verdict(**change)[0] == "inclusion_proof"
    assert verdict(path=["00" * 32] * len(path))[0] == "inclusion_proof"
    assert verdict(leaf={**inclusion["leaf"], "attempt": 2})[0] == "not_in_manifest"


def leaf_hashes():
    return manifest.read(LINES[1])[1]["hashes_base64"]


def test_numbers_are_written_as_ecmascript_writes_them():
    # from RFC 8785, appendix B
    for bits, text in {
        "0000000000000000": "0",
        "8000000000000000": "0",
        "0000000000000001": "5e-324",
        "8000000000000001": "-5e-324",
        "7fefffffffffffff": "1.7976931348623157e+308",
        "4340000000000000": "9007199254740992",
        "4430000000000000": "295147905179352830000",
        "44b52d02c7e14af5": "9.999999999999997e+22",
        "44b52d02c7e14af6": "1e+23",
        "444b1ae4d6e2ef4e": "999999999999999700000",
        "444b1ae4d6e2ef50": "1e+21",
        "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
        "3eb0c6f7a0b5ed8d": "0.000001",
        "41b3de4355555553": "333333333.3333332",
        "becbf647612f3696": "-0.0000033333333333333333",
    }.items():
        assert manifest.number(struct.unpack(">d", bytes.fromhex(bits))[0]) == text
    assert (
        manifest.canonical({"b": [1.0, True, None], "a\u20ac": "\n", "\U0001f600": 0})
        == '{"a\u20ac":"\\n","b":[1,true,null],"\U0001f600":0}'
    )


def test_deeper_levels_need_the_program():
    with pytest.raises(ReliquaryError, match="on the PATH"):
        verify(DELIVERED, level="full", checkpoint=CHECKPOINT, binary="no-such-program")
    with pytest.raises(ValueError, match="level"):
        verify(DELIVERED, level="everything")


def test_hostile_lines_are_refused_and_never_crash():
    for line in (
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"{}" * 3,
        b"[" * 100_000,
        b'{"object":"job.manifest"}',
        b'{"object":"rollout.inclusion","x":1}',
        LINES[0].replace(b'"spec":{', b'"spec":{"x":1e999,'),
    ):
        report = judged(line)
        assert [verdict.finding for verdict in report.verdicts] == ["malformed_frame"], line[:40]
    for pointer in pointers(json.loads(LINES[0])):
        for value in (None, [], {}, -1, 2**70, "x", True):
            changed = json.loads(LINES[0])
            place = changed
            for name in pointer[:-1]:
                place = place[name]
            place[pointer[-1]] = value
            judged(json.dumps(changed).encode(), *LINES[1:3])
