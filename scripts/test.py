#!/usr/bin/env python3
"""`make test`: every proof of the product, one after the other but for what goes well together.

A stage that fails does not stop the next one, so that one run shows everything.
A stage that ran no test counts as a failure: silence proves nothing.
The last line is `N passed, N failed` over all of them. Whole logs are under target/test-logs.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
LOGS = TARGET / "test-logs"
KILL_ROUNDS = int(os.environ.get("N", "500"))
# As many as there is time for beside everything else on two cores; `make sim` plays the rest (ADR 0017).
SCHEDULES = int(os.environ.get("SCHEDULES", "3000"))

# The window's own feature is on everywhere, so that cargo builds each crate once for all stages.
FEATURES = ["--features", "zoufang/custom-protocol"]


class Tally:
    """What one stage counted, and a line for each failure it could name."""

    def __init__(self, passed=0, failed=0, failures=()):
        self.passed = passed
        self.failed = failed
        self.failures = list(failures)


def cargo_counts(log):
    passed = failed = 0
    for line in re.findall(r"^test result: .*$", log, re.MULTILINE):
        numbers = dict((word, int(number)) for number, word in re.findall(r"(\d+) (\w+)", line))
        passed += numbers.get("passed", 0)
        # An ignored test proves nothing and there should be none.
        failed += numbers.get("failed", 0) + numbers.get("ignored", 0)
    return Tally(passed, failed, cargo_failures(log))


def cargo_failures(log):
    """One line for each failing test of a log of cargo's: its name and where and why it failed."""
    told = []
    for name, text in re.findall(
        r"^---- (\S+) stdout ----$\n(.*?)(?=^---- |^failures:$|\Z)", log, re.MULTILINE | re.DOTALL
    ):
        why = re.search(r"panicked at (\S+?):?\n(.*?)(?=^note: |\Z)", text, re.MULTILINE | re.DOTALL)
        if why is None:
            why = re.search(r"^Error: (.*)$", text, re.MULTILINE)
            told.append(f"{name} {why.group(1)[:300]}" if why else name)
            continue
        words = " ".join(why.group(2).split("stack backtrace:")[0].split())
        told.append(f"{name} at {why.group(1)} {words[:300]}")
    return told


def vitest_counts(_log):
    report = json.loads((LOGS / "vitest.json").read_text())
    return Tally(report["numPassedTests"], report["numFailedTests"])


def closing_counts(log):
    found = re.findall(r"^(\d+) passed, (\d+) failed$", log, re.MULTILINE)
    if not found:
        return Tally()
    return Tally(int(found[-1][0]), int(found[-1][1]), journey_failures(log))


def journey_failures(log):
    """One line for each failed journey of a log of `tests/e2e`: its name, why it failed and where in the journey."""
    told = []
    for name, text in re.findall(r"^FAILED  ([^\n]*)\n(.*?)(?=^(?:ok|FAILED)  |\Z)", log, re.MULTILINE | re.DOTALL):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        why = " ".join(line for line in lines[:8] if not line.startswith("at "))
        where = [line.rsplit("/", 1)[-1].rstrip(")") for line in lines if line.startswith("at ") and "/tests/e2e/" in line]
        told.append(f"{name}: {why[:400]} ({' < '.join(where[:4]) or 'nowhere'})")
    return told


def kill_counts(log):
    found = re.findall(r"^kill rounds=(\d+) violations=(\d+)$", log, re.MULTILINE)
    if not found:
        return Tally()
    rounds, violations = int(found[-1][0]), int(found[-1][1])
    return Tally(rounds - violations, violations)


def sim_counts(log):
    found = re.findall(r"^sim schedules=(\d+) violations=(\d+)$", log, re.MULTILINE)
    if not found:
        return Tally()
    schedules, violations = int(found[-1][0]), int(found[-1][1])
    return Tally(schedules - violations, violations)


