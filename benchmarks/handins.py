"""Hand-ins that were worked in: what the notebook shows, and what the judge gives for it.

    python benchmarks/handins.py [--sequences 200] [--lab lab1_attention]

Each one is a solved notebook after one to five random operations of an editor: split, merge, copy,
move, retype, delete and rewrite, strip ids, change the format, add lines, cells and helpers. It is
run as a kernel would, and judged. A task that its notebook shows as passed must have its points.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

KIT = Path(__file__).parent.parent
sys.path[:0] = [str(KIT), str(KIT / "tests")]

import torch  # noqa: E402

from grader.labs import find_lab  # noqa: E402
from grader.release.edition import build_edition  # noqa: E402
from grader.sandbox.isolation import NONE, probe  # noqa: E402
from grader.sandbox.session import Worker  # noqa: E402
from handin_tools import drawn, judged, kernel  # noqa: E402


def main() -> None:
    """Draw, run, judge and count."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--sequences", type=int, default=200)
    options.add_argument("--first", type=int, default=0, help="the first seed")
    options.add_argument("--lab", default="lab1_attention")
    options.add_argument("--keep", type=Path, help="folder for the notebooks that lost points")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    lab, isolation = find_lab(chosen.lab), probe()
    counts: Counter[str] = Counter()
    used: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, kernel() as run:
        edition = build_edition(lab.name, Path(folder))
        with Worker(isolation.kind if isolation.available else NONE, edition) as worker:
            for seed in range(chosen.first, chosen.first + chosen.sequences):
                notebook, steps = drawn(lab, seed)
                used.update(step.split()[0] for step in steps)
                shown, points = run(notebook), judged(notebook, lab, worker)
                lost = []
                for task in lab.judged:
                    passed, full = shown.get(task.id, False), points[task.id] == task.points
                    counts[
                        f"{'shown' if passed else 'not shown'}, {'full' if full else 'none'}"
                    ] += 1
                    lost += [task.id] if passed and not full else []
                if lost:
                    print(
                        f"seed {seed}: {', '.join(lost)} lost after: {'; '.join(steps)}", flush=True
                    )
                    if chosen.keep:
                        chosen.keep.mkdir(parents=True, exist_ok=True)
                        (chosen.keep / f"{seed}.ipynb").write_text(json.dumps(notebook), "utf-8")
    print(f"{chosen.sequences} hand-ins of {lab.name}, {len(lab.judged)} tasks each")
    print("operations: " + ", ".join(f"{name} {count}" for name, count in used.most_common()))
    for title in ("shown, full", "shown, none", "not shown, full", "not shown, none"):
        print(f"{title:18} {counts[title]:5}")


if __name__ == "__main__":
    main()
