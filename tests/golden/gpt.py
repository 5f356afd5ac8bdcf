"""Makes the golden values of gpt_test.cpp: tiny GPTs in float64 PyTorch, written out by hand: GPT-2's form with biases
and a tied head, without either, a later form with rotary positions, QK-norm and SwiGLU, Llama 2's with key/value groups,
and nanochat's first one, whose queries and keys are turned the other way and before they are normalized.

    python3 gpt.py          (needs torch; writes gpt_*.txt beside itself)

A file is a list of records: a line `name size size ...`, then a line with the values, row by row. `param/NAME` are the
first weights, `grad/NAME` their gradients after one backward, `step/NAME` the weights after ten AdamW steps on the same
batch; `losses` are the losses before each of those steps.
"""
import dataclasses
import math
import os

import torch
import torch.nn.functional as F

LAYERS, HEADS, WIDTH, CONTEXT, VOCAB, BATCH = 2, 3, 12, 7, 11, 2
SIZE = WIDTH // HEADS  # of a head
RATES = [1e-2, 9e-3, 8e-3, 7e-3, 6e-3, 5e-3, 4e-3, 3e-3, 2e-3, 1e-3]
# The keys' biases have no gradient but rounding (softmax does not see them); an eps above it keeps Adam from dividing
# that rounding by itself, so that float can be compared as well.
EPS = 1e-5
torch.set_default_dtype(torch.float64)


@dataclasses.dataclass
class Form:
    bias: bool = False
    tied: bool = False
    groups: int = HEADS  # of heads that share keys and values
    inner: int = 4 * WIDTH  # width inside the MLP
    activation: str = "gelu"
    rotary: bool = False
    qk_norm: bool = False
    norm: str = "layer"
    norm_weight: bool = True
    softcap: float = 0
    nanochat: bool = False  # rotary positions as its code has them, and a norm of the embeddings


def make_parameters(form):
    shapes = {"token_embedding/weight": (VOCAB, WIDTH)}
    if not form.rotary:
        shapes["position_embedding/weight"] = (CONTEXT, WIDTH)

    def norm(name):
        if form.norm_weight:
            shapes[name + "/weight"] = (WIDTH,)
        if form.bias:
            shapes[name + "/bias"] = (WIDTH,)

    def linear(name, out, width):
        shapes[name + "/weight"] = (out, width)
        if form.bias:
            shapes[name + "/bias"] = (out,)

    for i in range(LAYERS):
        block = f"blocks/{i}"
        norm(block + "/norm1")
        linear(block + "/attention/qkv", WIDTH + 2 * form.groups * SIZE, WIDTH)
        linear(block + "/attention/proj", WIDTH, WIDTH)
        norm(block + "/norm2")
        linear(block + "/mlp/fc", 2 * form.inner if form.activation == "swiglu" else form.inner, WIDTH)
        linear(block + "/mlp/proj", WIDTH, form.inner)
    norm("norm")
    if not form.tied:
        shapes["head/weight"] = (VOCAB, WIDTH)
    generator = torch.Generator().manual_seed(42)
    parameters = {}
    for name, shape in shapes.items():
        value = torch.randn(shape, generator=generator) * 0.3
        if "norm" in name and name.endswith("weight"):
            value = 1 + value
        parameters[name] = value.requires_grad_()
    return parameters


def angles(time):
    return torch.outer(torch.arange(time).double(), 10000.0 ** (-torch.arange(0, SIZE, 2).double() / SIZE))


def rotated(x):
    """Rotary positions of x [B, H, T, D] as Llama's code has them: pairs (i, i + D/2), base 10000."""
    turns = angles(x.shape[-2])
    cos, sin = torch.cat([turns, turns], -1).cos(), torch.cat([turns, turns], -1).sin()
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


