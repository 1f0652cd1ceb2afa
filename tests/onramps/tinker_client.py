"""What somebody does who samples with Tinker's package. BASE and KEY are in the environment."""

import json
import math
import os
import sys

import tinker
from tinker import types

service = tinker.ServiceClient(base_url=os.environ["BASE"] + "/tinker", api_key="tml-" + os.environ["KEY"])
names = [model.model_name for model in service.get_server_capabilities().supported_models]
assert "current" in names and len(names) == 2, names

client = service.create_sampling_client(base_model="current")
client = client.result() if hasattr(client, "result") else client
tokens = json.loads(sys.argv[1])
params = types.SamplingParams(max_tokens=48, temperature=0.01)
futures = [
    client.sample(prompt=types.ModelInput.from_ints(tokens), num_samples=3, sampling_params=params),
    client.sample(prompt=types.ModelInput.from_ints(tokens), num_samples=1, sampling_params=types.SamplingParams(max_tokens=2)),
]
many, short = [future.result(timeout=80) for future in futures]
assert len(many.sequences) == 3 and len(short.sequences) == 1
for sequence in many.sequences + short.sequences:
    assert sequence.tokens and len(sequence.tokens) == len(sequence.logprobs)
    assert all(logprob <= 0 and math.isfinite(logprob) for logprob in sequence.logprobs)
assert {sequence.stop_reason for sequence in many.sequences} == {"stop"}, many
assert short.sequences[0].stop_reason == "length" and len(short.sequences[0].tokens) == 2
assert len({sequence.sequence_id for sequence in many.sequences}) == 3

for refused in [types.SamplingParams(max_tokens=4, seed=1), types.SamplingParams(max_tokens=4, stop=["x"])]:
    try:
        client.sample(prompt=types.ModelInput.from_ints(tokens), num_samples=1, sampling_params=refused).result(timeout=80)
        raise SystemExit(f"taken: {refused}")
    except tinker.APIStatusError as error:
        assert error.status_code == 422, error
try:
    training = service.create_lora_training_client(base_model="current")
    training.result(timeout=80)
    raise SystemExit("training")
except tinker.APIStatusError as error:
    assert error.status_code == 404 and "does not train" in str(error), error
job = many.sequences[0].sequence_id.split("/")[0]
print(json.dumps({"job": job, "tokens": [list(sequence.tokens) for sequence in many.sequences],
                  "logprobs": [list(sequence.logprobs) for sequence in many.sequences]}))
