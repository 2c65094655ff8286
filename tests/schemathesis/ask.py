#!/usr/bin/env python3
"""schemathesis over the server's own description (`make schemathesis`).

The real server runs with devices enrolled; schemathesis makes up messages that fit the description and messages that do
not, and looks at every answer: no failure, no status, type or shape that is not described, nothing of the request in a
refusal, nothing taken that does not fit. Afterwards a real tablet must still sync, which counts as one more.
The last line is `N passed, N failed`: routes, and the tablet. `SEED=` and `EXAMPLES=` choose others.
"""

import contextlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.request
import xml.etree.ElementTree as tree
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
SEED = os.environ.get("SEED") or "1"
EXAMPLES = os.environ.get("EXAMPLES") or "5"
TOOL = ROOT / "target" / "tools" / "schemathesis"


@contextlib.contextmanager
def serving(folder):
    """The server, ready; leaving it ends it. Its last word is in `returncode`."""
    command = [TARGET / "debug" / "zoufang-described", "--folder", folder]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if server.stdout.readline() != "ready\n":
            sys.exit("the server did not start")
        yield server
        server.stdin.close()
        server.wait()
    finally:
        server.kill()
        server.wait()


def describe(folder, url):
    """Keeps the description and returns how many routes it has."""
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    with urllib.request.urlopen(f"{url}/openapi.json", context=context) as answer:
        description = json.load(answer)
    (folder / "openapi.json").write_text(json.dumps(description))
    return sum(len(methods) for methods in description["paths"].values())


def ask(folder, url):
    """Lets schemathesis ask; what it thinks of each route is in the report."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run",
        folder / "openapi.json", "--url", url, "--tls-verify", folder / "ca.pem",
        "--seed", SEED, "--max-examples", EXAMPLES, "--no-color",
        "--report", "junit", "--report-junit-path", folder / "report.xml",
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(TOOL), str(HERE)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SCHEMATHESIS_HOOKS": "hooks",
        "ZOUFANG_DESCRIBED": str(folder),
    }
    subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, check=False)
    return tree.parse(folder / "report.xml").getroot().iter("testcase")


def main():
    failed = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder) as server:
            url = json.loads((folder / "world.json").read_text())["url"]
            routes = describe(folder, url)
            cases = list(ask(folder, url))
        failed += [case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None]
        if len(cases) != routes:
            failed.append(f"{len(cases)} of {routes} routes were asked")
        if server.returncode != 0:
            failed.append("a real tablet syncs no more")
    for what in failed:
        print(f"failed: {what}")
    print(f"seed {SEED}, {EXAMPLES} examples, {routes} routes")
    print(f"{routes + 1 - len(failed)} passed, {len(failed)} failed")
    return 0 if routes and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
