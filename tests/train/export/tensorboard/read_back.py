#!/usr/bin/env python3
"""What a run writes for TensorBoard, read back by TensorBoard's own reader: read_back.py HEDDLE

A tiny run is trained, stopped and gone on with. The reader must find every figure of metrics.csv and every sample, once.
"""

import csv
import pathlib
import subprocess
import sys
import tempfile
import unittest

from tensorboard import version
from tensorboard.backend.event_processing import event_accumulator, event_multiplexer

HEDDLE = sys.argv[1]
CONFIG = """
[data]
size = 20000
[model]
n_layer = 1
n_head = 2
n_embd = 16
block_size = 16
[train]
steps = 40
eval_interval = 20
eval_batches = 2
log_interval = 10
batch_size = 4
sample_interval = 15
sample_tokens = 10
tensorboard = true
"""


def tag_of(column):
    for split in ("train", "val"):
        if column.startswith(split + "_"):
            return f"{column[len(split) + 1:]}/{split}"
    return "run/" + column


class ReadBack(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.run = self.root / "runs" / "one"
        (self.root / "one.cfg").write_text(CONFIG)
        self.heddle("train", self.root / "one.cfg", f"--run.dir={self.run}")

    def tearDown(self):
        self.folder.cleanup()

    def heddle(self, *arguments):
        done = subprocess.run([HEDDLE, *map(str, arguments)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def check(self, events):
        """The reader's figures are those of metrics.csv, and its texts those of samples.txt."""
        found = {tag: {e.step: e.value for e in events.Scalars(tag)} for tag in events.Tags()["scalars"]}
        wanted = {}
        with open(self.run / "metrics.csv") as rows:
            for row in csv.DictReader(rows):
                step = int(row.pop("step"))
                for column, cell in row.items():
                    if cell:
                        wanted.setdefault(tag_of(column), {})[step] = float(cell)
        self.assertEqual(found.keys(), wanted.keys())
        for tag, points in wanted.items():
            self.assertEqual(found[tag].keys(), points.keys())
            self.assertEqual(len(events.Scalars(tag)), len(points))
            for step, value in points.items():
                self.assertAlmostEqual(found[tag][step] / value, 1, places=5)
        shown = {e.step: e.tensor_proto.string_val[0].decode() for e in events.Tensors("sample")}
        written = (self.run / "samples.txt").read_text()
        for step, text in shown.items():
            code = "".join(line[4:] + "\n" for line in text.splitlines())
            self.assertIn(f"--- after step {step} ---\n{code}\n", written)
        self.assertEqual(len(events.Tensors("sample")), len(shown))
        self.assertEqual(events.SummaryMetadata("sample").plugin_data.plugin_name, "text")
        return sorted(shown)

    def test_a_run_and_what_it_becomes_where_it_goes_on(self):
        events = event_accumulator.EventAccumulator(str(self.run), size_guidance={"tensors": 0, "scalars": 0})
        events.Reload()
        self.assertEqual(events.file_version, 2)
        self.assertEqual(self.check(events), [15, 30, 40])
        times = [e.wall_time for e in events.Scalars("loss/train")]
        self.assertEqual(times, sorted(times))

        self.heddle("resume", self.run, "--train.steps=60")
        events.Reload()  # as a TensorBoard does that looks on
        self.assertEqual(self.check(events), [15, 30, 40, 45, 60])
        anew = event_accumulator.EventAccumulator(str(self.run), size_guidance={"tensors": 0, "scalars": 0})
        anew.Reload()
        self.assertEqual(self.check(anew), [15, 30, 40, 45, 60])
        self.assertEqual([e.wall_time for e in anew.Scalars("loss/train")][: len(times)], times)

    def test_runs_are_found_by_their_folders(self):
        runs = event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(self.root / "runs"))
        runs.Reload()
        self.assertEqual(list(runs.Runs()), ["one"])


print("TensorBoard", version.VERSION)
unittest.main(argv=sys.argv[:1])
