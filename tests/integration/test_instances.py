"""The kinds that are machines: databases, caches and instances. What is checked of every field is written in test_kinds.Fields."""
import urllib.parse

from harness import Case, FaultCase, GROUP, Reply, client
from test_kinds import Fields


def query_error(code, message):
    """As a query service such as RDS words an error."""
    return Reply(400, f'<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>'
                      '<RequestId>r</RequestId></ErrorResponse>', {'Content-Type': 'text/xml'})


class Sent:
    """Mixed into a FaultCase: what was asked of AWS."""

    def sent(self, operation):
        """The parameters of each call of an operation."""
        return [dict(urllib.parse.parse_qsl(one.body.decode())) for one in self.faults.seen if one.operation == operation]

    def replace(self, operation, *changes):
        """AWS's answers to an operation, each change of their text made."""
        def answer(reply):
            for old, new in changes:
                reply.body = reply.body.replace(old.encode(), new.encode())
            return reply
        self.faults.rule = lambda request: answer if request.operation == operation else None

    def refuse(self, operation, code, message):
        self.faults.rule = lambda request: query_error(code, message) if request.operation == operation else None


class RdsInstance(Fields, Case):
    kind = 'RDSInstance'

    def setUp(self):
        super().setUp()
        self.rds = client('rds')
        self.name = f'database-{self.number}'

    def required(self):
        return {'dbInstanceIdentifier': self.name, 'engine': 'postgres', 'dbName': 'shop', 'masterUsername': 'root',
                'masterUserPassword': 'first-password', 'storageEncrypted': True, 'port': 5433, 'skipFinalSnapshot': True,
                'engineVersion': '15.4'}

    def table(self):
        return {
            'dbInstanceClass': ('db.t3.micro', 'db.t3.micro', 'db.t3.small', 'db.t3.small'),
            'allocatedStorage': (20, 20, 30, 30),
            'backupRetentionPeriod': (3, 3, 0, 0),
            'preferredBackupWindow': ('03:00-03:30', '03:00-03:30', '04:00-04:30', '04:00-04:30'),
            'multiAZ': (True, True, False, False),
            'publiclyAccessible': (False, False, True, True),
        }

    def describe(self):
        return self.rds.describe_db_instances(DBInstanceIdentifier=self.name)['DBInstances'][0]

    def member(self, field):
        return 'DBInstanceClass' if field == 'dbInstanceClass' else field[0].upper() + field[1:]

    def read(self, field):
        if field == 'tags':
            return {tag['Key']: tag['Value'] for tag in self.describe()['TagList']}
        return self.describe()[self.member(field)]

    def disturb(self, field):
        values = {'dbInstanceClass': 'db.t3.large', 'allocatedStorage': 25, 'backupRetentionPeriod': 5,
                  'preferredBackupWindow': '05:00-05:30', 'multiAZ': False, 'publiclyAccessible': True}
        self.rds.modify_db_instance(DBInstanceIdentifier=self.name, ApplyImmediately=True, **{self.member(field): values[field]})

    def exists(self):
        try:
            return bool(self.describe())
        except self.rds.exceptions.DBInstanceNotFoundFault:
            return False

    def snapshots(self):
        found = self.rds.describe_db_snapshots(DBInstanceIdentifier=self.name, SnapshotType='manual')['DBSnapshots']
        return [one['DBSnapshotIdentifier'] for one in found]

    def test_status_and_what_only_a_create_decides(self):
        status, found = self.make()['status'], self.describe()
        self.assertEqual((found['Engine'], found['DBName'], found['MasterUsername'], found['StorageEncrypted']),
                         ('postgres', 'shop', 'root', True))
        for field, value in {'dbInstanceArn': found['DBInstanceArn'], 'endpoint': found['Endpoint']['Address'], 'port': 5433,
                             'engineVersion': '15.4', 'allocatedStorage': 20, 'status': 'available'}.items():
            self.assertEqual(status[field], value, field)

    def test_what_cannot_change_is_refused(self):
        self.make()
        for spec in ({'dbInstanceIdentifier': 'other'}, {'engine': 'mysql'}, {'dbName': 'other'}, {'masterUsername': 'other'},
                     {'storageEncrypted': False}, {'storageEncrypted': None}):
            with self.subTest(spec=spec):
                status, answer = self.kube.request('PATCH', self.path('RDSInstance', 'one'), {'spec': spec},
                                                   'application/merge-patch+json')
                self.assertEqual(status, 422, answer)

    def test_what_aws_would_refuse(self):
        full = {**self.required(), 'dbInstanceClass': 'db.t3.micro', 'allocatedStorage': 20}
        for spec in ({'dbInstanceIdentifier': '1st'}, {'dbInstanceIdentifier': 'a--b'}, {'dbInstanceIdentifier': 'a-'},
                     {'dbInstanceClass': 't3.micro'}, {'preferredBackupWindow': '3:00-4:00'}, {'port': 80},
                     {'backupRetentionPeriod': 36}, {'masterUserPassword': 'short'}, {'deletionPolicy': 'Keep'}):
            with self.subTest(spec=spec):
                self.refused('RDSInstance', 'one', {**full, **spec})

    def test_a_name_in_upper_case(self):
        # AWS and the emulator keep it in lower case and know it by either.
        self.create('RDSInstance', 'one', {**self.required(), 'dbInstanceIdentifier': self.name.upper(),
                                           'dbInstanceClass': 'db.t3.micro', 'allocatedStorage': 20})
        self.wait_ready('RDSInstance', 'one')
        self.assertEqual(self.describe()['DBInstanceIdentifier'], self.name)
        self.assert_settled('RDSInstance', 'one')
        self.delete_and_wait('RDSInstance', 'one')
        self.assertFalse(self.exists())

    def test_one_that_exists_is_not_taken_over(self):
        self.rds.create_db_instance(DBInstanceIdentifier=self.name, Engine='postgres', DBInstanceClass='db.t3.micro',
                                    AllocatedStorage=20, MasterUsername='root', MasterUserPassword='of-another',
                                    StorageEncrypted=True)
        self.create('RDSInstance', 'one', {**self.required(), 'dbInstanceClass': 'db.t3.small', 'allocatedStorage': 20,
                                           'port': 5432})
        self.wait_condition('RDSInstance', 'one', 'False', 'NotOurs', 'Synced')
        self.assertEqual(self.read('dbInstanceClass'), 'db.t3.micro')
        self.patch('RDSInstance', 'one', annotations={'adopt': 'true'})
        self.wait_ready('RDSInstance', 'one')
        self.assertEqual(self.read('dbInstanceClass'), 'db.t3.small')
        self.assertIn(f'{GROUP}/uid', self.read('tags'))

    def test_no_last_snapshot(self):
        self.make()
        self.delete_and_wait('RDSInstance', 'one')
        self.assertEqual(self.snapshots(), [])

    def test_a_last_snapshot(self):
        for policy, skip in (('Delete', False), ('Delete', None), ('Snapshot', True)):
            with self.subTest(policy=policy, skip=skip):
                self.make()
                uid = self.patch('RDSInstance', 'one', {'deletionPolicy': policy, 'skipFinalSnapshot': skip})['metadata']['uid']
                self.delete_and_wait('RDSInstance', 'one')
                self.assertFalse(self.exists())
                self.assertIn(f'{self.name}-{uid}', self.snapshots())

    def test_one_that_is_protected_is_not_deleted(self):
        self.make()
        self.rds.modify_db_instance(DBInstanceIdentifier=self.name, DeletionProtection=True)
        self.delete('RDSInstance', 'one')
        self.eventually('the reason is named', lambda: 'protected against deletion' in self.condition('RDSInstance', 'one')['message'])
        self.rds.modify_db_instance(DBInstanceIdentifier=self.name, DeletionProtection=False)
        self.wait_gone('RDSInstance', 'one', 30)


