#!/usr/bin/env python3
"""Packs AWS service models into compressed documents and a C++ table of them.

Per service the newest models are taken from a botocore source tree, without documentation. The
document "core" has only the operations named in the scanned files and what they reach; "service"
has all of them. A service of which no operation is named, or that is asked for whole, has no "core".
"""
import argparse
import glob
import gzip
import json
import os
import re
import zlib

DROPPED_KEYS = {
    'documentation', 'documentationUrl', 'deprecated', 'deprecatedMessage', 'deprecatedSince',
    'examples', 'sensitive', 'box', 'synthetic', 'pattern',
}


def read_json(path):
    """The JSON at `path` or `path`.gz; None if there is neither."""
    for name, opener in ((path, open), (path + '.gz', gzip.open)):
        if os.path.exists(name):
            with opener(name, 'rt', encoding='utf-8') as file:
                return json.load(file)
    return None


def merge(into, extra):
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def load(folder, name):
    document = read_json(os.path.join(folder, name + '.json'))
    extras = read_json(os.path.join(folder, name + '.sdk-extras.json'))
    if document is not None and extras is not None:
        merge(document, extras.get('merge', {}))
    return document


def newest(data, service, name):
    """The folder of the newest version that has the document; dates sort as text."""
    folders = [folder for folder in sorted(glob.glob(os.path.join(data, service, '*')))
               if glob.glob(os.path.join(folder, name + '.json*'))]
    if not folders:
        raise SystemExit(f'no {name} of service {service} under {data}')
    return folders[-1]


def refs_of(shape):
    yield from shape.get('members', {}).values()
    for key in ('member', 'key', 'value'):
        if key in shape:
            yield shape[key]


def strip(value):
    """Drops what only readers need. A dict under such a key is a shape or member of that name."""
    if isinstance(value, dict):
        for key in [key for key in value if key in DROPPED_KEYS and not isinstance(value[key], dict)]:
            del value[key]
        for child in value.values():
            strip(child)
    elif isinstance(value, list):
        for child in value:
            strip(child)


def prune(model, wanted):
    """The model with only the wanted operations and the shapes they reach."""
    operations = {name: op for name, op in model['operations'].items() if name in wanted}
    todo = [ref['shape'] for op in operations.values()
            for ref in (op.get('input'), op.get('output'), *op.get('errors', [])) if ref]
    kept = set()
    while todo:
        name = todo.pop()
        if name in kept:
            continue
        kept.add(name)
        todo.extend(ref['shape'] for ref in refs_of(model['shapes'][name]))
    shapes = {name: shape for name, shape in model['shapes'].items() if name in kept}
    return {**model, 'operations': operations, 'shapes': shapes}


def words_in(paths):
    words = set()
    for path in paths:
        files = glob.glob(os.path.join(path, '**', '*.yaml'), recursive=True)
        for name in files if os.path.isdir(path) else [path]:
            with open(name, encoding='utf-8') as file:
                words.update(re.findall(r'\w+', file.read()))
    return words


def pack(document):
    text = json.dumps(document, separators=(',', ':'), ensure_ascii=False).encode()
    # No time stamp: the same input gives the same bytes.
    return gzip.compress(text, 9, mtime=0)


def documents(data, services, whole, words):
    for service in services:
        folder = newest(data, service, 'service-2')
        model = load(folder, 'service-2')
        strip(model)
        wanted = words & set(model['operations'])
        if wanted and service not in whole:
            yield service, 'core', prune(model, wanted)
        yield service, 'service', model
        for name, kind in (('paginators-1', 'paginators'),
                           ('endpoint-rule-set-1', 'endpoint-rule-set')):
            document = load(folder, name)
            if document is not None:
                yield service, kind, document
    yield '', 'partitions', read_json(os.path.join(data, 'partitions.json'))


def write_if_changed(path, content):
    if os.path.exists(path):
        with open(path, 'rb') as file:
            if file.read() == content:
                return
    with open(path, 'wb') as file:
        file.write(content)


HEAD = '''// Made by tools/aws_models.py; do not edit.
#include "aws/embedded.h"

namespace infra::aws {
'''


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--data', required=True, help='botocore/data of the source package')
    parser.add_argument('--services', required=True, help='names, separated by commas')
    parser.add_argument('--whole', default='', help='services that get no core')
    parser.add_argument('--scan', action='append', default=[],
                        help='file, or folder of YAML files, that names operations to keep in core')
    parser.add_argument('--out', required=True, help='the .cc to write; blobs go beside it')
    args = parser.parse_args()

    blobs = args.out + '.blobs'
    os.makedirs(blobs, exist_ok=True)
    source, rows = [HEAD], []
    for service, kind, document in documents(
            args.data, args.services.split(','), args.whole.split(','), words_in(args.scan)):
        packed = pack(document)
        symbol = 'infra_aws_' + re.sub(r'\W', '_', f'{service}_{kind}')
        path = os.path.abspath(os.path.join(blobs, f'{service or "all"}.{kind}.json.gz'))
        write_if_changed(path, packed)
        # The checksum makes the source change, and so be compiled again, with its blob.
        source.append(f'// {len(packed)} bytes, crc {zlib.crc32(packed):08x}\n'
                      f'__asm__(".section .rodata\\n.global {symbol}\\n{symbol}:\\n"\n'
                      f'        ".incbin \\"{path}\\"\\n.text\\n");\n'
                      f'extern "C" const unsigned char {symbol}[];\n')
        rows.append(f'    {{"{service}", "{kind}", {symbol}, {len(packed)}}},\n')
    source.append('\nnamespace {\nconst EmbeddedDocument kDocuments[] = {\n' + ''.join(rows) + '};\n}  // namespace\n')
    source.append('\nstd::span<const EmbeddedDocument> embedded_documents() { return kDocuments; }\n')
    source.append('\n}  // namespace infra::aws\n')
    with open(args.out, 'w', encoding='utf-8') as file:
        file.write(''.join(source))


if __name__ == '__main__':
    main()
