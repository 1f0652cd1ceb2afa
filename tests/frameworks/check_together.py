"""together: our rows are its samples, by its own checks of a request with the GRPO loss."""

import typing

from rows import golden, lines
from together.post_training import _losses
from together.types.post_training import operation_forward_backward_params as params

hints = typing.get_type_hints(params.Sample, include_extras=True)
required = {name for name, hint in hints.items() if typing.get_origin(hint) is typing.Required}
grpo = _losses.LOSS_SPECS["LOSS_TYPE_GRPO"]
for row, record in zip(lines("together-rl.jsonl"), golden(), strict=True):
    assert set(row) == required == {"model_input", "loss_fn_inputs"}
    names = set(row["loss_fn_inputs"])
    assert grpo.required_inputs <= names <= grpo.required_inputs | grpo.optional_inputs, names
    (chunk,) = row["model_input"]["chunks"]
    tokens = chunk["encoded_text"]["tokens"]
    assert tokens == (record["prompt_ids"] + record["completion_ids"])[:-1]
    for name, tensor in row["loss_fn_inputs"].items():
        assert tensor["dtype"] in _losses.INPUT_DTYPES[name], name
        assert len(tensor["data"]) == len(tokens) == tensor["shape"][0], name
print("together: ok")