class RdsInstanceInAws(Sent, FaultCase):
    def setUp(self):
        super().setUp()
        self.rds = client('rds')
        self.name = f'database-{self.number}'

    def make(self, **spec):
        self.create('RDSInstance', 'one', {
            'dbInstanceIdentifier': self.name, 'engine': 'postgres', 'dbInstanceClass': 'db.t3.micro', 'allocatedStorage': 20,
            'masterUsername': 'root', 'masterUserPassword': 'first-password', 'skipFinalSnapshot': True,
            'providerRef': {'name': 'faulty'}, **spec})

    def modified(self, member):
        return [one[member] for one in self.sent('ModifyDBInstance') if member in one]

    def test_states(self):
        # In moto 5.2.5 an instance is available at once: DBInstance.__init__ says so.
        self.replace('DescribeDBInstances', ('available</', 'creating</'))
        self.make()
        self.assertIn('creating', self.wait_condition('RDSInstance', 'one', 'False', 'InProgress')['message'])
        self.let_everything_pass()
        self.wait_ready('RDSInstance', 'one')
        self.replace('DescribeDBInstances', ('available</', 'incompatible-network</'))
        self.nudge('RDSInstance', 'one')
        self.wait_condition('RDSInstance', 'one', 'False', 'ResourceFailed')
        self.replace('DescribeDBInstances', ('available</', 'backing-up</'))
        self.nudge('RDSInstance', 'one')
        self.eventually('a backup is no obstacle', lambda: self.get('RDSInstance', 'one')['status'].get('status') == 'backing-up')
        self.wait_ready('RDSInstance', 'one')

    def test_a_port_is_changed(self):
        # moto 5.2.5 takes no notice of it: DBInstance.update sets an attribute db_port_number that nothing reads.
        self.make(port=5433)
        self.wait_ready('RDSInstance', 'one')
        self.assertEqual(self.sent('CreateDBInstance')[0]['Port'], '5433')
        self.patch('RDSInstance', 'one', {'port': 5434})
        self.eventually('the call', lambda: self.modified('DBPortNumber') == ['5434'])
        self.replace('DescribeDBInstances', ('<Port>5433<', '<Port>5434<'))
        self.nudge('RDSInstance', 'one')
        self.assertEqual(self.wait_ready('RDSInstance', 'one')['status']['port'], 5434)

    def test_a_password_is_written_once(self):
        self.make()
        self.wait_ready('RDSInstance', 'one')
        self.assertEqual(self.sent('CreateDBInstance')[0]['MasterUserPassword'], 'first-password')
        self.assert_settled('RDSInstance', 'one')
        self.assertEqual(self.modified('MasterUserPassword'), [])
        self.patch('RDSInstance', 'one', {'masterUserPassword': 'second-password'})
        self.eventually('the call', lambda: self.modified('MasterUserPassword') == ['second-password'])
        self.wait_ready('RDSInstance', 'one')
        self.assert_settled('RDSInstance', 'one')
        self.assertEqual(self.modified('MasterUserPassword'), ['second-password'])
        self.assertNotIn('password', str(self.get('RDSInstance', 'one')['status'].get('passwordHash')))

    def test_a_version_is_written_when_the_spec_changes(self):
        # AWS chooses the minor version; moto 5.2.5 shows what was asked for.
        self.make(engineVersion='15')
        self.wait_ready('RDSInstance', 'one')
        self.replace('DescribeDBInstances', ('<EngineVersion>15<', '<EngineVersion>15.4<'))
        self.nudge('RDSInstance', 'one')
        self.eventually('it shows', lambda: self.get('RDSInstance', 'one')['status']['engineVersion'] == '15.4')
        self.wait_ready('RDSInstance', 'one')
        self.assertEqual(self.sent('ModifyDBInstance'), [])
        self.patch('RDSInstance', 'one', {'engineVersion': '16'})
        self.eventually('the call', lambda: self.modified('EngineVersion') == ['16'])
        self.assertEqual(self.sent('ModifyDBInstance')[0]['AllowMajorVersionUpgrade'], 'true')
        self.wait_ready('RDSInstance', 'one')
        self.assert_settled('RDSInstance', 'one')
        self.assertEqual(self.modified('EngineVersion'), ['16'])

    def test_what_is_accepted_and_not_made_yet_is_not_asked_for_again(self):
        # In moto 5.2.5 a change is made at once, and PendingModifiedValues are not shown.
        self.make(backupRetentionPeriod=3)
        self.wait_ready('RDSInstance', 'one')
        self.replace('DescribeDBInstances', ('</DBInstance>', '<PendingModifiedValues><AllocatedStorage>30</AllocatedStorage>'
                                             '<DBInstanceClass>db.t3.large</DBInstanceClass></PendingModifiedValues></DBInstance>'))
        self.patch('RDSInstance', 'one', {'allocatedStorage': 30, 'dbInstanceClass': 'db.t3.large'})
        self.assertEqual(self.wait_ready('RDSInstance', 'one')['status']['allocatedStorage'], 20)
        self.assertEqual(self.sent('ModifyDBInstance'), [])

    def test_one_that_is_busy_is_changed_later(self):
        self.make(backupRetentionPeriod=3)
        self.wait_ready('RDSInstance', 'one')
        self.refuse('ModifyDBInstance', 'InvalidDBInstanceState', 'Database instance is not in available state.')
        self.patch('RDSInstance', 'one', {'backupRetentionPeriod': 5})
        self.eventually('it waits', lambda: 'not in available state' in self.condition('RDSInstance', 'one')['message'])
        self.assertNotIn(self.condition('RDSInstance', 'one')['reason'], ('Refused', 'Blocked'))
        self.let_everything_pass()
        self.nudge('RDSInstance', 'one')
        self.wait_ready('RDSInstance', 'one')
        self.assertEqual(self.modified('BackupRetentionPeriod')[-1], '5')

    def test_only_what_differs_is_asked_for(self):
        self.make(backupRetentionPeriod=3)
        self.wait_ready('RDSInstance', 'one')
        self.patch('RDSInstance', 'one', {'backupRetentionPeriod': 4})
        self.wait_ready('RDSInstance', 'one')
        self.assertEqual(self.modified('AllocatedStorage') + self.modified('EngineVersion') + self.modified('MasterUserPassword'), [])
        self.assertEqual(self.sent('ModifyDBInstance')[0]['ApplyImmediately'], 'true')

    def test_storage_that_is_made_smaller_is_refused(self):
        # moto 5.2.5 makes it smaller: DBInstance.update looks at nothing.
        self.make(allocatedStorage=30)
        self.wait_ready('RDSInstance', 'one')
        self.refuse('ModifyDBInstance', 'InvalidParameterCombination', 'Requested storage size is smaller than the current one')
        self.patch('RDSInstance', 'one', {'allocatedStorage': 20, 'backupRetentionPeriod': 7})
        self.assertIn('smaller', self.wait_condition('RDSInstance', 'one', 'False', 'Refused')['message'])

    def test_one_that_is_busy_is_deleted_later(self):
        self.make()
        self.wait_ready('RDSInstance', 'one')
        self.refuse('DeleteDBInstance', 'InvalidDBInstanceState', 'Instance is not in available state.')
        self.delete('RDSInstance', 'one')
        self.eventually('the reason is named', lambda: 'being changed' in self.condition('RDSInstance', 'one')['message'])
        self.let_everything_pass()
        self.wait_gone('RDSInstance', 'one', 30)
