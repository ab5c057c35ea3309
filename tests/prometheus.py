"""A real Prometheus that looks twice a second."""
import json
import time
import urllib.error
import urllib.parse
import urllib.request

import stack

EVERY = '500ms'
RATE_INTERVAL = '5s'  # as Grafana sets it, for so frequent a look


class Prometheus:
    def __init__(self, parts, targets, rules):
        """Runs beside what the stack `parts` runs. `targets`: a scrape config but for its name; `rules`: name of a file -> its groups."""
        self.began = time.time()
        folder = parts.folder / 'prometheus'
        folder.mkdir()
        config = {'global': {'scrape_interval': EVERY, 'evaluation_interval': EVERY},
                  'rule_files': [str(folder / f'{name}.rules') for name in rules],
                  'scrape_configs': [{'job_name': 'infra-operator', **targets}]}
        for name, groups in rules.items():
            (folder / f'{name}.rules').write_text(json.dumps({'groups': groups}))
        (folder / 'config').write_text(json.dumps(config))
        port = stack.free_port()
        self.url = f'http://127.0.0.1:{port}/api/v1/'
        self.process = parts.spawn('prometheus', [
            parts.tools['prometheus'], '--config.file', folder / 'config', '--storage.tsdb.path', folder / 'data',
            '--web.listen-address', f'127.0.0.1:{port}', '--log.level', 'warn'])
        self.process.wait_until('answers', self.answers)

    def answers(self):
        try:
            return self.get('status/runtimeinfo')
        except urllib.error.URLError:
            return None

    def get(self, path, **parameters):
        with urllib.request.urlopen(f'{self.url}{path}?{urllib.parse.urlencode(parameters)}', timeout=10) as answer:
            return json.load(answer)['data']

    def since_begun(self, query):
        """The series of a query from the start until now: labels, and values but for those that are not a number."""
        query = query.replace('$__rate_interval', RATE_INTERVAL)
        found = self.get('query_range', query=query, start=self.began, end=time.time(), step='500ms')['result']
        for series in found:
            values = [float(value) for _, value in series['values'] if value != 'NaN']
            if values:
                yield series['metric'], values

    def rules(self):
        return [rule for group in self.get('rules')['groups'] for rule in group['rules']]
