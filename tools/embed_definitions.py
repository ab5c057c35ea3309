#!/usr/bin/env python3
"""Writes the YAML definitions into a C++ source: embed_definitions.py OUT PROVIDER_YAML ROOT."""
import pathlib
import sys


def entry(path: pathlib.Path, root: pathlib.Path) -> str:
    # Pieces, because a compiler may limit the length of one literal.
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    pieces = ["".join(lines[i : i + 50]) for i in range(0, len(lines), 50)]
    text = "\n".join(f'R"YAML({piece})YAML"' for piece in pieces)
    return f'{{"{path.relative_to(root)}",\n{text}}}'


def main() -> int:
    out, provider, root = (pathlib.Path(argument) for argument in sys.argv[1:4])
    files = sorted((root / "definitions").glob("**/*.yaml"))
    entries = ",\n".join(entry(path, root) for path in files)
    source = f"""#include "definition/embedded.h"

namespace infra::definition {{
namespace {{

constexpr EmbeddedFile kFiles[] = {{
{entries}}};

constexpr EmbeddedFile kProvider = {entry(provider, root)};

}}  // namespace

std::span<const EmbeddedFile> embedded_definitions() {{ return kFiles; }}
EmbeddedFile embedded_provider() {{ return kProvider; }}

}}  // namespace infra::definition
"""
    out.parent.mkdir(parents=True, exist_ok=True)
    if not out.exists() or out.read_text(encoding="utf-8") != source:
        out.write_text(source, encoding="utf-8")
    return 0


sys.exit(main())
