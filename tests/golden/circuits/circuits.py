"""Makes the golden values of circuits_golden_test.cpp: what `heddle inspect` shows of a model, computed with NumPy alone
from its checkpoint, which h5py reads: the forward pass, attention weights, scores of heads, spectra of query-key and
output-value matrices, copying, composition, logit lens and attribution. Matrices are built whole, [C, C] and [V, V].

    heddle train loom.cfg --run.dir=/tmp/loom && cp /tmp/loom/last.h5 loom.h5      (the checkpoint, beside this)
    python3 circuits.py                             (needs numpy and h5py; writes circuits.txt)

The form of the file: see gpt.py.
"""
import os

import h5py
import numpy as np

TEXT = "the heddle lifts the thread"
PLACE = 22  # whose prediction is looked at
LAYERS, HEADS, WIDTH = 2, 2, 16
SIZE = WIDTH // HEADS
EPS = 1e-5
LOCAL = 4

here = os.path.dirname(os.path.abspath(__file__))
p = {}
with h5py.File(os.path.join(here, "loom.h5")) as file:
    file["model"].visititems(
        lambda name, item: p.update({name: item[()].astype(np.float64)}) if isinstance(item, h5py.Dataset) else None)
    pieces = [piece.decode() for piece in file["data/tokenizer/pieces"][()]]
ids = np.array([pieces.index(letter) for letter in TEXT])
records = {"ids": ids[None]}


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def norm(x, name):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPS) * p[name + "/weight"] + p[name + "/bias"]


def linear(x, name):
    return x @ p[name + "/weight"].T + p[name + "/bias"]


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def head_rows(name, head):
    """The rows of a head's queries, keys and values, of weight or bias."""
    return [p[name][(part * HEADS + head) * SIZE:(part * HEADS + head + 1) * SIZE] for part in range(3)]


def head_scores(w):
    """entropy, distance, previous, same, duplicate, first, local: means over the queries that tell."""
    n = len(w)
    rows = range(n)
    duplicates = [(i, [j for j in range(i) if ids[j] == ids[i]]) for i in rows]
    distances = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    return [
        np.mean([-sum(v * np.log(v) for v in w[i] if v > 0) for i in rows]),
        (w * distances).sum(1).mean(),
        np.mean([w[i, i - 1] for i in rows if i > 0]),
        np.mean(np.diag(w)),
        np.mean([w[i, earlier].sum() for i, earlier in duplicates if earlier]),
        np.mean([w[i, 0] for i in rows if i > 0]),
        (w * (distances <= LOCAL)).sum(1).mean(),
    ]


# the forward pass, with what each part adds to the stream
time = len(ids)
x = p["token_embedding/weight"][ids] + p["position_embedding/weight"][:time]
states, added = [x], [("embeddings", x)]
for layer in range(LAYERS):
    block = f"blocks/{layer}"
    normed = norm(x, block + "/norm1")
    attention = block + "/attention"
    for head in range(HEADS):
        q, k, v = (normed @ weight.T + bias for weight, bias in zip(head_rows(attention + "/qkv/weight", head),
                                                                     head_rows(attention + "/qkv/bias", head)))
        scores = q @ k.T / np.sqrt(SIZE)
        scores[np.triu_indices(time, 1)] = -np.inf
        weights = softmax(scores)
        records[f"{attention}/weights/{head}"] = weights
        records[f"{attention}/scores/{head}"] = np.array(head_scores(weights))
        columns = p[attention + "/proj/weight"][:, head * SIZE:(head + 1) * SIZE]
        added.append((f"{attention}/{head}", weights @ v @ columns.T))
    added.append((attention + "/proj/bias", np.broadcast_to(p[attention + "/proj/bias"], x.shape)))
    x = x + sum(part for name, part in added if name.startswith(attention + "/"))
    mlp = linear(gelu(linear(norm(x, block + "/norm2"), block + "/mlp/fc")), block + "/mlp/proj")
    added.append((block + "/mlp", mlp))
    x = x + mlp
    states.append(x)

# the logit lens and attribution
unembedding = p["head/weight"]
log_probabilities = [np.log(softmax(norm(state[PLACE], "norm") @ unembedding.T)) for state in states]
records["lens/log_probabilities"] = np.array(log_probabilities)
last = log_probabilities[-1]
records["lens/divergence"] = np.array([(np.exp(last) * (last - layer)).sum() for layer in log_probabilities])
token = int(last.argmax())
deviation = np.sqrt(x[PLACE].var() + EPS)
reads = unembedding[token] * p["norm/weight"]
records["attribution/token"] = np.array([token])
records["attribution/logit"] = np.array([norm(x[PLACE], "norm") @ unembedding[token]])
for name, part in added:
    records["attribution/" + name] = np.array([(part[PLACE] - part[PLACE].mean()) @ reads / deviation])
records["attribution/norm/bias"] = np.array([unembedding[token] @ p["norm/bias"]])
shares = [records["attribution/" + name] for name, _ in added] + [records["attribution/norm/bias"]]
assert np.allclose(sum(shares), records["attribution/logit"])

# circuits: weights that read the stream take in the norm before them
centring = np.eye(WIDTH) - 1 / WIDTH
qk, ov = {}, {}
for layer in range(LAYERS):
    fold = np.diag(p[f"blocks/{layer}/norm1/weight"]) @ centring
    for head in range(HEADS):
        q, k, v = (weight @ fold for weight in head_rows(f"blocks/{layer}/attention/qkv/weight", head))
        columns = p[f"blocks/{layer}/attention/proj/weight"][:, head * SIZE:(head + 1) * SIZE]
        qk[layer, head], ov[layer, head] = q.T @ k / np.sqrt(SIZE), columns @ v
embedding, read = p["token_embedding/weight"], unembedding @ np.diag(p["norm/weight"]) @ centring
for (layer, head), matrix in qk.items():
    name = f"blocks/{layer}/attention/{head}"
    for kind, values in ("qk", matrix), ("ov", ov[layer, head]):
        spectrum = np.linalg.svd(values, compute_uv=False)[:SIZE]
        share = spectrum / spectrum.sum()
        records[f"{name}/{kind}"] = spectrum
        records[f"{name}/{kind}_rank"] = np.array([np.exp(-(share * np.log(share)).sum())])
    values = np.linalg.eigvals(read @ ov[layer, head] @ embedding.T)  # [V, V]
    values = values[np.abs(values) > 1e-6 * np.abs(values).max()]
    records[name + "/copying"] = np.array([values.sum().real / np.abs(values).sum(), (values.real > 0).mean()])
    pairs = embedding @ matrix @ embedding.T
    best = np.argsort(-pairs, axis=None)[:5]
    records[name + "/pairs"] = np.array([(i // len(pairs), i % len(pairs), pairs.flat[i]) for i in best])
for first in range(HEADS):
    for second in range(HEADS):
        a = ov[0, first]
        records[f"composition/{first}/{second}"] = np.array(
            [np.linalg.norm(b @ a) / np.linalg.norm(b) / np.linalg.norm(a)
             for b in (qk[1, second].T, qk[1, second], ov[1, second])])

with open(os.path.join(here, "circuits.txt"), "w") as out:
    for name, value in records.items():
        out.write(" ".join([name, *map(str, value.shape)]) + "\n")
        out.write(" ".join(repr(v) for v in value.reshape(-1).tolist()) + "\n")
