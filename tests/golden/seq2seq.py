"""Makes the golden values of seq2seq_test.cpp: tiny transformers of encoder and decoder in float64, of PyTorch's own
layers: the form of 2017 (post-norm, relu, one table of tokens), and pre-norm with tables apart.

    python3 seq2seq.py      (needs torch; writes seq2seq_post_tied.txt and seq2seq_pre_untied.txt beside itself)

The files' form is that of gpt.py. The second source and the first target are padded; `loss` is smoothed by 0.1.
"""
import math
import os

import torch
import torch.nn.functional as F

LAYERS, HEADS, WIDTH, INNER, VOCAB = 2, 2, 8, 32, 11
torch.set_default_dtype(torch.float64)


def waves(count):
    angles = torch.arange(count).double()[:, None] / 10000.0 ** (torch.arange(0, WIDTH, 2).double() / WIDTH)
    return torch.stack([angles.sin(), angles.cos()], -1).reshape(count, WIDTH)


def names_of(side, layer, module):
    """Our names of a layer's parameters, with theirs: tensors, or rows of one."""
    at = f"{side}/blocks/{layer}"
    yield at + "/attention/qkv", module.self_attn.in_proj_weight, module.self_attn.in_proj_bias, slice(None)
    yield at + "/attention/proj", module.self_attn.out_proj.weight, module.self_attn.out_proj.bias, slice(None)
    yield at + "/norm1", module.norm1.weight, module.norm1.bias, slice(None)
    if side == "decoder":
        cross = module.multihead_attn
        yield at + "/cross_attention/q", cross.in_proj_weight, cross.in_proj_bias, slice(0, WIDTH)
        yield at + "/cross_attention/kv", cross.in_proj_weight, cross.in_proj_bias, slice(WIDTH, None)
        yield at + "/cross_attention/proj", cross.out_proj.weight, cross.out_proj.bias, slice(None)
        yield at + "/norm_cross", module.norm2.weight, module.norm2.bias, slice(None)
    last = module.norm3 if side == "decoder" else module.norm2
    yield at + "/norm2", last.weight, last.bias, slice(None)
    yield at + "/mlp/fc", module.linear1.weight, module.linear1.bias, slice(None)
    yield at + "/mlp/proj", module.linear2.weight, module.linear2.bias, slice(None)


def write(path, norm_first, tied):
    torch.manual_seed(42)
    layer = dict(d_model=WIDTH, nhead=HEADS, dim_feedforward=INNER, dropout=0.0, activation="relu", batch_first=True,
                 norm_first=norm_first)
    encoder = [torch.nn.TransformerEncoderLayer(**layer) for _ in range(LAYERS)]
    decoder = [torch.nn.TransformerDecoderLayer(**layer) for _ in range(LAYERS)]
    last = {side: torch.nn.LayerNorm(WIDTH) for side in ("encoder", "decoder")} if norm_first else {}
    tables = {"token_embedding": torch.nn.Parameter(torch.randn(VOCAB, WIDTH) * 0.3)}
    if not tied:
        tables["target_embedding"] = torch.nn.Parameter(torch.randn(VOCAB, WIDTH) * 0.3)
        tables["head"] = torch.nn.Parameter(torch.randn(VOCAB, WIDTH) * 0.3)
    parameters = {}  # ours: theirs, rows
    for name, table in tables.items():
        parameters[name + "/weight"] = (table, slice(None))
    for side, layers in (("encoder", encoder), ("decoder", decoder)):
        for i, module in enumerate(layers):
            for name, weight, bias, rows in names_of(side, i, module):
                parameters[name + "/weight"], parameters[name + "/bias"] = (weight, rows), (bias, rows)
        if side in last:
            parameters[side + "/norm/weight"] = (last[side].weight, slice(None))
            parameters[side + "/norm/bias"] = (last[side].bias, slice(None))
    with torch.no_grad():
        for value, rows in parameters.values():
            value[rows] += torch.randn_like(value[rows]) * 0.2

    source = torch.tensor([[3, 7, 1, 9, 2], [4, 10, 2, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    inputs = torch.tensor([[1, 5, 8, 0], [1, 6, 6, 9]])
    targets = torch.tensor([[5, 8, 2, -1], [6, 6, 9, 2]])
    x = tables["token_embedding"][source] * math.sqrt(WIDTH) + waves(5)
    for module in encoder:
        x = module(x, src_key_padding_mask=mask == 0)
    x = last["encoder"](x) if last else x
    y = tables["token_embedding" if tied else "target_embedding"][inputs] * math.sqrt(WIDTH) + waves(4)
    later = torch.full((4, 4), float("-inf")).triu(1)
    for module in decoder:
        y = module(y, x, tgt_mask=later, memory_key_padding_mask=mask == 0)
    y = last["decoder"](y) if last else y
    logits = F.linear(y, tables["token_embedding" if tied else "head"])
    loss = F.cross_entropy(logits.reshape(-1, VOCAB), targets.reshape(-1), ignore_index=-1, label_smoothing=0.1)
    loss.backward()
    records = {"source": source, "source_mask": mask, "inputs": inputs, "targets": targets, "memory": x, "logits": logits,
               "loss": loss}
    for name, (value, rows) in parameters.items():
        records["param/" + name], records["grad/" + name] = value[rows], value.grad[rows]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), path), "w") as out:
        for name, value in records.items():
            out.write(" ".join([name, *map(str, value.shape)]) + "\n")
            out.write(" ".join(repr(v) for v in value.detach().reshape(-1).tolist()) + "\n")


write("seq2seq_post_tied.txt", norm_first=False, tied=True)
write("seq2seq_pre_untied.txt", norm_first=True, tied=False)
