"""Where the webhook's certificate comes from: cert-manager, the operator itself, or the chart; and that a new one comes unnoticed."""
import ssl
import threading

from harness import MERGE, NAME, Release, wait_until

SECRETS = f'/api/v1/namespaces/{NAME}/secrets'
CERTIFICATES = f'/apis/cert-manager.io/v1/namespaces/{NAME}/certificates'
NOW = '2026-01-01T00:00:00Z'


class Certificates(Release):
    def install_with(self, **way):
        """Nothing can be written while nobody judges it."""
        self.install(replicaCount=2, webhooks__enabled='true', webhooks__validating__failurePolicy='Fail', **way)

    def assert_judges(self):
        self.make_first('one')
        self.assertIn('has that name already', self.refused('SQSQueue', 'two', {'queueName': 'one'}))

    def served(self):
        """The certificate that a call meets."""
        address = self.kube.must('GET', f'/api/v1/namespaces/{NAME}/services/{NAME}-webhook')['spec']['clusterIP']
        return ssl.get_server_certificate((address, 443), timeout=10)

    def edit(self, done):
        while not done.is_set():
            self.edits += 1
            self.patch('SQSQueue', 'one', {'visibilityTimeout': self.edits % 1000})

    def assert_renewed_unnoticed(self, renew):
        """Each write has to pass the webhook, and fails if one does not."""
        before, done, self.edits = self.served(), threading.Event(), 0
        editor = threading.Thread(target=self.edit, args=(done,))
        editor.start()
        try:
            renew()
            wait_until('another certificate is served', lambda: self.served() != before, 180)
        finally:
            edits = self.edits
            wait_until('the writes go on', lambda: self.edits > edits + 20 or not editor.is_alive(), 30)
            alive = editor.is_alive()
            done.set()
            editor.join()
        self.assertTrue(alive, 'a write was refused')

    def test_of_cert_manager(self):
        self.install_with(webhooks__certManager__enabled='true')
        self.assert_judges()
        certificate = next(one for one in self.kube.must('GET', CERTIFICATES)['items'] if not one['spec'].get('isCA'))
        again = {'type': 'Issuing', 'status': 'True', 'reason': 'ManuallyTriggered', 'message': 'asked for', 'lastTransitionTime': NOW}
        self.assert_renewed_unnoticed(lambda: self.kube.must(
            'PATCH', f'{CERTIFICATES}/{certificate["metadata"]["name"]}/status',
            {'status': {'conditions': [*certificate['status']['conditions'], again]}}, MERGE))

    def test_of_the_operator(self):
        self.install_with(webhooks__certMode='operator')
        self.assert_judges()
        secret = next(one['metadata']['name'] for one in self.kube.must('GET', SECRETS)['items'] if 'webhook' in one['metadata']['name'])
        self.assert_renewed_unnoticed(lambda: self.kube.must('PATCH', f'{SECRETS}/{secret}', {'data': None}, MERGE))

    def test_of_the_chart(self):
        self.install_with(webhooks__certMode='chart')
        self.assert_judges()
        before = self.served()
        self.install_with(webhooks__certMode='chart', podLabels__version='other')
        self.assertEqual(self.served(), before)
