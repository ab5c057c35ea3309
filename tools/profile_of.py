"""Where a program spends its CPU time, by perf."""
import re
import subprocess

FREQUENCY = 499
SHOWN = 40
# The C++ names of what everybody knows by a shorter one.
SHORTER = [
    (r'std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> ?>', 'std::string'),
    (r'boost::asio::', 'asio::'), (r'boost::beast::', 'beast::'), (r'boost::json::', 'json::'), (r'infra::', ''),
    (r'std::basic_string_view<char, std::char_traits<char> ?>', 'std::string_view'), (r' \[clone [^]]+\]', '')]


class Profile:
    """Looks at a process from now on."""

    def __init__(self, pid, program, folder):
        subprocess.run(['perf', 'buildid-cache', '--update', f'{program}.names'], check=True)
        self.data = folder / 'perf.data'
        self.recorder = subprocess.Popen(['perf', 'record', '-q', '-F', str(FREQUENCY), '-p', str(pid), '-o', self.data], stderr=subprocess.DEVNULL)

    def table(self):
        """Stops, and gives rows of shares and names, the largest first."""
        self.recorder.send_signal(2)
        self.recorder.wait(60)
        report = subprocess.run(['perf', 'report', '-q', '-i', self.data, '--no-children', '--sort', 'dso,symbol', '--stdio'],
                                capture_output=True, text=True, check=True).stdout
        rows = []
        for line in report.splitlines():
            found = re.match(r'\s*([0-9.]+)%\s+(\S+)\s+\[(.)\] (.*?)\s*(?:- *-)?$', line)
            if found:
                rows.append([found[1], 'kernel' if found[3] == 'k' else found[2], shorter(found[4])])
        return rows[:SHOWN]


def shorter(name):
    for pattern, to in SHORTER:
        name = re.sub(pattern, to, name)
    return name if len(name) < 120 else name[:117] + '...'
