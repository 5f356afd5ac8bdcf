"""Makes the golden values of log_mel_test.cpp: log-mel energies in numpy, by its own transform and interpolation.

    python3 log_mel.py      (needs numpy; writes log_mel.txt beside itself, in the form that gpt.py describes)

Cases are numbered: `N/sizes` is samples a second, samples of a frame and bands; `N/x` the frames, `N/y` what they come to.
"""
import os

import numpy as np

random = np.random.default_rng(3)


def mel(hertz):
    return 2595 * np.log10(1 + hertz / 700)


def log_mel(x, rate, bands):
    n = x.shape[1]
    size = 1
    while size < 2 * n:
        size *= 2
    window = np.hanning(n + 1)[:-1]  # numpy's is symmetric: without its last it is periodic
    power = np.abs(np.fft.rfft(x * window, size)) ** 2
    frequencies = np.fft.rfftfreq(size, 1 / rate)
    edges = 700 * (10 ** (np.linspace(0, mel(rate / 2), bands + 2) / 2595) - 1)
    energies = [power @ np.interp(frequencies, edges[b : b + 3], [0, 1, 0]) for b in range(bands)]
    return np.log(np.maximum(1e-6, np.stack(energies, 1)))


def sound(rate, n, frames):
    """A quiet noise, a tone that rises, and a frame of silence."""
    time = np.arange(frames * n) / rate
    x = 0.01 * random.standard_normal(frames * n) + 0.5 * np.sin(2 * np.pi * (300 + 900 * time) * time)
    x[-n:] = 0
    return x.reshape(frames, n).astype(np.float32)


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "log_mel.txt"), "w") as out:
    for case, (rate, n, bands) in enumerate([(8000, 160, 40), (44100, 882, 64), (16000, 400, 80), (11025, 221, 13)]):
        x = sound(rate, n, 3)
        records = {"sizes": np.array([rate, n, bands]), "x": x, "y": log_mel(x.astype(np.float64), rate, bands)}
        for name, value in records.items():
            out.write(" ".join([f"{case}/{name}", *map(str, value.shape)]) + "\n")
            out.write(" ".join(repr(float(v)) for v in value.reshape(-1)) + "\n")
