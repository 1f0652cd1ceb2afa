"""datasets: text formats and columns load with their features; prime-rl's samples decode by place."""

import datasets
import msgpack
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from rows import GOLDEN, golden


def load(kind, name):
    return datasets.load_dataset(kind, data_files=str(GOLDEN / name), split="train")


records = golden()
dpo = load("json", "dpo.jsonl")
assert set(dpo.column_names) == {"prompt", "chosen", "rejected"}
assert (dpo[0]["chosen"][0]["content"], dpo[0]["rejected"][0]["content"]) == ("<42>", "41")
assert dpo[0]["prompt"] == [{"role": "user", "content": records[0]["prompt_text"]}]
sft = load("json", "sft.jsonl")
assert [row["messages"][1]["content"] for row in sft] == ["<42>", "41"]

prompts = load("parquet", "verl-prompts.parquet")
assert prompts[0]["prompt"] == [{"content": records[0]["prompt_text"], "role": "user"}]
assert prompts[0]["reward_model"] == {"style": "rule", "ground_truth": "42"}
assert prompts[0]["extra_info"]["group_id"] == records[0]["group_id"]

columns = ["completion_ids", "loss_mask", "behavior_logprobs", "reward", "advantage"]
table = pq.read_table(GOLDEN / "parquet.parquet", columns=columns)
with pa.ipc.open_stream(GOLDEN / "arrow.arrows") as stream:
    streamed = stream.read_all().select(columns)
for read in (table, streamed):
    assert str(read.schema.field("completion_ids").type.value_type) == "int32"
    assert str(read.schema.field("behavior_logprobs").type.value_type) == "float"
    assert read.column("reward").to_pylist() == [record["reward"] for record in records]
    assert read.column("completion_ids").to_pylist() == [record["completion_ids"] for record in records]
# it has no maps, which is what reward_components is: the columns are to be named before it sees them
dataset = datasets.Dataset(datasets.table.InMemoryTable(table))
assert dataset.with_format("numpy")[0]["behavior_logprobs"].dtype == "float32"
assert dataset[0]["loss_mask"] == records[0]["loss_mask"]


class TrainingSample(msgspec.Struct, array_like=True, omit_defaults=True):
    """The fields of prime-rl's, by place: it is on no registry."""

    token_ids: list[int]
    mask: list[bool]
    logprobs: list[float]
    temperatures: list[float]
    env_name: str
    ref_logprobs: list[float] | None = None
    mm_refs: list | None = None
    routed_experts: list | None = None
    mm_token_type_ids: list[int] | None = None
    rl_weights: list[float] | None = None
    ce_weights: list[float] | None = None
    ref_kl_weights: list[float] | None = None
    advantages: list[float] | None = None


packed = msgpack.Unpacker((GOLDEN / "prime-rl.msgpack").open("rb"))
samples = [msgspec.convert(array, TrainingSample) for array in packed]
assert len(samples) == 4
for sample, record in zip(samples, records):
    prompt, length = record["prompt_ids"], len(record["prompt_ids"]) + len(record["completion_ids"])
    assert sample.token_ids == prompt + record["completion_ids"]
    assert sample.mask == [False] * len(prompt) + [mask == 1 for mask in record["loss_mask"]]
    assert len(sample.logprobs) == len(sample.temperatures) == len(sample.advantages) == length
print("datasets: ok")