def nanochat_rotated(x):
    """As nanochat's gpt.py has them: the other way round."""
    cos, sin = angles(x.shape[-2]).cos(), angles(x.shape[-2]).sin()
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos + b * sin, a * (-sin) + b * cos], -1)


def exchanged(x):
    """The halves of each head, which turns the other way round."""
    a, b = x.chunk(2, -1)
    return torch.cat([b, a], -1)


def forward(p, inputs, form):
    def norm(x, name):
        if form.norm == "rms":
            return F.rms_norm(x, (WIDTH,), p.get(name + "/weight"), 1e-5)
        return F.layer_norm(x, (WIDTH,), p[name + "/weight"], p.get(name + "/bias"), 1e-5)

    def linear(x, name):
        return F.linear(x, p[name + "/weight"], p.get(name + "/bias"))

    def head_norm(x):
        return F.rms_norm(x, x.shape[-1:], eps=1e-6)

    def turned(x):
        if form.nanochat:
            return head_norm(nanochat_rotated(exchanged(x)))
        x = head_norm(x) if form.qk_norm else x
        return rotated(x) if form.rotary else x

    def activated(h):
        if form.activation == "swiglu":
            gates, values = h.chunk(2, -1)
            return F.silu(gates) * values
        if form.activation == "relu_squared":
            return F.relu(h).square()
        return 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))

    batch, time = inputs.shape
    x = p["token_embedding/weight"][inputs]
    if not form.rotary:
        x = x + p["position_embedding/weight"][:time]
    if form.nanochat:
        x = norm(x, "")
    hidden = torch.full((time, time), float("-inf")).triu(1)
    for i in range(LAYERS):
        block = f"blocks/{i}"
        qkv = linear(norm(x, block + "/norm1"), block + "/attention/qkv")
        q, k, v = (t.view(batch, time, -1, SIZE).transpose(1, 2)
                   for t in qkv.split([WIDTH, form.groups * SIZE, form.groups * SIZE], dim=2))
        k, v = (t.repeat_interleave(HEADS // form.groups, dim=1) for t in (k, v))
        q, k = turned(q), turned(k)
        weights = (q @ k.transpose(-2, -1) / math.sqrt(SIZE) + hidden).softmax(-1)
        x = x + linear((weights @ v).transpose(1, 2).reshape(batch, time, WIDTH), block + "/attention/proj")
        x = x + linear(activated(linear(norm(x, block + "/norm2"), block + "/mlp/fc")), block + "/mlp/proj")
    logits = F.linear(norm(x, "norm"), p.get("head/weight", p["token_embedding/weight"]))
    return form.softcap * torch.tanh(logits / form.softcap) if form.softcap else logits


def write(path, form):
    p = make_parameters(form)
    generator = torch.Generator().manual_seed(7)
    inputs = torch.randint(0, VOCAB, (BATCH, CONTEXT), generator=generator)
    targets = torch.randint(0, VOCAB, (BATCH, CONTEXT), generator=generator)
    targets[1, 2] = -1
    records = {f"param/{name}": value.detach().clone() for name, value in p.items()}
    records["inputs"], records["targets"] = inputs, targets

    def loss_of(logits):
        return F.cross_entropy(logits.view(-1, VOCAB), targets.view(-1), ignore_index=-1)

    logits = forward(p, inputs, form)
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
        loss = loss_of(forward(p, inputs, form))
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


LATER = 32  # 8/3 of the width to the next multiple of 32
write("gpt_bias_tied.txt", Form(bias=True, tied=True))
write("gpt_plain_untied.txt", Form())
write("gpt_rotary_swiglu.txt", Form(bias=True, inner=LATER, activation="swiglu", rotary=True, qk_norm=True))
write("gpt_llama.txt", Form(groups=1, inner=20, activation="swiglu", rotary=True, norm="rms"))
write("gpt_nanochat.txt", Form(activation="relu_squared", rotary=True, qk_norm=True, norm="rms", norm_weight=False,
                               softcap=1.5, nanochat=True))
