"""Who works when a pod goes: killed, stopped in order, or replaced by an upgrade."""
import os
import pathlib
import shutil
import signal
import tempfile
import threading
import time

from harness import CHART, LEASE, PODS, Release, process, wait_until

LEASE_SECONDS, RETRY_SECONDS = 15, 2  # the chart's
WEBHOOK = {'webhooks__enabled': 'true', 'webhooks__certManager__enabled': 'true', 'webhooks__validating__failurePolicy': 'Fail'}


class Takeover(Release):
    def setUp(self):
        super().setUp()
        self.install(replicaCount=2)
        self.make_first('before')

    def holding(self):
        return self.kube.must('GET', LEASE)['spec'].get('holderIdentity')

    def seconds_until_another(self, holder):
        started = time.monotonic()
        wait_until('another holds the lease', lambda: self.holding() not in (None, '', holder), 60)
        return time.monotonic() - started

    def test_after_a_kill_within_the_lease(self):
        holder = self.holding()
        os.kill(process(self.pod(self.leader())), signal.SIGKILL)
        self.assertLess(self.seconds_until_another(holder), LEASE_SECONDS + RETRY_SECONDS + 1)
        self.make_queue('after')
        self.wait_ready('SQSQueue', 'after', 30)
        self.assertEqual(self.queues(), ['after', 'before'])

    def test_after_a_clean_stop_at_once(self):
        holder, leader = self.holding(), self.leader()
        self.kube.must('DELETE', f'{PODS}/{leader}')
        self.assertLess(self.seconds_until_another(holder), 2 * RETRY_SECONDS + 1)
        self.assertNotEqual(self.leader(), leader)
        self.make_queue('after')
        self.wait_ready('SQSQueue', 'after', 30)

    def pod(self, name):
        return self.kube.must('GET', f'{PODS}/{name}')


class Upgrade(Release):
    QUEUES = [f'queue-{number}' for number in range(10)]

    def edit(self, done):
        """Objects change all the while, and new ones come; gives the last value and the number of the new ones."""
        rounds = 0
        while not done.is_set():
            for name in self.QUEUES:
                self.patch('SQSQueue', name, {'visibilityTimeout': 30 + rounds})
            self.make_queue(f'new-{rounds}')
            rounds += 1
        self.rounds = rounds

    def packages(self):
        """Of the chart as it is, and of a newer one that asks for other labels on its pods."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix='infra-charts-'))
        self.addCleanup(shutil.rmtree, folder)
        newer = folder / 'newer'
        shutil.copytree(CHART, newer)
        values = newer / 'values.yaml'
        values.write_text(values.read_text().replace('\npodLabels: {}\n', '\npodLabels: {newer: "true"}\n'))
        for chart, version in ((CHART, '1.0.0'), (newer, '1.0.1')):
            self.helm('package', chart, '--version', version, '--destination', folder)
            yield folder / f'infra-operator-{version}.tgz'

    def test_under_load_no_event_is_lost(self):
        """Nor is a write refused: each has to pass the webhook."""
        older, newer = self.packages()
        values = {'replicaCount': 2, **WEBHOOK}
        self.install(chart=older, **values)
        self.make_first(*self.QUEUES)
        done = threading.Event()
        editor = threading.Thread(target=self.edit, args=(done,))
        editor.start()
        try:
            self.install(chart=newer, operator__reconciliation__maxConcurrentReconciles=7, **values)
        finally:
            done.set()
            editor.join()
        self.assertEqual({pod['metadata']['labels'].get('newer') for pod in self.pods()}, {'true'})
        new = [f'new-{number}' for number in range(self.rounds)]
        self.assertGreater(len(new), 5)
        for name in [*self.QUEUES, *new]:
            self.wait_ready('SQSQueue', name, 120)
        self.assertEqual(self.queues(), sorted([*self.QUEUES, *new]))
        for name in self.QUEUES:
            self.assertEqual(self.visibility(name), str(29 + self.rounds))

    def visibility(self, name):
        sqs = self.client('sqs')
        return sqs.get_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=name)['QueueUrl'],
                                        AttributeNames=['VisibilityTimeout'])['Attributes']['VisibilityTimeout']
