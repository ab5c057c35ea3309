#!/usr/bin/env python3
"""Shows objects of every kind becoming AWS resources, being put right, and going away. Run by ./dev demo.

usage: demo.py [--keep] NAME=PATH ...     (the programs; see tools/stack.py)
"""
import json
import os
import subprocess
import sys
import time
import urllib.request

import caches
import proxy
import stack

OWNER = f'{stack.GROUP}/uid'
# Title, service, operation, input, where the ids are in the answer.
RESOURCES = [
    ('VPC', 'ec2', 'DescribeVpcs', {'Filters': [{'Name': 'tag-key', 'Values': [OWNER]}]},
     lambda answer: [vpc['VpcId'] for vpc in answer['Vpcs']]),
    ('IAM role', 'iam', 'ListRoles', {}, lambda answer: [role['RoleName'] for role in answer['Roles']]),
    ('SQS queue', 'sqs', 'ListQueues', {},
     lambda answer: [url.rsplit('/', 1)[1] for url in answer.get('QueueUrls', [])]),
    ('Lambda function', 'lambda', 'ListFunctions', {},
     lambda answer: [function['FunctionName'] for function in answer['Functions']]),
    ('S3 bucket', 's3', 'ListBuckets', {}, lambda answer: [bucket['Name'] for bucket in answer.get('Buckets', [])]),
    ('KMS key', 'kms', 'ListKeys', {}, lambda answer: [key['KeyId'] for key in answer['Keys']]),
]
# Status fields that name what an object stands for; the first that it has.
KNOWN_BY = ('instanceID', 'natGatewayID', 'subnetID', 'internetGatewayID', 'routeTableID', 'groupID', 'vpcID', 'allocationID',
            'keyId', 'queueURL', 'topicArn', 'functionArn', 'roleArn', 'tableARN', 'dbInstanceArn', 'repositoryArn',
            'cacheClusterARN', 'arn', 'accountID')


