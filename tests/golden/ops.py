"""Makes the golden values of golden_test.cpp: in float64 PyTorch, ops of transformers with their gradients, and Muon.

    python3 ops.py          (needs torch; writes ops.txt beside itself, in the form that gpt.py describes)

`NAME/0`, `NAME/1` ... are an op's inputs, `y` its result, `dy` the result's gradient and `d0`, `d1` ... those of the
inputs. `muon/SHAPE/weight` is a matrix at first, `.../grad/N` its gradient in step N, `.../after` the matrix after the
last step; `muon/scales` is what each step's gradients are multiplied by, as clipping does.
"""
import math
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(8)
records = {}


def random(*shape):
    return torch.randn(shape, generator=generator)


def record(name, inputs, f):
    inputs = [x.requires_grad_() for x in inputs]
    y = f(*inputs)
    dy = random(*y.shape)
    y.backward(dy)
    for i, x in enumerate(inputs):
        records[f"{name}/{i}"], records[f"{name}/d{i}"] = x.detach(), x.grad
    records[f"{name}/y"], records[f"{name}/dy"] = y.detach(), dy


def rotary(x, offset, base, heads):
    """Llama's: the first heads of x [B, T, N, D] are turned, pair i is (i, i + D/2)."""
    time, size = x.shape[1], x.shape[3]
    rates = 1.0 / base ** (torch.arange(0, size, 2).double() / size)
    angles = torch.outer(torch.arange(offset, offset + time).double(), rates)
    cos, sin = (f(torch.cat([angles, angles], -1))[:, None, :] for f in (torch.cos, torch.sin))
    turned = x[:, :, :heads]
    a, b = turned.chunk(2, -1)
    return torch.cat([turned * cos + torch.cat([-b, a], -1) * sin, x[:, :, heads:]], 2)


def head_norm(x, heads, eps):
    return torch.cat([F.rms_norm(x[:, :, :heads], x.shape[3:], eps=eps), x[:, :, heads:]], 2)


def swiglu(x, weight, bias):
    gates, values = F.linear(x, weight, bias).chunk(2, -1)
    return F.silu(gates) * values


def grouped(q, k, v, causal):
    q, k, v = (t.transpose(1, 2) for t in (q, k, v))
    return F.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True).transpose(1, 2)


record("rotary", [random(2, 5, 4, 6)], lambda x: rotary(x, 3, 10000.0, 4))
record("rotary_some", [random(1, 4, 3, 8)], lambda x: rotary(x, 0, 500.0, 2))
record("head_norm", [random(2, 3, 4, 5)], lambda x: head_norm(x, 4, 1e-6))
record("head_norm_some", [random(1, 3, 3, 6)], lambda x: head_norm(x, 2, 0.1))
record("rms_norm", [random(2, 3, 7), random(7)], lambda x, w: F.rms_norm(x, (7,), w, 1e-5))
record("rms_norm_eps", [random(4, 5), random(5)], lambda x, w: F.rms_norm(x, (5,), w, 0.1))
record("swiglu", [random(2, 3, 5), random(8, 5), random(8)], swiglu)
record("grouped", [random(2, 5, 6, 4), random(2, 7, 2, 4), random(2, 7, 2, 3)], lambda q, k, v: grouped(q, k, v, False))
record("grouped_causal", [random(2, 6, 4, 3), random(2, 6, 2, 3), random(2, 6, 2, 3)], lambda q, k, v: grouped(q, k, v, True))
record("one_group", [random(1, 5, 3, 2), random(1, 5, 1, 2), random(1, 5, 1, 2)], lambda q, k, v: grouped(q, k, v, True))

RATE, MOMENTUM, DECAY, SCALES = 0.02, 0.9, 0.1, [1.0, 0.25, 0.6]


def orthogonalized(x):
    """Jordan's Newton-Schulz iteration: five steps from the matrix over its Frobenius norm."""
    y = x.T if x.shape[0] > x.shape[1] else x
    y = y / (y.norm() + 1e-7)
    for _ in range(5):
        gram = y @ y.T
        y = 3.4445 * y + (-4.7750 * gram + 2.0315 * gram @ gram) @ y
    return y.T if x.shape[0] > x.shape[1] else y


records["muon/scales"] = torch.tensor(SCALES)
for rows, columns in ((7, 4), (4, 9), (5, 5)):
    name = f"muon/{rows}x{columns}"
    weight, velocity = random(rows, columns), torch.zeros(rows, columns)
    records[f"{name}/weight"] = weight
    for step, scale in enumerate(SCALES):
        grad = random(rows, columns)
        records[f"{name}/grad/{step}"] = grad
        velocity = MOMENTUM * velocity + scale * grad
        direction = orthogonalized(scale * grad + MOMENTUM * velocity)
        weight = (1 - RATE * DECAY) * weight - RATE * 0.2 * math.sqrt(max(rows, columns)) * direction
    records[f"{name}/after"] = weight

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops.txt"), "w") as out:
    for name, value in records.items():
        out.write(" ".join([name, *map(str, value.shape)]) + "\n")
        out.write(" ".join(repr(v) for v in value.reshape(-1).tolist()) + "\n")
