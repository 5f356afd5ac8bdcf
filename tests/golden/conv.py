"""Makes the golden values of conv_test.cpp: PyTorch's convolutions and poolings of images in float64.

    python3 conv.py         (needs torch; writes conv.txt beside itself, in the form that gpt.py describes)

Cases are numbered. `conv/N/sizes` is stride and padding, `.../x`, `weight` and `bias` the operands, `y` the result, `dy`
its gradient and `dx`, `dweight`, `dbias` those of the operands. `max_pool/N/sizes` and `avg_pool/N/sizes` are window,
stride and padding.
"""
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(5)
records = {}


def random(*shape):
    return torch.randn(shape, generator=generator)


def record(case, sizes, operands, f):
    operands = {name: value.requires_grad_() for name, value in operands.items()}
    y = f(*operands.values())
    dy = random(*y.shape)
    y.backward(dy)
    records[f"{case}/sizes"] = torch.tensor(sizes)
    for name, value in operands.items():
        records[f"{case}/{name}"], records[f"{case}/d{name}"] = value.detach(), value.grad
    records[f"{case}/y"], records[f"{case}/dy"] = y.detach(), dy


CONVOLUTIONS = [  # images, channels, height, width, out, kernel height and width, stride, padding
    (2, 3, 6, 5, 4, 3, 3, 1, 1),
    (2, 2, 7, 9, 3, 3, 3, 1, 0),
    (1, 3, 7, 8, 2, 3, 3, 2, 1),
    (3, 1, 5, 5, 2, 5, 5, 1, 2),
    (1, 2, 9, 7, 3, 2, 4, 3, 2),
    (2, 5, 3, 4, 2, 1, 1, 1, 0),
    (1, 2, 5, 6, 2, 1, 1, 2, 0),
    (1, 1, 2, 3, 2, 5, 3, 1, 3),
]
for n, (images, channels, height, width, out, kh, kw, stride, padding) in enumerate(CONVOLUTIONS):
    operands = {"x": random(images, channels, height, width), "weight": random(out, channels, kh, kw), "bias": random(out)}
    record(f"conv/{n}", [stride, padding], operands, lambda x, w, b: F.conv2d(x, w, b, stride, padding))

POOLINGS = [  # height, width, window, stride, padding
    (6, 8, 2, 2, 0),
    (7, 5, 2, 2, 0),
    (7, 6, 3, 2, 1),
    (5, 5, 3, 1, 1),
    (9, 8, 2, 3, 1),
    (4, 6, 4, 1, 2),
]
for n, (height, width, window, stride, padding) in enumerate(POOLINGS):
    for name, f in (("max_pool", F.max_pool2d), ("avg_pool", F.avg_pool2d)):
        # few different numbers: many windows hold their largest twice
        x = torch.randint(-3, 4, (2, 2, height, width), generator=generator).double()
        record(f"{name}/{n}", [window, stride, padding], {"x": x}, lambda x: f(x, window, stride, padding))

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "conv.txt"), "w") as out:
    for name, value in records.items():
        out.write(" ".join([name, *map(str, value.shape)]) + "\n")
        out.write(" ".join(repr(v) for v in value.reshape(-1).tolist()) + "\n")
