"""Passwords that are made, and what connects to a resource, written into Secrets (docs/secrets.md)."""
import base64

from harness import Case, client

PASSWORD = {'name': 'orders', 'key': 'password', 'generate': True}


class Connection(Case):
    kind = 'RDSInstance'

    def setUp(self):
        super().setUp()
        self.rds = client('rds')
        self.name = f'orders-{self.number}'

    def make(self, **spec):
        self.create(self.kind, 'one', {
            'dbInstanceIdentifier': self.name, 'engine': 'postgres', 'dbInstanceClass': 'db.t3.micro', 'allocatedStorage': 20,
            'masterUsername': 'admin1', 'skipFinalSnapshot': True, **spec})

    def secret_path(self, name):
        return f'/api/v1/namespaces/{self.ns}/secrets/{name}'

    def secret(self, name):
        """What a Secret holds; None if there is none."""
        status, found = self.kube.request('GET', self.secret_path(name))
        return None if status == 404 else {key: base64.b64decode(value).decode() for key, value in found.get('data', {}).items()}

    def put(self, name, **data):
        self.kube.must('POST', self.secret_path('')[:-1], {'metadata': {'name': name}, 'stringData': data})

    def test_what_connects_is_written(self):
        self.put('password', password='first canary')
        self.make(dbName='orders', masterUserPasswordSecretRef={'name': 'password', 'key': 'password'},
                  writeConnectionSecretToRef={'name': 'connection'})
        item = self.wait_ready(self.kind, 'one')
        endpoint = self.rds.describe_db_instances(DBInstanceIdentifier=self.name)['DBInstances'][0]['Endpoint']
        wanted = {'endpoint': endpoint['Address'], 'port': str(endpoint['Port']), 'username': 'admin1',
                  'password': 'first canary', 'database': 'orders'}
        self.assertEqual(self.secret('connection'), wanted)
        owner = self.kube.must('GET', self.secret_path('connection'))['metadata']['ownerReferences'][0]
        self.assertEqual((owner['kind'], owner['uid']), (self.kind, item['metadata']['uid']))
        self.assert_settled(self.kind, 'one')
        self.kube.must('PATCH', self.secret_path('connection'), {'stringData': {'endpoint': 'elsewhere', 'more': 'x'}},
                       'application/merge-patch+json')
        self.eventually('it is put right', lambda: self.secret('connection') == wanted)
        self.kube.must('DELETE', self.secret_path('connection'))
        self.eventually('it is made again', lambda: self.secret('connection') == wanted)

    def test_a_secret_of_somebody_else_is_left_alone(self):
        self.put('connection', theirs='x')
        self.make(masterUserPassword='long enough', writeConnectionSecretToRef={'name': 'connection'})
        self.wait_condition(self.kind, 'one', 'False', 'SecretTaken')
        self.assertIn(f'{self.ns}/connection', self.condition(self.kind, 'one')['message'])
        self.assertEqual(self.secret('connection'), {'theirs': 'x'})
        self.kube.must('DELETE', self.secret_path('connection'))
        self.wait_ready(self.kind, 'one')
        self.assertEqual(self.secret('connection')['username'], 'admin1')

    def test_a_password_is_made_once(self):
        self.make(masterUserPasswordSecretRef=PASSWORD, writeConnectionSecretToRef={'name': 'connection'})
        self.wait_ready(self.kind, 'one')
        made = self.secret('orders')['password']
        self.assertRegex(made, '^[A-Za-z0-9]{30}$')
        self.assertEqual(self.secret('connection')['password'], made)
        self.assertTrue(self.events('one', 'Generated'))
        self.assert_settled(self.kind, 'one')
        self.assertEqual(self.secret('orders')['password'], made)

    def test_what_a_secret_holds_is_kept(self):
        self.put('orders', other='x')
        self.make(masterUserPasswordSecretRef=PASSWORD)
        self.wait_ready(self.kind, 'one')
        held = self.secret('orders')
        self.assertEqual((held['other'], len(held['password'])), ('x', 30))

    def test_a_key_that_was_taken_away_is_made_anew_and_reaches_aws(self):
        self.make(masterUserPasswordSecretRef=PASSWORD)
        before = self.wait_ready(self.kind, 'one')['status']['secretPasswordHash']
        self.kube.must('PATCH', self.secret_path('orders'), {'data': {'password': None}}, 'application/merge-patch+json')
        self.eventually('AWS has got another', lambda: self.get(self.kind, 'one')['status']['secretPasswordHash'] != before)
        self.wait_ready(self.kind, 'one')

    def test_without_generate_it_is_waited_for(self):
        self.make(masterUserPasswordSecretRef={'name': 'orders', 'key': 'password'})
        self.wait_condition(self.kind, 'one', 'True', 'SecretNotFound', 'Synced')
        self.assertIsNone(self.secret('orders'))
