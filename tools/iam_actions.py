#!/usr/bin/env python3
"""Writes the names of IAM's actions into a C++ source: iam_actions.py IAM_DEFINITION_JSON OUT."""
import json
import pathlib
import sys


def literal(names: list[str]) -> str:
    # Pieces, because a compiler may limit the length of one literal.
    lines = [''.join(rf'{name}\n' for name in names[i : i + 50]) for i in range(0, len(names), 50)]
    return '\n'.join(f'"{line}"' for line in lines) or '""'


def main() -> int:
    definition = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding='utf-8'))
    services = {name: sorted(map(str.lower, service['privileges'])) for name, service in definition.items() if isinstance(service, dict)}
    entries = ',\n'.join(f'{{"{name}", {literal(actions)}}}' for name, actions in sorted(services.items()))
    pathlib.Path(sys.argv[2]).write_text(f"""#include "admission/iam_actions.h"

namespace infra::admission {{
namespace {{

constexpr ServiceActions kServices[] = {{
{entries}}};

}}  // namespace

std::span<const ServiceActions> iam_services() {{ return kServices; }}

}}  // namespace infra::admission
""", encoding='utf-8')
    return 0


sys.exit(main())
