"""nemo-gym: our rows are what a resources server answers, with the tokens that training takes."""

from nemo_gym.base_resources_server import BaseVerifyResponse
from nemo_gym.openai_utils import NeMoGymResponseOutputMessageForTraining
from rows import golden, lines

records = [record for record in golden() if record["reward"] is not None and 1 in record["loss_mask"]]
for row, record in zip(lines("nemo-gym.jsonl"), records, strict=True):
    answer = BaseVerifyResponse.model_validate(row)
    (message,) = answer.response.output
    assert isinstance(message, NeMoGymResponseOutputMessageForTraining), type(message)
    assert message.prompt_token_ids == record["prompt_ids"]
    assert message.generation_token_ids == record["completion_ids"]
    assert len(message.generation_log_probs) == len(record["completion_ids"])
    assert message.content[0].text == record["completion_text"]
    assert answer.reward == record["reward"]
print("nemo-gym: ok")
