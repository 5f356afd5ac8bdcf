"""Makes the golden values of vit_test.cpp: a tiny vision transformer in float64 PyTorch, whose patches come from a
convolution and whose blocks are torch.nn.TransformerEncoderLayer.

    python3 vit.py          (needs torch; writes vit.txt beside itself, in the form that gpt.py describes)

`features` [3, 2, 4, 6] and `targets` are the batch, of which the second row does not count; `scores`, `loss` and
`grad/NAME` what they give with the weights `param/NAME`.
"""
import os

import torch
import torch.nn.functional as F

LAYERS, HEADS, WIDTH, CHANNELS, HEIGHT, COLUMNS, PATCH, CLASSES, BATCH = 2, 3, 12, 2, 4, 6, 2, 3, 3
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(11)


def random(*shape):
    return torch.randn(shape, generator=generator)


class ViT(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = torch.nn.Conv2d(CHANNELS, WIDTH, PATCH, PATCH)
        self.token = torch.nn.Parameter(random(1, WIDTH))
        self.positions = torch.nn.Parameter(random(1 + HEIGHT // PATCH * (COLUMNS // PATCH), WIDTH))
        self.blocks = torch.nn.ModuleList(
            torch.nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, 0.0, lambda x: F.gelu(x, approximate="tanh"),
                                             batch_first=True, norm_first=True) for _ in range(LAYERS))
        self.norm = torch.nn.LayerNorm(WIDTH)
        self.classifier = torch.nn.Linear(WIDTH, CLASSES)
        for name, p in self.named_parameters():
            p.data = random(*p.shape) * 0.3 + (1 if "norm" in name and name.endswith("weight") else 0)

    def forward(self, images):
        x = self.patches(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(images), 1, WIDTH), x], 1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.classifier(self.norm(x)[:, 0])


def our_name(name):
    """The name of PyTorch's parameter in Heddle."""
    for theirs, ours in [("patches", "patch_embedding"), ("token", "class_token/weight"),
                         ("positions", "position_embedding/weight"), ("self_attn.in_proj_", "attention.qkv."),
                         ("self_attn.out_proj", "attention.proj"), ("linear1", "mlp.fc"), ("linear2", "mlp.proj")]:
        name = name.replace(theirs, ours)
    return name.replace(".", "/")


def ours(name, value):
    return value.reshape(WIDTH, -1) if name == "patches.weight" else value


model = ViT()
images, targets = random(BATCH, CHANNELS, HEIGHT, COLUMNS), torch.tensor([2, -1, 0])
scores = model(images)
loss = F.cross_entropy(scores, targets, ignore_index=-1)
loss.backward()
records = {"features": images, "targets": targets, "scores": scores.detach(), "loss": loss.detach()}
for name, p in model.named_parameters():
    records["param/" + our_name(name)], records["grad/" + our_name(name)] = ours(name, p.detach()), ours(name, p.grad)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "vit.txt"), "w") as out:
    for name, value in records.items():
        out.write(" ".join([name, *map(str, value.shape)]) + "\n")
        out.write(" ".join(repr(v) for v in value.reshape(-1).tolist()) + "\n")
