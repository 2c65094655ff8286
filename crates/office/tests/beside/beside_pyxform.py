#!/usr/bin/env python3
"""The spreadsheets of the test `beside` given to pyxform, the converter everybody uses.

The test leaves each spreadsheet and the XForm it ran in a folder. Here pyxform converts the same spreadsheet, and every
question's conditions must be the same: when it is shown, what it may be, what it follows from, whether it is wanted.
So the engine that was compared with ours ran what pyxform would have given it. The last line is `N passed, N failed`.
"""

import re
import sys
import xml.etree.ElementTree as tree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "target" / "tools" / "pyxform"))

from pyxform.xls2xform import convert  # noqa: E402

# What is said about a question, apart from words.
SAID = ("relevant", "constraint", "calculate", "required", "type")


def conditions(xml):
    """By path: what is said, with one space where there are several."""
    found = {}
    for element in tree.fromstring(xml).iter():
        if not element.tag.endswith("}bind"):
            continue
        path = element.get("nodeset")
        # The programs add an id of the filled form; it is no question.
        if path.endswith("/instanceID"):
            continue
        said = {name: " ".join(element.get(name).split()) for name in SAID if element.get(name)}
        # The root is named after the file by one and `data` by the other.
        root = re.match(r"/([^/]+)", path).group(1)
        found[path.replace(f"/{root}", "/data", 1)] = {
            name: words.replace(f"/{root}/", "/data/") for name, words in said.items()
        }
    return found


def main(folder):
    passed = failed = 0
    for sheet in sorted(folder.glob("*.xlsx")):
        ran = conditions(sheet.with_suffix(".xml").read_text())
        theirs = conditions(convert(str(sheet)).xform)
        told = [
            f"{path}: pyxform {theirs.get(path)}, ran {ran.get(path)}"
            for path in sorted(ran.keys() | theirs.keys())
            if ran.get(path) != theirs.get(path)
        ]
        if told or not ran:
            failed += 1
            print(f"{sheet.name}:", *told, sep="\n  ")
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
