"""tinker: our rows are its Datum, by the model that its client sends; no token's loss is shifted wrongly."""

import numpy as np
from rows import golden, lines
from tinker.types import Datum, EncodedTextChunk, ModelInput, TensorData
from tinker.types._pydantic_types.datum import Datum as Wire

records = golden()
rows = lines("tinker.jsonl")
assert len(rows) == len(records) == 4
for row, record in zip(rows, records):
    wire = Wire.model_validate(row)
    whole = record["prompt_ids"] + record["completion_ids"]
    assert wire.model_input.to_ints() == whole[:-1]
    datum = Datum(
        model_input=ModelInput(chunks=[EncodedTextChunk(**chunk) for chunk in row["model_input"]["chunks"]]),
        loss_fn_inputs={name: TensorData(**tensor) for name, tensor in row["loss_fn_inputs"].items()},
    )
    arrays = {name: tensor.to_numpy() for name, tensor in datum.loss_fn_inputs.items()}
    assert {name: (array.dtype, array.shape) for name, array in arrays.items()} == {
        "target_tokens": (np.dtype("int64"), (len(whole) - 1,)),
        "logprobs": (np.dtype("float32"), (len(whole) - 1,)),
        "advantages": (np.dtype("float32"), (len(whole) - 1,)),
        "mask": (np.dtype("float32"), (len(whole) - 1,)),
    }
    assert datum.model_input.length == len(whole) - 1
    assert arrays["target_tokens"].tolist() == whole[1:]
    first = len(record["prompt_ids"]) - 1
    np.testing.assert_array_equal(arrays["logprobs"][first:], np.float32(record["behavior_logprobs"]))
    np.testing.assert_array_equal(arrays["mask"][first:], record["loss_mask"])
    learned = [record["advantage"] if mask else 0 for mask in record["loss_mask"]]
    np.testing.assert_array_equal(arrays["advantages"][first:], np.float32(learned))
    assert all((array[:first] == 0).all() for name, array in arrays.items() if name != "target_tokens")
print("tinker: ok")
