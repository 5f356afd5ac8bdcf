"""Makes the golden values of statistics_test.cpp: SciPy's rank correlations and intervals of shares.

    python3 scipy_statistics.py   (needs scipy; writes scipy_statistics.txt beside itself, in the form that gpt.py describes)

`N/x` and `N/y` are the values of a case, `N/ranks` the mean ranks of x, `N/spearman` the rank correlation. `wilson` has
rows of right, asked, low, high; `fisher` of correlation, pairs, low, high.
"""
import pathlib

import numpy
from scipy import stats

random = numpy.random.default_rng(5)
cases = []
for n, steps in [(3, 0), (10, 0), (10, 4), (57, 3), (400, 25), (400, 0)]:  # steps: of how many values, so that they tie
    x = random.normal(size=n)
    y = 0.6 * x + random.normal(size=n)
    if steps > 0:
        x, y = numpy.floor(x * steps / 4), numpy.floor(y * steps / 4)
    cases.append((x, y))
cases.append((numpy.array([1, 2, 2, 3.5]), numpy.array([7, 1, 1, -3])))  # the same ties, falling

records = {}
for i, (x, y) in enumerate(cases):
    records.update({f"{i}/x": x, f"{i}/y": y, f"{i}/ranks": stats.rankdata(x),
                    f"{i}/spearman": numpy.array([stats.spearmanr(x, y).statistic])})
shares = [(0, 1), (1, 1), (0, 20), (20, 20), (3, 7), (506, 506), (253, 506), (1, 8869)]
intervals = [stats.binomtest(right, asked).proportion_ci(0.95, method="wilson") for right, asked in shares]
records["wilson"] = numpy.array([[*share, interval.low, interval.high] for share, interval in zip(shares, intervals)])
correlations = [(0.0, 4), (0.65, 353), (-0.9, 30), (0.3, 999)]
z = stats.norm.ppf(0.975)
records["fisher"] = numpy.array([[rho, n, *numpy.tanh(numpy.arctanh(rho) + numpy.array([-z, z]) * (1.06 / (n - 3)) ** 0.5)]
                                 for rho, n in correlations])

with open(pathlib.Path(__file__).with_suffix(".txt"), "w") as out:
    for name, value in records.items():
        out.write(" ".join([name, *map(str, value.shape)]) + "\n")
        out.write(" ".join(repr(float(v)) for v in value.flatten()) + "\n")
