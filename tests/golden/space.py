"""Makes the golden values of tests/train/analysis/space: what NumPy and scikit-learn say of the same points.

    python3 space.py   (needs numpy, scipy and scikit-learn; writes space.txt beside itself, in the form that gpt.py
                        describes)

`N/x` are the points of a case [points, dimensions]; `participation` is (tr C)^2 / tr C^2, `cosine` the mean of all pairs,
`cosine_without` the same without the three dimensions of greatest mean square, `norms` mean and deviation, `first_share`
the largest squared singular value over the sum of all; `hubness` the skewness of how often points are among the ten
nearest of others, `two_nn` the slope of -ln(1 - F) over ln(r2 / r1), without the largest tenth. `caps` has rows of
dimensions, degrees and log10 of the share of directions within that angle.
"""
import pathlib

import numpy
from scipy import special, stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

random = numpy.random.default_rng(7)
cases = [random.normal(size=(40, 6)), random.normal(size=(60, 12)) * numpy.arange(1, 13) + 3,
         random.uniform(size=(50, 3)) @ random.normal(size=(3, 8)) * 100, random.normal(size=(12, 30))]


def mean_cosine(x):
    all_pairs = cosine_similarity(x)
    return all_pairs[numpy.triu_indices(len(x), 1)].mean()


records = {}
for i, x in enumerate(cases):
    x = numpy.float32(x).astype(float)
    covariance = numpy.cov(x.T)
    rest = x.copy()
    rest[:, numpy.argsort(-(x ** 2).mean(0))[:3]] = 0
    lengths = numpy.linalg.norm(x, axis=1)
    singular = numpy.linalg.svd(x, compute_uv=False) ** 2
    distances, ids = NearestNeighbors(n_neighbors=11, algorithm="brute").fit(x).kneighbors(x)
    times = numpy.bincount(ids[:, 1:].ravel(), minlength=len(x))
    ratios = numpy.sort(distances[:, 2] / distances[:, 1])[:int(0.9 * len(x))]
    shares = numpy.arange(1, len(ratios) + 1) / len(x)
    line = LinearRegression(fit_intercept=False).fit(numpy.log(ratios)[:, None], -numpy.log(1 - shares))
    records.update({f"{i}/x": x, f"{i}/participation": numpy.trace(covariance) ** 2 / (covariance ** 2).sum(),
                    f"{i}/cosine": mean_cosine(x), f"{i}/cosine_without": mean_cosine(rest),
                    f"{i}/norms": numpy.array([lengths.mean(), lengths.std()]),
                    f"{i}/first_share": singular[0] / singular.sum(), f"{i}/hubness": stats.skew(times),
                    f"{i}/two_nn": line.coef_[0]})
angles = [(2, 80), (3, 60), (8, 80), (32, 40), (128, 80), (512, 30), (2048, 89.5), (8, 90)]
records["caps"] = numpy.array([[d, degrees, numpy.log10(
    special.betainc((d - 1) / 2, 0.5, numpy.sin(numpy.radians(degrees)) ** 2) / 2)] for d, degrees in angles])

with open(pathlib.Path(__file__).with_suffix(".txt"), "w") as out:
    for name, value in records.items():
        value = numpy.atleast_1d(value)
        out.write(" ".join([name, *map(str, value.shape)]) + "\n")
        out.write(" ".join(repr(float(v)) for v in value.flatten()) + "\n")
