"""AWS as the simulator has it, over HTTP: fast, and broken when it is told to be. tests/simulation/aws/server_main.cc says what it serves."""
import json
import urllib.request


class StandIn:
    def __init__(self, the_stack, *flags):
        self.process = the_stack.spawn('stand-in', [the_stack.tools['sim_aws_server'], '127.0.0.1:0', *flags])
        line = self.process.wait_until('listens', lambda: 'listening on' in self.process.text() and self.process.text())
        self.endpoint = f'http://127.0.0.1:{line.split()[-1]}'
        self.key = 'test'  # the one that it takes

    def ask(self, path, text=None):
        with urllib.request.urlopen(self.endpoint + path, text and text.encode(), timeout=30) as answer:
            return json.loads(answer.read())

    def asked(self):
        return self.ask('/asked')

    def calls(self):
        return sum(self.asked()['calls'].values())

    def hit(self):
        """How many requests a fault has happened to."""
        return sum(self.asked()['faults'].values())

    def held(self):
        return self.ask('/held')

    def set_faults(self, shares):
        self.ask('/faults', json.dumps(shares))

    def take_key(self, key):
        """And no longer the one before."""
        self.ask('/key', key)
        self.key = key
