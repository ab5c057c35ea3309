"""Processes that outlive the command that starts them. They are known by their id and the time of their start, and by nothing else."""
import os
import pathlib
import signal
import subprocess

import stack


def born(pid):
    """When a process was started, in ticks since the machine was; None if there is none, or only its exit code is left."""
    try:
        fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rpartition(') ')[2].split()
    except OSError:
        return None
    return None if fields[0] == 'Z' else int(fields[19])


class Daemon(stack.Watched):
    def __init__(self, place, name):
        self.name = name
        self.record = place.folder / 'run' / f'{name}.pid'
        self.log = place.folder / 'log' / f'{name}.log'

    def pid(self):
        """None if it does not run."""
        if not self.record.exists():
            return None
        pid, start = map(int, self.record.read_text().split())
        return pid if born(pid) == start else None

    def start(self, command, path=''):
        """Does nothing if it runs. `path` goes before the folders in which it looks for programs."""
        if self.pid():
            return
        with open(self.log, 'ab') as log:
            child = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                     env={**os.environ, 'PATH': f'{path}:{os.environ["PATH"]}'}, start_new_session=True)
        self.record.write_text(f'{child.pid} {born(child.pid)}')

    def alive(self):
        return self.pid() is not None

    def text(self):
        return self.log.read_text(errors='replace')

    def stop(self):
        for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
            pid = self.pid()
            if pid is None:
                break
            os.kill(pid, number)
            try:
                stack.wait_until(f'{self.name} ends', lambda: self.pid() is None, seconds)
            except TimeoutError:
                continue
        self.record.unlink(missing_ok=True)
