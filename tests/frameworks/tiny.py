"""A model of random weights and a tokenizer of 128 words, in memory: for steps of trainers on a CPU, offline."""

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

# what ends a completion of the golden rollouts, and what the batches are filled up with
END, PAD = 2, 0


def tokenizer():
    words = {f"t{token}": token for token in range(128)}
    made = Tokenizer(models.WordLevel(words, unk_token="t1"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    # an empty template writes a message as its text
    template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    return PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token=f"t{END}", pad_token=f"t{PAD}", unk_token="t1", chat_template=template
    )


def model(seed=0):
    torch.manual_seed(seed)
    shape = GPT2Config(vocab_size=128, n_positions=64, n_embd=32, n_layer=2, n_head=2, bos_token_id=END, eos_token_id=END)
    for name in ("resid_pdrop", "embd_pdrop", "attn_pdrop"):
        setattr(shape, name, 0.0)
    return GPT2LMHeadModel(shape)