class Running:
    """A stage's command in its own process group, its output in a log."""

    def __init__(self, name, command, minutes):
        self.path = LOGS / f"{name}.log"
        self.minutes = minutes
        self.has_ended = False
        self.began = time.monotonic()
        with self.path.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self):
        """Returns (exit code, log, seconds) once it has ended, or been ended because its time was over."""
        left = self.began + self.minutes * 60 - time.monotonic()
        try:
            code = self.process.wait(timeout=max(left, 0))
        except subprocess.TimeoutExpired:
            code = f"over its {self.minutes} minutes"
        seconds = time.monotonic() - self.began
        self.end()
        return code, self.path.read_text(errors="replace"), seconds

    def end(self):
        """Whatever a stage left behind ends with it."""
        if self.has_ended:
            return
        self.has_ended = True
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def stages():
    """(name, what it is, command, minutes, how to count or None when it only prepares)."""
    return [
        ("setup", "what is missing", ["scripts/setup.sh", "test"], 20, None),
        ("ui-build", "the screens", ["scripts/build-ui.sh"], 10, None),
        (
            "vitest",
            "components",
            [
                "npm", "--prefix", "ui", "run", "--silent", "test", "--",
                "--reporter=default", "--reporter=json", f"--outputFile.json={LOGS / 'vitest.json'}",
            ],
            10,
            vitest_counts,
        ),
        (
            "build",
            "everything in Rust",
            ["cargo", "build", "--workspace", "--lib", "--bins", "--tests", *FEATURES],
            40,
            None,
        ),
        (
            "cargo-test",
            "units, stores and scenarios",
            ["scripts/suites.py", *FEATURES],
            30,
            cargo_counts,
        ),
        (
            "forms",
            "forms beside pyxform",
            ["python3", "crates/office/tests/beside/beside_pyxform.py", str(TARGET / "tmp/forms")],
            5,
            closing_counts,
        ),
        ("schemathesis", "the server by its own description", ["python3", "tests/schemathesis/ask.py"], 5, closing_counts),
        ("kill", f"{KILL_ROUNDS} kills", [str(TARGET / "debug/zoufang-kill"), "--rounds", str(KILL_ROUNDS)], 15, kill_counts),
        ("sim", f"{SCHEDULES} schedules", [str(TARGET / "debug/zoufang-sim"), "--schedules", str(SCHEDULES)], 30, sim_counts),
        ("browser", "journeys in a browser", ["node", "tests/e2e/run.mjs", "browser"], 20, closing_counts),
        ("window", "journeys in the window", ["node", "tests/e2e/run.mjs", "window"], 10, closing_counts),
    ]


# Stages that run at the same time: killing is mostly waiting, as is asking a server, and the simulator asks nothing of the
# clock. A cold build has long stretches with one crate at work, which the components fill.
BESIDE = {("vitest", "build"), ("schemathesis", "kill"), ("kill", "sim")}


def start(name, command, minutes):
    """The running stage, or why it could not be started."""
    try:
        return Running(name, command, minutes)
    except OSError as error:
        return error


def judge(stage, started):
    """Waits for a stage, tells what came of it, and returns its counts."""
    name, count = stage[0], stage[-1]
    if isinstance(started, Running):
        code, log, seconds = started.wait()
    else:
        code, log, seconds = str(started), "", 0
    tally = Tally()
    if count is not None:
        try:
            tally = count(log)
        except (OSError, ValueError, KeyError) as error:
            log += f"\nno counts: {error}\n"
        if tally.passed + tally.failed == 0:
            tally.failed = 1
            code = code or "ran no test"
    if code != 0 and tally.failed == 0:
        tally.failed = 1
    print(f"   {name}: {tally.passed} passed, {tally.failed} failed in {seconds:.0f} s", flush=True)
    if tally.failed:
        print(f"   ended with {code}; the end of its log:", flush=True)
        for line in log.splitlines()[-60:]:
            print(f"   | {line}", flush=True)
    return tally


def main():
    LOGS.mkdir(parents=True, exist_ok=True)
    for old in LOGS.iterdir():
        old.unlink()
    total = Tally()
    only = set(sys.argv[1:])
    unknown = only - {stage[0] for stage in stages()}
    if unknown:
        sys.exit(f"no such stage: {', '.join(sorted(unknown))}")
    wanted = [stage for stage in stages() if not only or stage[0] in only]
    while wanted:
        together = [wanted.pop(0)]
        while wanted and (together[-1][0], wanted[0][0]) in BESIDE:
            together.append(wanted.pop(0))
        running = []
        try:
            for name, what, command, minutes, _ in together:
                print(f"-- {name}: {what}", flush=True)
                running.append(start(name, command, minutes))
            for stage, started in zip(together, running):
                tally = judge(stage, started)
                total.passed += tally.passed
                total.failed += tally.failed
                total.failures += tally.failures
        finally:
            for started in running:
                if isinstance(started, Running):
                    started.end()
    # Named once more where a machine that keeps only the end of what was printed still shows them.
    for failure in total.failures:
        print(f"failed: {failure}", flush=True)
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    sys.exit(1 if total.failed or not total.passed else 0)


if __name__ == "__main__":
    # Ctrl-C and a polite kill end the running stage too, by way of `finally`.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
