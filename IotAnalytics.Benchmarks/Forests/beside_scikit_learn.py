#!/usr/bin/env python3
"""Times scikit-learn's IsolationForest and `forest-speed` on the same data and prints one table; nanoseconds a row, one thread.

    beside_scikit_learn.py 'dotnet …/IotAnalytics.Benchmarks.dll forest-speed'
"""
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

import numpy as np
import sklearn
from sklearn.ensemble import IsolationForest

ROWS, BATCHES, SECONDS, SAMPLES = 100_000, (1, 10, 100, 1_000, 100_000), 0.5, 5
random = np.random.default_rng(1)


def sensors():
    """Temperature, humidity and their ratio; a tenth of the rows is anomalous."""
    odd = random.random(ROWS) < 0.1
    temperature = np.where(odd, random.uniform(80, 120, ROWS), random.uniform(18, 28, ROWS))
    humidity = np.where(odd, random.uniform(0, 20, ROWS), random.uniform(40, 70, ROWS))
    return np.column_stack([temperature, humidity, temperature / np.maximum(humidity, 1)])


def clusters():
    """Ten columns, three clusters; a tenth of the rows is uniform."""
    near = random.uniform(-5, 5, (3, 10))[random.integers(0, 3, ROWS)] + random.normal(size=(ROWS, 10))
    return np.where(random.random((ROWS, 1)) < 0.1, random.uniform(-10, 10, (ROWS, 10)), near)


def cpu(work, rows):
    """Median CPU nanoseconds a row."""
    work(0)
    times = []
    for _ in range(SAMPLES):
        done, begin, end = 0, time.process_time_ns(), time.perf_counter() + SECONDS / SAMPLES
        while not done or time.perf_counter() < end:
            work(done % max(1, ROWS - rows))
            done += rows
        times.append((time.process_time_ns() - begin) / done)
    return sorted(times)[SAMPLES // 2]


figures = []
with tempfile.TemporaryDirectory() as folder:
    for case, data in (("s3", sensors()), ("w10", clusters())):
        data = data.astype(np.float32)
        data.tofile(os.path.join(folder, case + ".f32"))
        with open(os.path.join(folder, case + ".json"), "w") as file:
            json.dump({"rows": ROWS, "cols": data.shape[1]}, file)
        name = f"scikit-learn {sklearn.__version__}"
        fit = lambda _: IsolationForest(n_estimators=100, max_samples=256, random_state=1, n_jobs=1).fit(data)  # noqa: E731
        figures.append({"case": case, "impl": name, "train_ms": cpu(fit, ROWS) * ROWS / 1e6})
        model = fit(0)
        for batch in BATCHES:
            figures.append({"case": case, "impl": name, "batch": batch, "ns_per_row": cpu(lambda at: model.score_samples(data[at:at + batch]), batch)})
    output = subprocess.run([*shlex.split(sys.argv[1]), "--input", folder], check=True, capture_output=True, text=True).stdout
    figures += [json.loads(line) for line in output.splitlines()]

for case in ("s3", "w10"):
    print(f"\n| {case} | growing, ms | " + " | ".join(f"{b:,} rows" for b in BATCHES) + " |\n" + "|---" * (len(BATCHES) + 2) + "|")
    for name in dict.fromkeys(f["impl"] for f in figures if f["case"] == case):
        mine = [f for f in figures if f["case"] == case and f["impl"] == name]
        cells = {f.get("batch"): f.get("ns_per_row") or f.get("train_ms") for f in mine}
        print(f"| {name} | " + (f"{cells[None]:.2f}" if None in cells else "") + " | " + " | ".join(f"{cells[b]:,.0f}" if b in cells else "" for b in BATCHES) + " |")
