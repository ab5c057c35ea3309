"""The simulator's fake AWS gives the same answers as the emulator, but where a table says why not.

Each scenario runs against both, with boto3 as the client; what was answered is compared step by step. A difference has
to stand in tests/simulation/aws/DIFFERENCES.md, and what stands there has to be one.
"""
import io
import json
import pathlib
import re
import time
import unittest
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from harness import World
import stack

SERVER = 'tests/simulation/sim_aws_server'
DIFFERENCES = stack.ROOT / 'tests/simulation/aws/DIFFERENCES.md'
TRUST = json.dumps({'Version': '2012-10-17', 'Statement': [
    {'Effect': 'Allow', 'Principal': {'Service': 'lambda.amazonaws.com'}, 'Action': 'sts:AssumeRole'}]})
READ_ONLY = 'arn:aws:iam::aws:policy/ReadOnlyAccess'


class Side:
    """One of the two clouds, and what it answered step by step."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.outcomes = {}

    def client(self, service, region='us-east-1', key='test'):
        # Wrong requests are to get through to the server.
        config = Config(parameter_validation=False, retries={'total_max_attempts': 1})
        return boto3.client(service, endpoint_url=self.endpoint, region_name=region, config=config,
                            aws_access_key_id=key, aws_secret_access_key='test')

    def step(self, label, call, pick=None):
        """Notes what `pick` makes of the answer, or the refusal; gives back the answer."""
        assert label not in self.outcomes, label
        try:
            answer = call()
        except ClientError as error:
            status = error.response['ResponseMetadata']['HTTPStatusCode']
            self.outcomes[label] = f'{error.response["Error"]["Code"]} {status}'
            return None
        except ResponseParserError:
            self.outcomes[label] = 'no answer of AWS'  # a page that says it broke down
            return None
        self.outcomes[label] = plain(pick(answer) if pick else answer['ResponseMetadata']['HTTPStatusCode'])
        return answer


def plain(value):
    return json.dumps(value, sort_keys=True, default=str)


def chosen(*names):
    return lambda answer: {name: answer.get(name) for name in names}


def archive(text):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as file:
        file.writestr(zipfile.ZipInfo('index.py'), text)
    return out.getvalue()


def vpcs(side):
    ec2, step = side.client('ec2'), side.step
    tags = [{'ResourceType': 'vpc', 'Tags': [{'Key': 'contract', 'Value': 'one'}]}]
    made = step('ec2 create', lambda: ec2.create_vpc(CidrBlock='10.3.0.0/16', TagSpecifications=tags), lambda answer: {
        name: answer['Vpc'].get(name) for name in ('CidrBlock', 'InstanceTenancy', 'IsDefault', 'Tags')})
    vpc = made['Vpc']['VpcId']
    step('ec2 create with host bits', lambda: ec2.create_vpc(CidrBlock='10.3.2.1/16'),
         lambda answer: [answer['Vpc'][name] for name in ('CidrBlock', 'State')])
    time.sleep(0.5)
    step('ec2 describe by id', lambda: ec2.describe_vpcs(VpcIds=[vpc]),
         lambda answer: {name: answer['Vpcs'][0].get(name) for name in ('CidrBlock', 'InstanceTenancy', 'State', 'Tags')})
    by_tag = [{'Name': 'tag:contract', 'Values': ['o*']}]
    step('ec2 describe by tag', lambda: ec2.describe_vpcs(Filters=by_tag),
         lambda answer: [item['VpcId'] == vpc for item in answer['Vpcs']])
    step('ec2 describe by another tag', lambda: ec2.describe_vpcs(Filters=[{'Name': 'tag:contract', 'Values': ['two']}]),
         lambda answer: answer['Vpcs'])
    step('ec2 describe none', lambda: ec2.describe_vpcs(VpcIds=['vpc-0123456789abcdef0']))
    step('ec2 describe no id', lambda: ec2.describe_vpcs(VpcIds=['vpc-xyz']))
    for name in ('enableDnsSupport', 'enableDnsHostnames'):
        member = name[0].upper() + name[1:]
        step(f'ec2 {name} at first', lambda: ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name), chosen(member))
    step('ec2 set hostnames', lambda: ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={'Value': True}))
    step('ec2 hostnames as set', lambda: ec2.describe_vpc_attribute(VpcId=vpc, Attribute='enableDnsHostnames'),
         chosen('EnableDnsHostnames'))
    step('ec2 set two at once', lambda: ec2.modify_vpc_attribute(
        VpcId=vpc, EnableDnsHostnames={'Value': True}, EnableDnsSupport={'Value': True}))
    step('ec2 set support off', lambda: ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={'Value': False}))
    step('ec2 set hostnames without support', lambda: ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={'Value': True}))
    step('ec2 attribute of none', lambda: ec2.describe_vpc_attribute(VpcId='vpc-0123456789abcdef0', Attribute='enableDnsSupport'))
    step('ec2 tag', lambda: ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'b', 'Value': '2'}, {'Key': 'c', 'Value': ''}]))
    step('ec2 tag none', lambda: ec2.create_tags(Resources=['vpc-0123456789abcdef0'], Tags=[{'Key': 'b', 'Value': '2'}]))
    step('ec2 untag another value', lambda: ec2.delete_tags(Resources=[vpc], Tags=[{'Key': 'b', 'Value': '3'}]))
    step('ec2 untag', lambda: ec2.delete_tags(Resources=[vpc], Tags=[{'Key': 'c'}]))
    step('ec2 tags after', lambda: ec2.describe_vpcs(VpcIds=[vpc]),
         lambda answer: {tag['Key']: tag['Value'] for tag in answer['Vpcs'][0]['Tags']})
    step('ec2 tag with a reserved key', lambda: ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'aws:b', 'Value': '2'}]))
    step('ec2 create too large', lambda: ec2.create_vpc(CidrBlock='10.0.0.0/8'))
    step('ec2 create without range', lambda: ec2.create_vpc())
    step('ec2 create with nonsense', lambda: ec2.create_vpc(CidrBlock='ten'))
    step('ec2 create with tenancy host', lambda: ec2.create_vpc(CidrBlock='10.0.0.0/16', InstanceTenancy='host'))
    step('ec2 filter unknown', lambda: ec2.describe_vpcs(Filters=[{'Name': 'colour', 'Values': ['x']}]))
    step('ec2 delete', lambda: ec2.delete_vpc(VpcId=vpc))
    step('ec2 delete again', lambda: ec2.delete_vpc(VpcId=vpc))


def roles(side):
    iam, step = side.client('iam'), side.step
    name = {'RoleName': 'contract'}
    step('iam create', lambda: iam.create_role(
        **name, AssumeRolePolicyDocument=TRUST, Path='/team/', Tags=[{'Key': 'a', 'Value': '1'}]), lambda answer: {
            key: answer['Role'].get(key) for key in ('Arn', 'Path', 'RoleName', 'AssumeRolePolicyDocument', 'Tags')})
    step('iam create again', lambda: iam.create_role(**name, AssumeRolePolicyDocument=TRUST))
    step('iam get', lambda: iam.get_role(**name), lambda answer: {
        key: answer['Role'].get(key) for key in ('Arn', 'Path', 'AssumeRolePolicyDocument', 'Description',
                                                 'MaxSessionDuration', 'Tags', 'PermissionsBoundary')})
    step('iam get none', lambda: iam.get_role(RoleName='contract-none'))
    step('iam create without trust', lambda: iam.create_role(RoleName='contract-2', AssumeRolePolicyDocument='no json'))
    step('iam create with a bad name', lambda: iam.create_role(RoleName='a b', AssumeRolePolicyDocument=TRUST))
    step('iam create with a short session', lambda: iam.create_role(
        RoleName='contract-3', AssumeRolePolicyDocument=TRUST, MaxSessionDuration=60))
    step('iam update', lambda: iam.update_role(**name, Description='d', MaxSessionDuration=7200))
    step('iam update one', lambda: iam.update_role(**name, Description='e'))
    step('iam after update', lambda: iam.get_role(**name),
         lambda answer: [answer['Role'].get(key) for key in ('Description', 'MaxSessionDuration')])
    step('iam boundary', lambda: iam.put_role_permissions_boundary(**name, PermissionsBoundary=READ_ONLY))
    step('iam after boundary', lambda: iam.get_role(**name), lambda answer: answer['Role'].get('PermissionsBoundary'))
    step('iam trust', lambda: iam.update_assume_role_policy(**name, PolicyDocument=TRUST.replace('lambda', 'ec2')))
    step('iam trust in nonsense', lambda: iam.update_assume_role_policy(**name, PolicyDocument='{'))
    step('iam inline', lambda: iam.put_role_policy(**name, PolicyName='p', PolicyDocument=json.dumps(
        {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 's3:Get*', 'Resource': '*'}]})))
    step('iam get inline', lambda: iam.get_role_policy(**name, PolicyName='p'), chosen('PolicyName', 'PolicyDocument'))
    step('iam get no inline', lambda: iam.get_role_policy(**name, PolicyName='q'))
    step('iam list inline', lambda: iam.list_role_policies(**name), chosen('PolicyNames', 'IsTruncated'))
    step('iam attach', lambda: iam.attach_role_policy(**name, PolicyArn=READ_ONLY))
    step('iam attach again', lambda: iam.attach_role_policy(**name, PolicyArn=READ_ONLY))
    step('iam attach nonsense', lambda: iam.attach_role_policy(**name, PolicyArn='no arn, but long enough to be one'))
    step('iam list attached', lambda: iam.list_attached_role_policies(**name), chosen('AttachedPolicies', 'IsTruncated'))
    step('iam delete with policy', lambda: iam.delete_role(**name))
    step('iam detach', lambda: iam.detach_role_policy(**name, PolicyArn=READ_ONLY))
    step('iam detach again', lambda: iam.detach_role_policy(**name, PolicyArn=READ_ONLY))
    step('iam delete with inline', lambda: iam.delete_role(**name))
    step('iam delete inline', lambda: iam.delete_role_policy(**name, PolicyName='p'))
    step('iam delete inline again', lambda: iam.delete_role_policy(**name, PolicyName='p'))
    step('iam tag', lambda: iam.tag_role(**name, Tags=[{'Key': 'b', 'Value': '2'}]))
    step('iam untag', lambda: iam.untag_role(**name, TagKeys=['a']))
    step('iam after tags', lambda: iam.get_role(**name), lambda answer: answer['Role'].get('Tags'))
    step('iam tag with a reserved key', lambda: iam.tag_role(**name, Tags=[{'Key': 'aws:b', 'Value': '2'}]))
    step('iam tag none', lambda: iam.tag_role(RoleName='contract-none', Tags=[{'Key': 'b', 'Value': '2'}]))
    step('iam delete', lambda: iam.delete_role(**name))
    step('iam delete again', lambda: iam.delete_role(**name))


def queues(side):
    sqs, step = side.client('sqs'), side.step
    made = step('sqs create', lambda: sqs.create_queue(QueueName='contract', Attributes={'DelaySeconds': '5'}, tags={'a': '1'}),
                lambda answer: answer['QueueUrl'].split('/')[-2:])
    url = {'QueueUrl': made['QueueUrl']}
    step('sqs create the same', lambda: sqs.create_queue(QueueName='contract', Attributes={'DelaySeconds': '5'}, tags={'a': '1'}),
         lambda answer: answer == {**answer, **url})
    step('sqs create by name alone', lambda: sqs.create_queue(QueueName='contract'))
    step('sqs create another', lambda: sqs.create_queue(QueueName='contract', Attributes={'DelaySeconds': '6'}))
    step('sqs create with other tags', lambda: sqs.create_queue(QueueName='contract', tags={'a': '2'}))
    step('sqs create with delay too long', lambda: sqs.create_queue(QueueName='contract-2', Attributes={'DelaySeconds': '901'}))
    step('sqs create no fifo', lambda: sqs.create_queue(QueueName='contract-3', Attributes={'FifoQueue': 'false'}))
    step('sqs create fifo by name', lambda: sqs.create_queue(QueueName='contract-4.fifo'))
    step('sqs create unknown', lambda: sqs.create_queue(QueueName='contract-5', Attributes={'Colour': 'red'}))
    step('sqs create with a bad name', lambda: sqs.create_queue(QueueName='a b'))
    fifo = step('sqs create fifo', lambda: sqs.create_queue(QueueName='contract-6.fifo', Attributes={'FifoQueue': 'true'}))
    step('sqs fifo attributes', lambda: sqs.get_queue_attributes(QueueUrl=fifo['QueueUrl'], AttributeNames=['All']),
         lambda answer: {key: answer['Attributes'].get(key) for key in (
             'FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit')})
    step('sqs url', lambda: sqs.get_queue_url(QueueName='contract'), lambda answer: answer == {**answer, **url})
    step('sqs url of none', lambda: sqs.get_queue_url(QueueName='contract-none'))

    def settings(answer):
        attributes = answer['Attributes']
        return {key: attributes.get(key) for key in (
            'DelaySeconds', 'MessageRetentionPeriod', 'ReceiveMessageWaitTimeSeconds', 'VisibilityTimeout', 'QueueArn',
            'ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'RedrivePolicy', 'KmsMasterKeyId')}
    step('sqs attributes', lambda: sqs.get_queue_attributes(**url, AttributeNames=['All']), settings)
    step('sqs largest message', lambda: sqs.get_queue_attributes(**url, AttributeNames=['MaximumMessageSize']), chosen('Attributes'))
    step('sqs managed encryption', lambda: sqs.get_queue_attributes(**url, AttributeNames=['SqsManagedSseEnabled']),
         chosen('Attributes'))
    step('sqs attributes of none', lambda: sqs.get_queue_attributes(
        QueueUrl=made['QueueUrl'] + '-none', AttributeNames=['All']))
    step('sqs set', lambda: sqs.set_queue_attributes(**url, Attributes={'VisibilityTimeout': '60', 'KmsMasterKeyId': 'alias/aws/sqs'}))
    step('sqs after set', lambda: sqs.get_queue_attributes(**url, AttributeNames=['All']), settings)
    step('sqs data key', lambda: sqs.get_queue_attributes(**url, AttributeNames=['KmsDataKeyReusePeriodSeconds']), chosen('Attributes'))
    step('sqs clear the key', lambda: sqs.set_queue_attributes(**url, Attributes={'KmsMasterKeyId': ''}))
    step('sqs after clearing', lambda: sqs.get_queue_attributes(**url, AttributeNames=['KmsMasterKeyId']), chosen('Attributes'))
    step('sqs tag', lambda: sqs.tag_queue(**url, Tags={'b': '2'}))
    step('sqs untag', lambda: sqs.untag_queue(**url, TagKeys=['a']))
    step('sqs tags', lambda: sqs.list_queue_tags(**url), chosen('Tags'))
    step('sqs set wrong', lambda: sqs.set_queue_attributes(**url, Attributes={'VisibilityTimeout': '50000'}))
    step('sqs set dead letters', lambda: sqs.set_queue_attributes(**url, Attributes={'RedrivePolicy': json.dumps(
        {'deadLetterTargetArn': 'arn:aws:sqs:us-east-1:123456789012:contract-none', 'maxReceiveCount': 3})}))
    step('sqs tags of none', lambda: sqs.list_queue_tags(QueueUrl=made['QueueUrl'] + '-none'))
    step('sqs delete', lambda: sqs.delete_queue(**url))
    step('sqs delete again', lambda: sqs.delete_queue(**url))
    step('sqs create soon after', lambda: sqs.create_queue(QueueName='contract'))


def keys(side):
    kms, tagging, step = side.client('kms'), side.client('resourcegroupstaggingapi'), side.step
    known = ('Description', 'Enabled', 'KeyState', 'KeySpec', 'KeyManager', 'Origin', 'CustomerMasterKeySpec',
             'EncryptionAlgorithms')
    made = step('kms create', lambda: kms.create_key(Description='d', Tags=[{'TagKey': 'contract', 'TagValue': '1'}]),
                lambda answer: {name: answer['KeyMetadata'].get(name) for name in known})
    key = {'KeyId': made['KeyMetadata']['KeyId']}
    arn = made['KeyMetadata']['Arn']
    step('kms describe', lambda: kms.describe_key(**key), lambda answer: {name: answer['KeyMetadata'].get(name) for name in known})
    step('kms use at first', lambda: kms.describe_key(**key),
         lambda answer: [answer['KeyMetadata'].get(name) for name in ('KeyUsage', 'MultiRegion')])
    step('kms describe by arn', lambda: kms.describe_key(KeyId=arn), lambda answer: answer['KeyMetadata']['KeyId'] == key['KeyId'])
    step('kms describe none', lambda: kms.describe_key(KeyId='00000000-0000-4000-8000-000000000000'))
    step('kms tags', lambda: kms.list_resource_tags(**key), chosen('Tags', 'Truncated'))
    step('kms tag', lambda: kms.tag_resource(**key, Tags=[{'TagKey': 'b', 'TagValue': '2'}]))
    step('kms untag', lambda: kms.untag_resource(**key, TagKeys=['b']))
    step('kms find', lambda: tagging.get_resources(TagFilters=[{'Key': 'contract', 'Values': ['1']}], ResourceTypeFilters=['kms:key']),
         lambda answer: [item['ResourceARN'] == arn for item in answer['ResourceTagMappingList']])
    step('kms find none', lambda: tagging.get_resources(TagFilters=[{'Key': 'contract', 'Values': ['2']}], ResourceTypeFilters=['kms']),
         lambda answer: answer['ResourceTagMappingList'])
    step('kms policy', lambda: kms.get_key_policy(**key, PolicyName='default'),
         lambda answer: json.loads(answer['Policy'])['Statement'][0]['Action'])
    step('kms put policy', lambda: kms.put_key_policy(**key, PolicyName='default', Policy=json.dumps(
        {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': '*', 'Action': 'kms:*', 'Resource': '*'}]})))
    step('kms put nonsense', lambda: kms.put_key_policy(**key, PolicyName='default', Policy='{'))
    step('kms rotation at first', lambda: kms.get_key_rotation_status(**key), chosen('KeyRotationEnabled'))
    step('kms rotate', lambda: kms.enable_key_rotation(**key))
    step('kms rotation then', lambda: kms.get_key_rotation_status(**key), chosen('KeyRotationEnabled'))
    step('kms disable', lambda: kms.disable_key(**key))
    step('kms state then', lambda: kms.describe_key(**key), lambda answer: answer['KeyMetadata']['KeyState'])
    step('kms rotate while disabled', lambda: kms.disable_key_rotation(**key))
    step('kms enable', lambda: kms.enable_key(**key))
    step('kms describe as', lambda: kms.update_key_description(**key, Description='e'))
    step('kms after that', lambda: kms.describe_key(**key), lambda answer: answer['KeyMetadata']['Description'])
    step('kms create for codes', lambda: kms.create_key(KeySpec='HMAC_256', KeyUsage='GENERATE_VERIFY_MAC'),
         lambda answer: [answer['KeyMetadata'][name] for name in ('KeySpec', 'KeyUsage')])
    step('kms create mismatched', lambda: kms.create_key(KeySpec='HMAC_256', KeyUsage='ENCRYPT_DECRYPT'))
    step('kms create with nonsense', lambda: kms.create_key(Policy='{'))
    step('kms delete too soon', lambda: kms.schedule_key_deletion(**key, PendingWindowInDays=3))
    step('kms delete', lambda: kms.schedule_key_deletion(**key, PendingWindowInDays=7), chosen('KeyState', 'PendingWindowInDays'))
    step('kms delete again', lambda: kms.schedule_key_deletion(**key, PendingWindowInDays=7))
    step('kms state at last', lambda: kms.describe_key(**key),
         lambda answer: [answer['KeyMetadata'][name] for name in ('KeyState', 'Enabled')])
    step('kms enable at last', lambda: kms.enable_key(**key))
    step('kms tag at last', lambda: kms.tag_resource(**key, Tags=[{'TagKey': 'b', 'TagValue': '2'}]))
    step('kms rotate at last', lambda: kms.enable_key_rotation(**key))


def settled(lambda_client):
    """Waits until the function is what it was last told to be."""
    def look():
        answer = lambda_client.get_function_configuration(FunctionName='contract')
        return answer['State'] != 'Pending' and answer.get('LastUpdateStatus') != 'InProgress'
    stack.wait_until('function settles', look)


def functions(side):
    functions_, iam, step = side.client('lambda'), side.client('iam'), side.step
    role = iam.create_role(RoleName='contract-function', AssumeRolePolicyDocument=TRUST)['Role']['Arn']
    name = {'FunctionName': 'contract'}
    wanted = {**name, 'Runtime': 'python3.12', 'Handler': 'index.handler', 'Role': role,
              'Code': {'ZipFile': archive('one')}, 'Tags': {'a': '1'}}
    known = ('FunctionName', 'FunctionArn', 'Runtime', 'Handler', 'Role', 'Description', 'Timeout', 'MemorySize', 'Version',
             'CodeSize', 'CodeSha256', 'PackageType', 'Architectures', 'Environment')
    step('lambda create', lambda: functions_.create_function(**wanted), chosen(*known))
    settled(functions_)
    step('lambda create again', lambda: functions_.create_function(**wanted))
    step('lambda state', lambda: functions_.get_function_configuration(**name), chosen('State', 'LastUpdateStatus'))
    step('lambda read', lambda: functions_.get_function_configuration(**name), chosen(*known))
    step('lambda layers', lambda: functions_.get_function_configuration(**name), chosen('Layers'))
    step('lambda read by arn', lambda: functions_.get_function_configuration(
        FunctionName='arn:aws:lambda:us-east-1:123456789012:function:contract'), chosen('FunctionName'))
    step('lambda read none', lambda: functions_.get_function_configuration(FunctionName='contract-none'))
    step('lambda update', lambda: functions_.update_function_configuration(
        **name, Timeout=9, MemorySize=256, Description='d', Environment={'Variables': {'A': 'b'}}), chosen(*known))
    settled(functions_)
    step('lambda clear', lambda: functions_.update_function_configuration(**name, Environment={'Variables': {}}), chosen('Environment'))
    settled(functions_)
    step('lambda update wrong', lambda: functions_.update_function_configuration(**name, Timeout=901))
    step('lambda update memory wrong', lambda: functions_.update_function_configuration(**name, MemorySize=1))
    step('lambda update code', lambda: functions_.update_function_code(**name, ZipFile=archive('two')), chosen('CodeSha256'))
    settled(functions_)
    arn = {'Resource': 'arn:aws:lambda:us-east-1:123456789012:function:contract'}
    step('lambda tag', lambda: functions_.tag_resource(**arn, Tags={'b': '2'}))
    step('lambda untag', lambda: functions_.untag_resource(**arn, TagKeys=['a']))
    step('lambda tags', lambda: functions_.list_tags(**arn), chosen('Tags'))
    step('lambda tags of none', lambda: functions_.list_tags(Resource=arn['Resource'] + '-none'))
    step('lambda create without role', lambda: functions_.create_function(
        **{**wanted, 'FunctionName': 'contract-2', 'Role': 'no arn'}))
    iam.delete_role(RoleName='contract-function')
    step('lambda create for a role that is gone', lambda: functions_.create_function(**{**wanted, 'FunctionName': 'contract-3'}))
    step('lambda delete', lambda: functions_.delete_function(**name))
    step('lambda delete again', lambda: functions_.delete_function(**name))


def buckets(side):
    s3, step = side.client('s3'), side.step
    bucket = {'Bucket': 'contract-bucket'}
    step('s3 create', lambda: s3.create_bucket(**bucket))
    step('s3 create again', lambda: s3.create_bucket(**bucket))
    step('s3 head', lambda: s3.head_bucket(**bucket))
    step('s3 head none', lambda: s3.head_bucket(Bucket='contract-bucket-none'))
    step('s3 create with a bad name', lambda: s3.create_bucket(Bucket='Contract_Bucket'))
    step('s3 create public', lambda: s3.create_bucket(Bucket='contract-bucket-2', ACL='public-read'))
    step('s3 create in the first region by name', lambda: s3.create_bucket(
        Bucket='contract-bucket-3', CreateBucketConfiguration={'LocationConstraint': 'us-east-1'}))
    west = side.client('s3', 'eu-west-1')
    there = {'CreateBucketConfiguration': {'LocationConstraint': 'eu-west-1'}}
    step('s3 create elsewhere', lambda: west.create_bucket(Bucket='contract-bucket-4', **there))
    step('s3 create elsewhere again', lambda: west.create_bucket(Bucket='contract-bucket-4', **there))
    step('s3 location', lambda: west.get_bucket_location(Bucket='contract-bucket-4'), chosen('LocationConstraint'))
    step('s3 create elsewhere unnamed', lambda: west.create_bucket(Bucket='contract-bucket-5'))
    step('s3 versioning at first', lambda: s3.get_bucket_versioning(**bucket), chosen('Status'))
    step('s3 set versioning', lambda: s3.put_bucket_versioning(**bucket, VersioningConfiguration={'Status': 'Enabled'}))
    step('s3 versioning', lambda: s3.get_bucket_versioning(**bucket), chosen('Status'))
    step('s3 versioning wrong', lambda: s3.put_bucket_versioning(**bucket, VersioningConfiguration={'Status': 'Perhaps'}))
    step('s3 encryption at first', lambda: s3.get_bucket_encryption(**bucket), chosen('ServerSideEncryptionConfiguration'))
    rules = {'Rules': [{'ApplyServerSideEncryptionByDefault': {'SSEAlgorithm': 'aws:kms', 'KMSMasterKeyID': 'alias/x'}}]}
    step('s3 set encryption', lambda: s3.put_bucket_encryption(**bucket, ServerSideEncryptionConfiguration=rules))
    step('s3 encryption', lambda: s3.get_bucket_encryption(**bucket),
         lambda answer: answer['ServerSideEncryptionConfiguration']['Rules'][0]['ApplyServerSideEncryptionByDefault'])
    step('s3 block at first', lambda: s3.get_public_access_block(**bucket), chosen('PublicAccessBlockConfiguration'))
    step('s3 set block', lambda: s3.put_public_access_block(
        **bucket, PublicAccessBlockConfiguration={'BlockPublicAcls': True, 'BlockPublicPolicy': False}))
    step('s3 block', lambda: s3.get_public_access_block(**bucket), chosen('PublicAccessBlockConfiguration'))
    step('s3 cors at first', lambda: s3.get_bucket_cors(**bucket))
    cors = [{'AllowedMethods': ['GET', 'PUT'], 'AllowedOrigins': ['*'], 'AllowedHeaders': ['a', 'b'], 'ExposeHeaders': ['c'],
             'MaxAgeSeconds': 5}]
    step('s3 set cors', lambda: s3.put_bucket_cors(**bucket, CORSConfiguration={'CORSRules': cors}))
    step('s3 cors', lambda: s3.get_bucket_cors(**bucket), chosen('CORSRules'))
    step('s3 cors wrong', lambda: s3.put_bucket_cors(**bucket, CORSConfiguration={'CORSRules': [
        {'AllowedMethods': ['PATCH'], 'AllowedOrigins': ['*']}]}))
    step('s3 delete cors', lambda: s3.delete_bucket_cors(**bucket))
    step('s3 delete cors again', lambda: s3.delete_bucket_cors(**bucket))
    step('s3 lifecycle at first', lambda: s3.get_bucket_lifecycle_configuration(**bucket))
    life = [{'ID': 'x', 'Status': 'Enabled', 'Filter': {'Prefix': 'logs/'}, 'Expiration': {'Days': 365},
             'Transitions': [{'Days': 30, 'StorageClass': 'STANDARD_IA'}, {'Days': 90, 'StorageClass': 'GLACIER'}]}]
    step('s3 set lifecycle', lambda: s3.put_bucket_lifecycle_configuration(**bucket, LifecycleConfiguration={'Rules': life}))
    step('s3 lifecycle', lambda: s3.get_bucket_lifecycle_configuration(**bucket), chosen('Rules'))
    step('s3 lifecycle without action', lambda: s3.put_bucket_lifecycle_configuration(
        **bucket, LifecycleConfiguration={'Rules': [{'ID': 'x', 'Status': 'Enabled', 'Filter': {'Prefix': ''}}]}))
    step('s3 delete lifecycle', lambda: s3.delete_bucket_lifecycle(**bucket))
    step('s3 tags at first', lambda: s3.get_bucket_tagging(**bucket))
    step('s3 tag', lambda: s3.put_bucket_tagging(**bucket, Tagging={'TagSet': [{'Key': 'a', 'Value': '1'}]}))
    step('s3 tag others', lambda: s3.put_bucket_tagging(**bucket, Tagging={'TagSet': [{'Key': 'b', 'Value': '2'}]}))
    step('s3 tags', lambda: s3.get_bucket_tagging(**bucket), chosen('TagSet'))
    step('s3 tag with a reserved key', lambda: s3.put_bucket_tagging(**bucket, Tagging={'TagSet': [{'Key': 'aws:a', 'Value': '1'}]}))
    step('s3 tags of none', lambda: s3.get_bucket_tagging(Bucket='contract-bucket-none'))
    step('s3 create with tags', lambda: s3.create_bucket(
        Bucket='contract-bucket-6', CreateBucketConfiguration={'Tags': [{'Key': 'a', 'Value': '1'}]}))
    step('s3 tags from the start', lambda: s3.get_bucket_tagging(Bucket='contract-bucket-6'), chosen('TagSet'))
    step('s3 delete', lambda: s3.delete_bucket(**bucket))
    step('s3 delete again', lambda: s3.delete_bucket(**bucket))


def identities(side):
    sts, step = side.client('sts'), side.step
    step('sts who', sts.get_caller_identity, chosen('Account'))
    step('sts assume', lambda: sts.assume_role(RoleArn='arn:aws:iam::123456789012:role/contract', RoleSessionName='session'),
         lambda answer: answer['AssumedRoleUser']['Arn'])
    step('sts assume nothing', lambda: sts.assume_role(RoleArn='no arn at all, but long', RoleSessionName='session'))


SCENARIOS = (vpcs, roles, queues, keys, functions, buckets, identities)


def listed():
    """The rows of the table: step -> (what the fake answers, what the emulator answers)."""
    rows = {}
    for line in DIFFERENCES.read_text().splitlines():
        cells = [cell.strip() for cell in re.split(r'(?<!\\)\|', line)[1:-1]]
        if len(cells) == 4 and cells[0] not in ('step', '') and not cells[0].startswith('-'):
            rows[cells[0]] = (cells[1].strip('`'), cells[2].strip('`'))
    return rows


class FakeAws(unittest.TestCase):
    def setUp(self):
        build = pathlib.Path(World.tools['operator']).resolve().parents[2]
        self.server = stack.Process('sim-aws', [build / SERVER, '127.0.0.1:0', '--speed', '5'], World.stack.folder)
        self.addCleanup(self.server.stop)
        found = self.server.wait_until('listens', lambda: re.search(r'listening on (\d+)', self.server.text()))
        self.sides = [Side(f'http://127.0.0.1:{found[1]}'), Side(World.stack.aws_endpoint)]

    def test_answers_as_the_emulator_does(self):
        for scenario in SCENARIOS:
            for side in self.sides:
                scenario(side)
        fake, emulator = (side.outcomes for side in self.sides)
        self.assertEqual(list(fake), list(emulator))
        found = {step: (fake[step], emulator[step]) for step in fake if fake[step] != emulator[step]}
        known = listed()
        for step in sorted(found.keys() | known.keys()):
            with self.subTest(step):
                self.assertEqual(found.get(step), known.get(step))
