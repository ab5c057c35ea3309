"""Renders the chart with helm, two at a time, and reads what comes out."""
import concurrent.futures
import contextlib
import copy
import dataclasses
import functools
import json
import pathlib
import shutil
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / 'chart'
PRESETS = {'default': [], **{name: [str(CHART / f'values-{name}.yaml')] for name in ('dev', 'production', 'localstack')}}
NAMESPACE = 'here'
CLUSTER_WIDE = {'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'PriorityClass', 'ValidatingWebhookConfiguration'}
TOOLS = {}  # name -> path, filled by run.py
Loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
slim = None  # the chart without its CRDs, which take most of the time


def load_all(text):
    return [one for one in yaml.load_all(text, Loader) if one]


@functools.cache
def default_values():
    return yaml.load((CHART / 'values.yaml').read_text(), Loader)


@contextlib.contextmanager
def slim_chart():
    global slim
    with tempfile.TemporaryDirectory() as folder:
        slim = pathlib.Path(folder) / 'chart'
        shutil.copytree(CHART, slim)
        shutil.rmtree(slim / 'templates/crds')
        yield


@dataclasses.dataclass
class Rendering:
    text: str
    error: str  # empty where all went well

    @functools.cached_property
    def objects(self):
        if self.error:
            raise AssertionError(self.error)
        return load_all(self.text)

    def all(self, kind):
        return [one for one in self.objects if one['kind'] == kind]

    def one(self, kind, ending=''):
        found = [one for one in self.all(kind) if one['metadata']['name'].endswith(ending)]
        assert len(found) == 1, f'{len(found)} objects {kind} {ending}'
        return found[0]

    @property
    def pod(self):
        return self.one('Deployment')['spec']['template']['spec']

    @property
    def container(self):
        return self.pod['containers'][0]

    def flag(self, name):
        return [word.split('=', 1)[1] for word in self.container['args'] if word.startswith(f'--{name}=')]

    def env(self, name):
        return next((one for one in self.container['env'] if one['name'] == name), None)


def helm(*words, given='', chart=None, program='helm'):
    done = subprocess.run([TOOLS[program], *words], input=given, capture_output=True, text=True, cwd=chart or ROOT, timeout=300)
    return Rendering(done.stdout, done.stderr if done.returncode else '')


def render(values=None, *words, files=(), crds=False, name='op'):
    """`values` as a values file; the chart without CRDs, unless they matter."""
    chosen = [word for file in files for word in ('--values', file)]
    return helm('template', name, str(CHART if crds else slim), '--namespace', NAMESPACE, *chosen, '--values', '-', *words,
                given=json.dumps(values or {}))


def render_all(many):
    """The renderings of a list of values, in its order."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(render, many))


def merged(base, more):
    out = copy.deepcopy(base)
    for key, value in more.items():
        out[key] = merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return out


def at(key, value):
    """{'a': {'b': value}} for the key a.b; a key that has dots in itself comes as a list."""
    for name in reversed(key.split('.') if isinstance(key, str) else key):
        value = {name: value}
    return value


def tree(**settings):
    """Nested values of settings such as webhooks__enabled=True."""
    out = {}
    for key, value in settings.items():
        out = merged(out, at(key.replace('__', '.'), value))
    return out


def with_cases(cases):
    """Gives a class a test for each of `cases`: name -> what its method `check` is called with."""
    def decorate(kind):
        for name, case in cases.items():
            setattr(kind, f'test_{name}', lambda self, case=case: self.check(*case))
        return kind
    return decorate
