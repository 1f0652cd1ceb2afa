"""art: our rows are its trajectory groups; the tokens of a choice are read by their ids, as its trainers do."""

import pathlib
import sys

from art.trajectories import TrajectoryGroup, _tokenize
from openai.types.chat.chat_completion import Choice
from rows import golden, lines

sys.path.append(str(pathlib.Path(__file__).parents[2] / "openapi/python/reliquary"))
from adapters import art  # noqa: E402

records = [record for record in golden() if record["reward"] is not None and 1 in record["loss_mask"]]
(row,) = lines("art.jsonl")
TrajectoryGroup.model_validate(row)
group = art.group(row)
assert isinstance(group, TrajectoryGroup) and len(group.trajectories) == len(records)
for trajectory, record in zip(group.trajectories, records):
    prompt, choice = trajectory.messages_and_choices
    assert isinstance(choice, Choice) and choice.message.content == record["completion_text"]
    assert prompt["content"] == record["prompt_text"]
    tokens, logprobs = _tokenize._pairs(choice.logprobs.content, require_token_ids=True)
    assert tokens == record["completion_ids"] and logprobs == record["behavior_logprobs"]
    assert trajectory.reward == record["reward"]
print("art: ok")
