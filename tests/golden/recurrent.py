"""Makes the golden values of recurrent layers and models: torch.nn's RNN (tanh), LSTM and GRU in float64.

    python3 recurrent.py    (needs torch; writes recurrent.txt beside itself, in the form that gpt.py describes)

`CELL/x`, `CELL/input/weight` ... are a layer's input and its parameters under our names, `CELL/hidden` and `CELL/cell`
its first states; `y`, `last_hidden` and `last_cell` what it gives, `dy`, `dlast_hidden` and `dlast_cell` the gradients of
those, and `d/NAME` the gradient of NAME. torch's two biases act as their sum, but for the one within the GRU's reset gate.
`model/CELL/...` is a language model of two layers: `param/NAME`, `inputs`, `targets`, `logits`, `loss` and `grad/NAME`, its
rows beginning with the states `first/NAME` (none: zeros) and ending in `last/NAME`.
"""
import os

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(16)
records = {}
LAYERS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def random(*shape):
    return torch.randn(shape, generator=generator) * 0.5


def set_weights(module, layer, cell):
    """Random weights of one of torch's layers, and our names for them; the second bias is left 0 where it adds nothing."""
    names = {}
    for ours, theirs in (("input/weight", "weight_ih"), ("input/bias", "bias_ih"), ("hidden_weight", "weight_hh"),
                         ("hidden_bias", "bias_hh")):
        parameter = getattr(module, f"{theirs}_l{layer}")
        with torch.no_grad():
            parameter.copy_(random(*parameter.shape))
            if ours == "hidden_bias":
                parameter[: parameter.shape[0] * 2 // 3 if cell == "gru" else None] = 0
        if ours != "hidden_bias" or cell == "gru":
            names[ours] = parameter
    return names


def of_ours(name, value):
    """Of the GRU's second bias only the last third is ours."""
    return value[value.shape[0] * 2 // 3:] if name.endswith("hidden_bias") else value


def record_layer(cell, batch, time, inputs, width):
    module = LAYERS[cell](inputs, width, batch_first=True)
    names = set_weights(module, 0, cell)
    x = random(batch, time, inputs).requires_grad_()
    states = {"hidden": random(batch, width).requires_grad_()}
    if cell == "lstm":
        states["cell"] = random(batch, width).requires_grad_()
    first = tuple(s[None] for s in states.values())
    y, last = module(x, first if cell == "lstm" else first[0])
    results = {"y": y} | dict(zip(("last_hidden", "last_cell"), (s[0] for s in (last if cell == "lstm" else (last,)))))
    gradients = {f"d{name}": random(*value.shape) for name, value in results.items()}
    torch.autograd.backward(list(results.values()), list(gradients.values()))
    for name, value in {"x": x, **names, **states}.items():
        records[f"{cell}/{name}"], records[f"{cell}/d/{name}"] = of_ours(name, value).detach(), of_ours(name, value.grad)
    for name, value in {**results, **gradients}.items():
        records[f"{cell}/{name}"] = value.detach()


def record_model(cell, tied, width, embedding, carried, batch=3, time=5, vocabulary=11):
    path = f"model/{cell}/"
    module = LAYERS[cell](embedding, width, num_layers=2, batch_first=True)
    parameters = {f"layers/{i}/{name}": value for i in range(2) for name, value in set_weights(module, i, cell).items()}
    parameters["token_embedding/weight"] = random(vocabulary, embedding).requires_grad_()
    if tied and width != embedding:
        parameters["projection/weight"] = random(embedding, width).requires_grad_()
        parameters["projection/bias"] = random(embedding).requires_grad_()
    if not tied:
        parameters["head/weight"] = random(vocabulary, width).requires_grad_()
    ids = torch.randint(0, vocabulary, (batch, time + 1), generator=generator)
    inputs, targets = ids[:, :-1], ids[:, 1:].clone()
    targets[1, 2] = -1
    kinds = ("hidden", "cell") if cell == "lstm" else ("hidden",)
    first = [random(2, batch, width) if carried else torch.zeros(2, batch, width) for _ in kinds]
    x, last = module(F.embedding(inputs, parameters["token_embedding/weight"]), tuple(first) if cell == "lstm" else first[0])
    if "projection/weight" in parameters:
        x = F.linear(x, parameters["projection/weight"], parameters["projection/bias"])
    logits = F.linear(x, parameters.get("head/weight", parameters["token_embedding/weight"]))
    loss = F.cross_entropy(logits.reshape(-1, vocabulary), targets.reshape(-1), ignore_index=-1)
    loss.backward()
    for name, value in parameters.items():
        records[path + "param/" + name] = of_ours(name, value).detach()
        records[path + "grad/" + name] = of_ours(name, value.grad)
    for kind, before, after in zip(kinds, first, last if cell == "lstm" else (last,)):
        for i in range(2):
            records[f"{path}first/layers/{i}/{kind}"], records[f"{path}last/layers/{i}/{kind}"] = before[i], after[i].detach()
    records.update({path + "inputs": inputs, path + "targets": targets, path + "logits": logits.detach(), path + "loss": loss.detach()})


record_layer("rnn", 3, 5, 4, 6)
record_layer("lstm", 3, 5, 4, 6)
record_layer("gru", 3, 5, 4, 6)
record_model("rnn", tied=False, width=5, embedding=4, carried=False)
record_model("lstm", tied=True, width=6, embedding=4, carried=True)
record_model("gru", tied=True, width=4, embedding=4, carried=True)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "recurrent.txt"), "w") as out:
    for name, value in records.items():
        out.write(" ".join([name, *map(str, value.shape)]) + "\n")
        out.write(" ".join(repr(v) for v in value.reshape(-1).tolist()) + "\n")
