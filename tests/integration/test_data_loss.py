"""What held data and has gone from AWS. No KMSKey: AWS lets a key go only after days, in which it says ScheduledForDeletion."""
from harness import Case, World, client


class DataLoss(Case):
    def lose(self, kind, spec, delete, exists):
        """Made, ready, and deleted by somebody else."""
        self.create(kind, 'one', spec)
        self.wait_ready(kind, 'one', 60)
        self.let_the_minutes_pass(kind, 'one')
        delete()
        said = self.wait_condition(kind, 'one', 'False', 'DataLost')
        self.assertIn('recreate: "true"', said['message'])
        self.assertEqual(self.get(kind, 'one')['status']['drift']['details'],
                         [{'field': 'resource', 'expected': 'there', 'actual': 'gone', 'severity': 'critical'}])
        self.patch(kind, 'one', {'tags': {'Team': 'b'}})  # no leave for an empty one
        looked = self.looks(kind)
        self.eventually('two more looks', lambda: self.looks(kind) >= looked + 2)
        self.assertFalse(exists())
        self.patch(kind, 'one', annotations={'recreate': 'true'})
        self.eventually('another one', exists, 30)
        self.wait_ready(kind, 'one', 60)

    def looks(self, kind):
        return World.operator.metric('infra_operator_reconcile_total', resource_type=kind)

    def test_a_bucket(self):
        s3, name = client('s3'), f'{self.ns}-data'
        self.lose('S3Bucket', {'bucketName': name}, lambda: s3.delete_bucket(Bucket=name),
                  lambda: name in [bucket['Name'] for bucket in s3.list_buckets()['Buckets']])

    def test_a_table(self):
        dynamodb, name = client('dynamodb'), f'{self.ns}-data'
        self.lose('DynamoDBTable', {'tableName': name, 'hashKey': {'name': 'id', 'type': 'S'}},
                  lambda: dynamodb.delete_table(TableName=name), lambda: name in dynamodb.list_tables()['TableNames'])

    def test_a_secret(self):
        secrets, name = client('secretsmanager'), f'{self.ns}-data'
        self.kube.must('POST', f'/api/v1/namespaces/{self.ns}/secrets', {'metadata': {'name': 'values'}, 'stringData': {'key': 'canary'}})
        self.lose('SecretsManagerSecret', {'secretName': name, 'secretStringRef': {'name': 'values', 'key': 'key'}},
                  lambda: secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True),
                  lambda: name in [secret['Name'] for secret in secrets.list_secrets()['SecretList']])

    def test_what_is_restored_is_taken_up(self):
        """From a backup, which brings a table back without its tags."""
        dynamodb, name = client('dynamodb'), f'{self.ns}-data'
        self.create('DynamoDBTable', 'one', {'tableName': name, 'hashKey': {'name': 'id', 'type': 'S'}})
        self.wait_ready('DynamoDBTable', 'one')
        self.let_the_minutes_pass('DynamoDBTable', 'one')
        dynamodb.delete_table(TableName=name)
        self.wait_condition('DynamoDBTable', 'one', 'False', 'DataLost')
        dynamodb.create_table(TableName=name, BillingMode='PAY_PER_REQUEST',
                              KeySchema=[{'AttributeName': 'id', 'KeyType': 'HASH'}],
                              AttributeDefinitions=[{'AttributeName': 'id', 'AttributeType': 'S'}])
        dynamodb.put_item(TableName=name, Item={'id': {'S': 'restored'}})
        self.wait_ready('DynamoDBTable', 'one', 30)
        self.assertEqual(dynamodb.scan(TableName=name)['Items'], [{'id': {'S': 'restored'}}])

    def test_the_object_goes_without_it(self):
        s3, name = client('s3'), f'{self.ns}-data'
        self.create('S3Bucket', 'one', {'bucketName': name})
        self.wait_ready('S3Bucket', 'one')
        self.let_the_minutes_pass('S3Bucket', 'one')
        s3.delete_bucket(Bucket=name)
        self.wait_condition('S3Bucket', 'one', 'False', 'DataLost')
        self.delete_and_wait('S3Bucket', 'one')
