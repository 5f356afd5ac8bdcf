"""Makes the golden values of gpt_test.cpp: tiny GPTs in float64 PyTorch, written out by hand: GPT-2's form with biases
and a tied head, without either, and a later form with rotary positions, QK-norm and SwiGLU.

    python3 gpt.py          (needs torch; writes gpt_bias_tied.txt, gpt_plain_untied.txt and gpt_rotary_swiglu.txt beside
                            itself)

A file is a list of records: a line `name size size ...`, then a line with the values, row by row. `param/NAME` are the
first weights, `grad/NAME` their gradients after one backward, `step/NAME` the weights after ten AdamW steps on the same
batch; `losses` are the losses before each of those steps.
"""
import math
import os

import torch
import torch.nn.functional as F

LAYERS, HEADS, WIDTH, CONTEXT, VOCAB, BATCH = 2, 3, 12, 7, 11, 2
RATES = [1e-2, 9e-3, 8e-3, 7e-3, 6e-3, 5e-3, 4e-3, 3e-3, 2e-3, 1e-3]
# The keys' biases have no gradient but rounding (softmax does not see them); an eps above it keeps Adam from dividing
# that rounding by itself, so that float can be compared as well.
EPS = 1e-5
torch.set_default_dtype(torch.float64)


def make_parameters(bias, tied, later):
    shapes = {"token_embedding/weight": (VOCAB, WIDTH)}
    if not later:
        shapes["position_embedding/weight"] = (CONTEXT, WIDTH)
    inner = 32 if later else 4 * WIDTH  # 8/3 of the width to the next multiple of 32

    def norm(name):
        shapes[name + "/weight"] = (WIDTH,)
        if bias:
            shapes[name + "/bias"] = (WIDTH,)

    def linear(name, out, width):
        shapes[name + "/weight"] = (out, width)
        if bias:
            shapes[name + "/bias"] = (out,)

    for i in range(LAYERS):
        block = f"blocks/{i}"
        norm(block + "/norm1")
        linear(block + "/attention/qkv", 3 * WIDTH, WIDTH)
        linear(block + "/attention/proj", WIDTH, WIDTH)
        norm(block + "/norm2")
        linear(block + "/mlp/fc", 2 * inner if later else inner, WIDTH)
        linear(block + "/mlp/proj", WIDTH, inner)
    norm("norm")
    if not tied:
        shapes["head/weight"] = (VOCAB, WIDTH)
    generator = torch.Generator().manual_seed(42)
    parameters = {}
    for name, shape in shapes.items():
        value = torch.randn(shape, generator=generator) * 0.3
        if "norm" in name and name.endswith("weight"):
            value = 1 + value
        parameters[name] = value.requires_grad_()
    return parameters


def rotated(x):
    """Rotary positions of x [B, H, T, D] as Llama's code has them: pairs (i, i + D/2), base 10000."""
    time, size = x.shape[-2:]
    angles = torch.outer(torch.arange(time).double(), 10000.0 ** (-torch.arange(0, size, 2).double() / size))
    cos, sin = torch.cat([angles, angles], -1).cos(), torch.cat([angles, angles], -1).sin()
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


def forward(p, inputs, later):
    def norm(x, name):
        return F.layer_norm(x, (WIDTH,), p[name + "/weight"], p.get(name + "/bias"), 1e-5)

    def linear(x, name):
        return F.linear(x, p[name + "/weight"], p.get(name + "/bias"))

    batch, time = inputs.shape
    x = p["token_embedding/weight"][inputs]
    if not later:
        x = x + p["position_embedding/weight"][:time]
    hidden = torch.full((time, time), float("-inf")).triu(1)
    for i in range(LAYERS):
        block = f"blocks/{i}"
        q, k, v = linear(norm(x, block + "/norm1"), block + "/attention/qkv").split(WIDTH, dim=2)
        q, k, v = (t.view(batch, time, HEADS, WIDTH // HEADS).transpose(1, 2) for t in (q, k, v))
        if later:
            q, k = (rotated(F.rms_norm(t, t.shape[-1:], eps=1e-6)) for t in (q, k))
        weights = (q @ k.transpose(-2, -1) / math.sqrt(WIDTH // HEADS) + hidden).softmax(-1)
        x = x + linear((weights @ v).transpose(1, 2).reshape(batch, time, WIDTH), block + "/attention/proj")
        h = linear(norm(x, block + "/norm2"), block + "/mlp/fc")
        if later:
            gates, values = h.chunk(2, -1)
            h = F.silu(gates) * values
        else:
            h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
        x = x + linear(h, block + "/mlp/proj")
    return F.linear(norm(x, "norm"), p.get("head/weight", p["token_embedding/weight"]))


def write(path, bias, tied, later=False):
    p = make_parameters(bias, tied, later)
    generator = torch.Generator().manual_seed(7)
    inputs = torch.randint(0, VOCAB, (BATCH, CONTEXT), generator=generator)
    targets = torch.randint(0, VOCAB, (BATCH, CONTEXT), generator=generator)
    targets[1, 2] = -1
    records = {f"param/{name}": value.detach().clone() for name, value in p.items()}
    records["inputs"], records["targets"] = inputs, targets

    def loss_of(logits):
        return F.cross_entropy(logits.view(-1, VOCAB), targets.view(-1), ignore_index=-1)

    logits = forward(p, inputs, later)
    loss = loss_of(logits)
    loss.backward()
    records["logits"], records["loss"] = logits.detach(), loss.detach()
    for name, value in p.items():
        records[f"grad/{name}"] = value.grad.clone()

    decayed = [v for v in p.values() if v.dim() >= 2]
    others = [v for v in p.values() if v.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
                                  lr=1.0, betas=(0.9, 0.99), eps=EPS)
    losses, norms = [], []
    for rate in RATES:
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(forward(p, inputs, later))
        loss.backward()
        # torch's own clipping adds 1e-6 to the norm; this is the formula without it
        norm = torch.sqrt(sum((v.grad**2).sum() for v in p.values()))
        for v in p.values():
            v.grad *= min(1.0, 1.0 / norm.item())
        norms.append(norm)
        optimizer.step()
        losses.append(loss.detach())
    records["rates"], records["losses"], records["norms"] = torch.tensor(RATES), torch.stack(losses), torch.stack(norms)
    for name, value in p.items():
        records[f"step/{name}"] = value.detach()

    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), path), "w") as out:
        for name, value in records.items():
            out.write(" ".join([name, *map(str, value.shape)]) + "\n")
            out.write(" ".join(repr(v) for v in value.reshape(-1).tolist()) + "\n")


write("gpt_bias_tied.txt", bias=True, tied=True)
write("gpt_plain_untied.txt", bias=False, tied=False)
write("gpt_rotary_swiglu.txt", bias=True, tied=False, later=True)