class Demo:
    def __init__(self, tools):
        self.tools = tools
        self.stack = stack.Stack(tools)
        self.started = time.monotonic()

    def say(self, text):
        print(f'\n\033[1m[{time.monotonic() - self.started:5.1f} s] {text}\033[0m', flush=True)

    def aws(self, service, operation, given=None):
        answer = stack.must_run(
            [self.tools['operator'], 'aws', service, operation, '--input', json.dumps(given or {}),
             '--endpoint-url', self.stack.aws_endpoint, '--region', 'us-east-1'],
            env={**os.environ, 'AWS_ACCESS_KEY_ID': 'test', 'AWS_SECRET_ACCESS_KEY': 'test'})
        return json.loads(answer)

    def show_objects(self):
        rows = []
        for item in json.loads(self.stack.kubectl('get', 'aws', '-o', 'json'))['items']:
            status = item.get('status', {})
            spec = item['spec']
            known = [status.get(name) for name in KNOWN_BY]
            ready = next((one['status'] for one in status.get('conditions', []) if one['type'] == 'Ready'), '')
            rows.append((item['kind'], item['metadata']['name'], ready, next((one for one in known if one), spec.get('name', ''))))
        print(f'{"KIND":16}{"NAME":26}{"READY":8}IN AWS')
        for row in rows:
            print(f'{row[0]:16}{row[1]:26}{row[2]:8}{row[3]}')

    def resources(self):
        found = []
        for title, service, operation, given, ids in RESOURCES:
            found += [(title, one) for one in ids(self.aws(service, operation, given))]
        return found

    def show_aws(self):
        print(f'{"RESOURCE":18}ID, as the emulator lists it')
        for title, one in self.resources():
            state = ''
            if title == 'KMS key':
                state = '  ' + self.aws('kms', 'DescribeKey', {'KeyId': one})['KeyMetadata']['KeyState']
            print(f'{title:18}{one}{state}')

    def clear_aws(self):
        reset = urllib.request.Request(self.stack.aws_endpoint + '/moto-api/reset', method='POST')
        urllib.request.urlopen(reset, timeout=30).close()
        self.between.rule = caches.Caches().answer

    def apply_samples(self):
        self.stack.apply_samples(self.between.url)
        self.stack.kubectl('wait', '--for=condition=Ready', '--timeout=60s', 'aws', '--all')

    def change_behind_its_back(self):
        vpc = json.loads(self.stack.kubectl('get', 'vpc', 'sample-vpc', '-o', 'json'))['status']['vpcID']
        bucket = json.loads(self.stack.kubectl('get', 's3', 'sample-s3bucket', '-o', 'json'))['spec']['bucketName']
        self.aws('ec2', 'CreateTags', {'Resources': [vpc], 'Tags': [{'Key': 'Environment', 'Value': 'hacked'}]})
        self.aws('s3', 'PutBucketVersioning', {'Bucket': bucket, 'VersioningConfiguration': {'Status': 'Suspended'}})
        print(f'{vpc}: tag Environment = {self.environment_tag(vpc)}')
        print(f'{bucket}: versioning {self.versioning(bucket)}')
        stack.wait_until('the operator puts both right', lambda: self.environment_tag(vpc) == 'dev' and
                         self.versioning(bucket) == 'Enabled')
        print(f'{vpc}: tag Environment = {self.environment_tag(vpc)}   (put right)')
        print(f'{bucket}: versioning {self.versioning(bucket)}   (put right)')
        stack.wait_until('both events are there', lambda: self.corrections().count('\n') >= 2)
        print(self.corrections(), end='')

    def corrections(self):
        return self.stack.kubectl('get', 'events', '--field-selector', 'reason=DriftDetected', '--no-headers', '-o',
                                  'custom-columns=REASON:.reason,KIND:.involvedObject.kind,MESSAGE:.message')

    def environment_tag(self, vpc):
        tags = self.aws('ec2', 'DescribeVpcs', {'VpcIds': [vpc]})['Vpcs'][0].get('Tags', [])
        return next((tag['Value'] for tag in tags if tag['Key'] == 'Environment'), None)

    def versioning(self, bucket):
        return self.aws('s3', 'GetBucketVersioning', {'Bucket': bucket}).get('Status')

    def delete_all(self):
        self.stack.kubectl('delete', '--timeout=60s', 'aws', '--all')
        self.show_aws()
        left = [one for one in self.resources() if one[0] != 'KMS key']
        if left:
            raise RuntimeError(f'still in AWS: {left}')
        print('Nothing is left but the KMS key, which AWS deletes only after a waiting time.')

    def run(self):
        self.say('Starting etcd, kube-apiserver and the AWS emulator')
        self.stack.start()
        self.between = proxy.Proxy(self.stack.aws_port)
        self.clear_aws()
        self.say('Starting the operator')
        operator = self.stack.start_operator('--check-interval', '2s').wait_ready()
        self.say('Applying samples/: a provider and one object of each kind')
        self.apply_samples()
        self.say('Every object is Ready')
        self.show_objects()
        print()
        self.show_aws()
        self.say("Changing a tag and a bucket's versioning in AWS, behind the operator's back")
        self.change_behind_its_back()
        self.say('Deleting every object')
        self.delete_all()
        self.say('Stopping')
        if operator.stop() != 0:
            raise RuntimeError(f'the operator did not stop in good order:\n{operator.process.text()[-2000:]}')


def shell_of(demo):
    print(f'''
Still running, until this command is ended with Ctrl-C:
  export KUBECONFIG={demo.stack.kubeconfig}
  export AWS_ENDPOINT_URL={demo.between.url} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  {demo.tools['kubectl']} get aws
  {demo.tools['operator']} aws ec2 DescribeVpcs
''')
    demo.clear_aws()  # the emulator keeps the names of deleted caches
    demo.stack.start_operator('--check-interval', '10s').wait_ready()
    demo.apply_samples()
    while True:
        time.sleep(3600)


def main():
    words = sys.argv[1:]
    keep = '--keep' in words
    tools = dict(word.split('=', 1) for word in words if '=' in word)
    demo = Demo(tools)
    stack.end_in_order_when_told()
    try:
        demo.run()
        if keep:
            shell_of(demo)
    except (KeyboardInterrupt, SystemExit):
        pass
    except (RuntimeError, TimeoutError) as error:
        print(f'\nThe demo failed: {error}\nIts logs are in {demo.stack.folder}', file=sys.stderr)
        demo.stack.stop(keep_files=True)
        return 1
    demo.stack.stop()
    return 0


sys.exit(main())
