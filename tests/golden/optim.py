"""Makes the golden values of optim_test.cpp: PyTorch's optimizers in float64 on two parameters with given gradients.

    python3 optim.py        (needs torch; writes optim.txt beside itself, in the form that gpt.py describes)

`weight` and `bias` are the first values, `grad/N/...` the gradients of step N, NAME/... the values after five steps.
"""
import os

import torch

torch.set_default_dtype(torch.float64)
STEPS, RATE = 5, 0.03
generator = torch.Generator().manual_seed(3)
first = {"weight": torch.randn(3, 4, generator=generator), "bias": torch.randn(5, generator=generator)}
grads = [{name: torch.randn(v.shape, generator=generator) for name, v in first.items()} for _ in range(STEPS)]

OPTIMIZERS = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=RATE, momentum=0.8),
    "nesterov": lambda groups: torch.optim.SGD(groups, lr=RATE, momentum=0.8, nesterov=True),
    "adam": lambda groups: torch.optim.Adam(groups, lr=RATE, betas=(0.8, 0.95), eps=1e-6),
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=RATE, betas=(0.8, 0.95), eps=1e-6),
}

records = dict(first)
for i, step in enumerate(grads):
    for name, g in step.items():
        records[f"grad/{i}/{name}"] = g
for kind, make in OPTIMIZERS.items():
    p = {name: v.clone().requires_grad_() for name, v in first.items()}
    optimizer = make([{"params": [p["weight"]], "weight_decay": 0.2}, {"params": [p["bias"]], "weight_decay": 0.0}])
    for step in grads:
        for name, g in step.items():
            p[name].grad = g.clone()
        optimizer.step()
    for name, value in p.items():
        records[f"{kind}/{name}"] = value.detach()

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optim.txt"), "w") as out:
    for name, value in records.items():
        out.write(" ".join([name, *map(str, value.shape)]) + "\n")
        out.write(" ".join(repr(v) for v in value.reshape(-1).tolist()) + "\n")
