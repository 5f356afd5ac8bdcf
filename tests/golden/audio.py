"""Makes the golden values of audio_test.cpp: tiny transformers of sounds in float64, of PyTorch's own encoder.

    python3 audio.py        (needs torch; writes audio_frames.txt and audio_stages.txt beside itself, in the form that
                            gpt.py describes)

`features` and `mask` are a batch of sounds of different lengths, with noise where there is padding; `logits`, `loss`, and
`grad/NAME` of each `param/NAME`. The first form has a frame a token, learned positions, and norms before attention and
MLP; the second has two stages of convolutions, fixed waves, and norms after the sums.
"""
import math
import os

import torch
import torch.nn as nn
import torch.nn.functional as F

FEATURES, WIDTH, HEADS, LAYERS, INNER, CLASSES = 5, 8, 2, 2, 12, 4
LENGTHS, FRAMES, BLOCK = [5, 1, 3, 4], 5, 7
torch.set_default_dtype(torch.float64)


def through(stages, features, mask):
    """Tokens [B, T, C] and their mask of frames [B, T, F]: convolution, relu and max pooling, of whole batches without
    padding alone, so that each sound goes by itself through zeros of its own."""
    step = 2 ** len(stages)
    tokens = []
    for x, seen in zip(features, mask):
        x = x[seen > 0]
        x = F.pad(x, (0, 0, 0, -len(x) % step))[None, None]
        length = int(seen.sum())
        for stage in stages:
            x = F.relu(stage(x))
            x = F.pad(x[:, :, :length], (0, 0, 0, x.shape[2] - length))
            x, length = F.max_pool2d(x, 2), (length + 1) // 2
        tokens.append(x[0].transpose(0, 1).flatten(1))
    longest = max(map(len, tokens))
    counts = [math.ceil(int(seen.sum()) / step) for seen in mask]
    seen = (torch.arange(longest)[None] < torch.tensor(counts)[:, None]).double()
    return torch.stack([F.pad(t, (0, 0, 0, longest - len(t))) for t in tokens]), seen


def waves(count):
    rates = 10000.0 ** (-torch.arange(0, WIDTH, 2).double() / WIDTH)
    angles = torch.outer(torch.arange(count).double(), rates)
    return torch.stack([angles.sin(), angles.cos()], 2).reshape(count, WIDTH)


def write(path, channels, learned, norm_first):
    torch.manual_seed(11)
    stages = [nn.Conv2d(a, b, 3, padding=1) for a, b in zip([1] + channels, channels)]
    step = 2 ** len(stages)
    tokens, inputs = math.ceil(BLOCK / step), ([1] + channels)[-1] * (FEATURES // step)
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, 0.0, lambda x: F.gelu(x, approximate="tanh"),
                                       batch_first=True, norm_first=norm_first)
    encoder = nn.TransformerEncoder(layer, LAYERS, nn.LayerNorm(WIDTH) if norm_first else None,
                                    enable_nested_tensor=False)
    projection, classifier = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, CLASSES)
    parameters = {}
    for i, stage in enumerate(stages):
        parameters[f"stages/{i}/weight"], parameters[f"stages/{i}/bias"] = stage.weight, stage.bias
    parameters["projection/weight"], parameters["projection/bias"] = projection.weight, projection.bias
    if learned:
        parameters["position_embedding/weight"] = nn.Parameter(torch.zeros(tokens, WIDTH))
    names = {"self_attn.in_proj_": "attention/qkv/", "self_attn.out_proj.": "attention/proj/", "linear1.": "mlp/fc/",
             "linear2.": "mlp/proj/", "norm1.": "norm1/", "norm2.": "norm2/"}
    for name, value in encoder.named_parameters():
        for theirs, ours in names.items():
            name = name.replace(theirs, ours)
        parameters[name.replace("layers.", "blocks/").replace(".", "/")] = value
    parameters["classifier/weight"], parameters["classifier/bias"] = classifier.weight, classifier.bias
    with torch.no_grad():
        for name, value in parameters.items():
            value.copy_(0.4 * torch.randn(value.shape) + (1 if "norm" in name and name.endswith("weight") else 0))

    features = torch.randn(len(LENGTHS), FRAMES, FEATURES)
    mask = (torch.arange(FRAMES)[None] < torch.tensor(LENGTHS)[:, None]).double()
    targets = torch.tensor([2, 0, -1, 3])
    x, seen = through(stages, features, mask)
    x = projection(x)
    x = x + (parameters["position_embedding/weight"] if learned else waves(tokens))[: x.shape[1]]
    x = encoder(x, src_key_padding_mask=seen == 0)
    logits = classifier((x * seen[..., None]).sum(1) / seen.sum(1, keepdim=True))
    loss = F.cross_entropy(logits, targets, ignore_index=-1)
    loss.backward()

    records = {f"param/{name}": value.detach() for name, value in parameters.items()}
    records |= {"features": features, "mask": mask, "targets": targets, "logits": logits.detach(), "loss": loss.detach()}
    records |= {f"grad/{name}": value.grad for name, value in parameters.items()}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), path), "w") as out:
        for name, value in records.items():
            out.write(" ".join([name, *map(str, value.shape)]) + "\n")
            out.write(" ".join(repr(v) for v in value.reshape(-1).tolist()) + "\n")


write("audio_frames.txt", channels=[], learned=True, norm_first=True)
write("audio_stages.txt", channels=[3, 2], learned=False, norm_first=False)
