#!/usr/bin/env python3
"""Fails on an #include against the direction of the folders of src/."""
import pathlib
import re
import sys

# Folder -> folders it may include. docs/ARCHITECTURE.md draws the same picture.
ALLOWED = {
    "base": set(),
    "net": {"base"},
    "telemetry": {"base", "net"},
    "kube": {"base", "net"},
    "aws": {"base", "net"},
    "definition": {"base", "aws"},
    "planning": {"base", "net", "definition"},
    "reconcile": {"base", "definition", "planning"},
    "admission": {"base", "definition", "planning", "reconcile"},
    "operator": {"base", "net", "telemetry", "kube", "aws", "definition", "planning", "admission", "reconcile"},
    "cli": {"base", "net", "aws", "definition", "planning", "reconcile"},
    "app": {"base", "net", "telemetry", "kube", "aws", "definition", "planning", "admission", "reconcile", "operator", "cli"},
}
INCLUDE = re.compile(r'^\s*#include "([a-z_]+)/')


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent / "src"
    wrong = []
    for path in sorted(root.glob("*/*")):
        if path.suffix not in {".h", ".cc"}:
            continue
        folder = path.parent.name
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if match and match[1] != folder and match[1] not in ALLOWED.get(folder, set()):
                wrong.append(f"src/{folder}/{path.name}:{number}: {folder} may not include {match[1]}")
    print("\n".join(wrong) or "all includes follow the arrows")
    return 1 if wrong else 0


sys.exit(main())
