"""Asks kubeconform whether Kubernetes, in a version, would take what was rendered; also what it does not know."""
import json
import pathlib
import re
import subprocess
import tempfile

import kubernetes_validate

import helm

OF_KUBERNETES = pathlib.Path(kubernetes_validate.__file__).parent / 'kubernetes-json-schema'
SHARED = '/api/_definitions.json'  # the file that Kubernetes' schemas refer to


def closed(schema):
    """As the API server's strict validation has it: nothing beside what is named, unless the schema says so."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: closed(value) for key, value in schema.items()}
    if isinstance(out.get('properties'), dict) and not schema.get('x-kubernetes-preserve-unknown-fields'):
        out.setdefault('additionalProperties', False)
    return out


def with_what_it_needs(text, definitions):
    """A schema that refers to nothing outside of itself, as kubeconform wants it."""
    needed, open_ends = {}, {text}
    while open_ends:
        names = set(re.findall(r'#/\$defs/([^"]+)', open_ends.pop())) - needed.keys()
        needed |= {name: json.dumps(definitions[name]) for name in names}
        open_ends |= {needed[name] for name in names}
    whole = json.loads(text) | {'$defs': {name: json.loads(one) for name, one in needed.items()}}
    del whole['$id']  # else it is looked for there
    return json.dumps(whole).replace(f'{SHARED}#', '#')


class Schemas:
    """Of kinds that are Kubernetes' own, and of those in the CRD files of a folder."""

    def __init__(self, versions, kinds, folder):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        for version in versions:
            self.add_own(version, kinds)
        for path in pathlib.Path(folder).iterdir():
            for crd in helm.load_all(path.read_text()):
                self.add_crd(crd['spec'])

    def add_own(self, version, kinds):
        folder = OF_KUBERNETES / f'v{version}.0-local-strict'
        definitions = json.loads((folder / '_definitions.json').read_text())['$defs']
        (self.path / f'v{version}.0').mkdir()
        for kind in kinds:
            for path in folder.glob(f'{kind.lower()}-*.json'):
                (self.path / f'v{version}.0' / path.name).write_text(with_what_it_needs(path.read_text(), definitions))

    def add_crd(self, spec):
        for version in spec['versions']:
            schema = closed(version['schema']['openAPIV3Schema'])
            # What every object has, and no CRD describes.
            schema['properties'] |= {'apiVersion': {'type': 'string'}, 'kind': {'type': 'string'}, 'metadata': {'type': 'object'}}
            name = f'{spec["names"]["kind"].lower()}-{spec["group"]}-{version["name"]}.json'
            (self.path / name).write_text(json.dumps(schema))

    def complaints(self, text, version):
        places = ('{{.NormalizedKubernetesVersion}}/{{.ResourceKind}}{{.KindSuffix}}.json', '{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json')
        words = [word for place in places for word in ('-schema-location', f'{self.folder.name}/{place}')]
        done = subprocess.run([helm.TOOLS['kubeconform'], '-strict', '-output', 'json', '-summary', '-kubernetes-version', f'{version}.0', *words],
                              input=text, capture_output=True, text=True, timeout=300)
        said = json.loads(done.stdout)
        assert said['summary']['valid'] > 0, done.stdout
        return [f'{one["kind"]} {version}: {one["msg"]}' for one in said['resources']]
