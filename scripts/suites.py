#!/usr/bin/env python3
"""Runs every test program of the workspace, two at a time, as `cargo test --workspace` runs them one after the other.

Of most programs the end is one long test on one core, and a story waits for sockets almost half of its time; side by side
they fill both cores. The longest begins first. What each printed stands whole in its turn; the end names those that failed.
Arguments are handed to cargo (features).
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Programs that take longest, the longest first; the others follow as cargo lists them.
LONGEST = ["scenarios", "faults", "server", "key_faults", "beside"]
LANES = 2


def programs(arguments):
    """(name, path, folder of its crate) of each test program, built if it is not."""
    built = subprocess.run(
        ["cargo", "test", "--workspace", "--no-run", "--message-format=json-render-diagnostics", *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )
    if built.returncode != 0:
        sys.exit(built.returncode)
    found = []
    for line in built.stdout.splitlines():
        said = json.loads(line)
        if said.get("reason") == "compiler-artifact" and said.get("executable") and said["profile"]["test"]:
            found.append((said["target"]["name"], said["executable"], Path(said["manifest_path"]).parent))
    return sorted(found, key=lambda one: LONGEST.index(one[0]) if one[0] in LONGEST else len(LONGEST))


def main():
    waiting = programs(sys.argv[1:])
    if not waiting:
        sys.exit("there is no test program")
    failed = []
    lock = threading.Lock()

    def run(name, command, folder):
        ended = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with lock:
            print(f"     Running {name}", flush=True)
            sys.stdout.buffer.write(ended.stdout)
            sys.stdout.buffer.flush()
            if ended.returncode != 0:
                failed.append(name)

    def lane():
        while True:
            with lock:
                if not waiting:
                    return
                name, path, folder = waiting.pop(0)
            try:
                # Cargo tells a program where its crate is.
                run(name, ["env", f"CARGO_MANIFEST_DIR={folder}", path], folder)
            except (OSError, MemoryError) as error:
                # What could not be run has not passed.
                failed.append(f"{name}: {error}")

    lanes = [threading.Thread(target=lane) for _ in range(LANES)]
    for one in lanes:
        one.start()
    for one in lanes:
        one.join()
    run("the examples in comments", ["cargo", "test", "--workspace", "--doc", "--no-fail-fast", *sys.argv[1:]], ROOT)
    for name in failed:
        print(f"failed: {name}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
