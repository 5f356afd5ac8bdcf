"""Makes the golden values of audio_test.cpp: tiny transformers of sounds in float64, of PyTorch's own encoder.

    python3 audio.py        (needs torch; writes audio_frames.txt and audio_patches.txt beside itself, in the form that
                            gpt.py describes)

`features` and `mask` are a batch of sounds of different lengths, with noise where there is padding; `logits`, `loss`, and
`grad/NAME` of each `param/NAME`. The first form has a frame a token, learned positions, and norms before attention and
MLP; the second joins two frames, has fixed waves, and norms after the sums.
"""
import math
import os

import torch
import torch.nn as nn
import torch.nn.functional as F

FEATURES, WIDTH, HEADS, LAYERS, INNER, CLASSES = 3, 8, 2, 2, 12, 4
LENGTHS, FRAMES, BLOCK = [5, 1, 3, 4], 5, 7
torch.set_default_dtype(torch.float64)


def join(features, mask, patch):
    """Frames [B, T, F] to tokens [B, ceil(T / patch), patch F]."""
    features = features * mask[..., None]
    missing = -features.shape[1] % patch
    features, mask = F.pad(features, (0, 0, 0, missing)), F.pad(mask, (0, missing))
    rows = features.shape[0]
    return features.reshape(rows, -1, patch * FEATURES), mask.reshape(rows, -1, patch).amax(2)


def waves(count):
    rates = 10000.0 ** (-torch.arange(0, WIDTH, 2).double() / WIDTH)
    angles = torch.outer(torch.arange(count).double(), rates)
    return torch.stack([angles.sin(), angles.cos()], 2).reshape(count, WIDTH)


def write(path, patch, learned, norm_first):
    torch.manual_seed(11)
    tokens = math.ceil(BLOCK / patch)
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, 0.0, lambda x: F.gelu(x, approximate="tanh"),
                                       batch_first=True, norm_first=norm_first)
    encoder = nn.TransformerEncoder(layer, LAYERS, nn.LayerNorm(WIDTH) if norm_first else None,
                                    enable_nested_tensor=False)
    projection, classifier = nn.Linear(patch * FEATURES, WIDTH), nn.Linear(WIDTH, CLASSES)
    parameters = {"projection/weight": projection.weight, "projection/bias": projection.bias}
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
    x, seen = join(features, mask, patch)
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


write("audio_frames.txt", patch=1, learned=True, norm_first=True)
write("audio_patches.txt", patch=2, learned=False, norm_first=False)
