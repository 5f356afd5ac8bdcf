"""Golden values of tiny BERTs from PyTorch in float64, whose encoder is torch.nn.TransformerEncoderLayer:

  bert_fills_post.txt, bert_fills_pre.txt  fills in hidden tokens, with post-norm and pre-norm blocks, a padded row
  bert_classifies.txt                      tells classes, with segments and padded rows
  bert_classifies_mean.txt                 the same by the mean of all places

    python3 tests/golden/bert.py

A record of a file is two lines: a name and the sizes of its axes; its values. `param/` are the parameters by our names,
`grad/` the gradients of `loss`, `scores` are of every place, or of the classes.
"""
import os

import torch
import torch.nn.functional as F

LAYERS, HEADS, WIDTH, CONTEXT, VOCAB, CLASSES, BATCH = 2, 3, 12, 7, 11, 3, 3
torch.set_default_dtype(torch.float64)

NAMES = {"self_attn.in_proj_weight": "attention/qkv/weight", "self_attn.in_proj_bias": "attention/qkv/bias",
         "self_attn.out_proj.weight": "attention/proj/weight", "self_attn.out_proj.bias": "attention/proj/bias",
         "linear1.weight": "mlp/fc/weight", "linear1.bias": "mlp/fc/bias",
         "linear2.weight": "mlp/proj/weight", "linear2.bias": "mlp/proj/bias",
         "norm1.weight": "norm1/weight", "norm1.bias": "norm1/bias",
         "norm2.weight": "norm2/weight", "norm2.bias": "norm2/bias"}


def gelu(x):
    return F.gelu(x, approximate="tanh")


def write(path, classifies, pre_norm, mean=False):
    generator = torch.Generator().manual_seed(42)

    def draw(name, *shape):
        value = torch.randn(shape, generator=generator) * 0.3
        if "norm" in name and name.endswith("weight"):
            value = 1 + value
        return value

    p = {}
    shapes = {"token_embedding/weight": (VOCAB, WIDTH), "position_embedding/weight": (CONTEXT, WIDTH),
              "segment_embedding/weight": (2, WIDTH), "embedding_norm/weight": (WIDTH,),
              "embedding_norm/bias": (WIDTH,)}
    if pre_norm:
        shapes |= {"norm/weight": (WIDTH,), "norm/bias": (WIDTH,)}
    if classifies:
        shapes |= {"pooler/weight": (WIDTH, WIDTH), "pooler/bias": (WIDTH,),
                   "classifier/weight": (CLASSES, WIDTH), "classifier/bias": (CLASSES,)}
    else:
        shapes |= {"transform/weight": (WIDTH, WIDTH), "transform/bias": (WIDTH,), "transform_norm/weight": (WIDTH,),
                   "transform_norm/bias": (WIDTH,), "decoder/bias": (VOCAB,)}
    for name, shape in shapes.items():
        p[name] = draw(name, *shape).requires_grad_()
    blocks = []
    for i in range(LAYERS):
        block = torch.nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, dropout=0, activation=gelu, batch_first=True,
                                                 norm_first=pre_norm)
        for theirs, parameter in block.named_parameters():
            name = f"blocks/{i}/{NAMES[theirs]}"
            parameter.data = draw(name, *parameter.shape)
            p[name] = parameter
        blocks.append(block)

    inputs = torch.randint(0, VOCAB, (BATCH, CONTEXT), generator=generator)
    lengths = torch.tensor([7, 4, 6])
    mask = (torch.arange(CONTEXT)[None] < lengths[:, None]).double()
    inputs[mask == 0] = 0
    segments = ((torch.arange(CONTEXT)[None] >= torch.tensor([3, 2, 7])[:, None]) & (mask > 0)).long()
    if not classifies:
        segments = torch.zeros_like(segments)

    def norm(x, name):
        return F.layer_norm(x, (WIDTH,), p[name + "/weight"], p[name + "/bias"], 1e-5)

    x = p["token_embedding/weight"][inputs] + p["position_embedding/weight"] + p["segment_embedding/weight"][segments]
    x = norm(x, "embedding_norm")
    for block in blocks:
        x = block(x, src_key_padding_mask=mask == 0)
    if pre_norm:
        x = norm(x, "norm")
    if classifies:
        text = (x * mask[..., None]).sum(1) / lengths[:, None] if mean else x[:, 0]
        pooled = torch.tanh(F.linear(text, p["pooler/weight"], p["pooler/bias"]))
        scores = F.linear(pooled, p["classifier/weight"], p["classifier/bias"])
        targets = torch.tensor([2, 0, 1])
        loss = F.cross_entropy(scores, targets)
    else:
        h = norm(gelu(F.linear(x, p["transform/weight"], p["transform/bias"])), "transform_norm")
        scores = F.linear(h, p["token_embedding/weight"], p["decoder/bias"])
        targets = torch.full((BATCH, CONTEXT), -1)
        for row, place, token in [(0, 1, 4), (0, 5, 10), (1, 3, 0), (2, 0, 7)]:
            targets[row, place] = token
        loss = F.cross_entropy(scores.view(-1, VOCAB), targets.view(-1), ignore_index=-1)
    loss.backward()
    records = {f"param/{name}": value.detach() for name, value in p.items()}
    records |= {"inputs": inputs, "targets": targets, "segments": segments, "mask": mask, "scores": scores.detach(),
                "loss": loss.detach()}
    records |= {f"grad/{name}": value.grad for name, value in p.items()}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), path), "w") as out:
        for name, value in records.items():
            out.write(" ".join([name, *map(str, value.shape)]) + "\n")
            out.write(" ".join(repr(v) for v in value.reshape(-1).tolist()) + "\n")


write("bert_fills_post.txt", classifies=False, pre_norm=False)
write("bert_fills_pre.txt", classifies=False, pre_norm=True)
write("bert_classifies.txt", classifies=True, pre_norm=False)
write("bert_classifies_mean.txt", classifies=True, pre_norm=False, mean=True)
