"""Which operation a request to AWS is, and which IAM actions AWS would ask for before it carries it out.

Written from AWS's Service Authorization Reference and the pages on each service's permissions, and not from what makes
chart/files/iam-policy.json: the two check each other.
"""
import re
import urllib.parse

import botocore.session

PREFIXES = {'tagging': 'tag'}
REST = ('lambda', 's3')
READS = ('Describe', 'Get', 'Head', 'List')

# Operations whose action has another name.
RENAMED = {
    's3:DeleteBucketCors': 's3:PutBucketCORS', 's3:DeleteBucketLifecycle': 's3:PutLifecycleConfiguration',
    's3:GetBucketCors': 's3:GetBucketCORS', 's3:GetBucketEncryption': 's3:GetEncryptionConfiguration',
    's3:GetBucketLifecycleConfiguration': 's3:GetLifecycleConfiguration',
    's3:GetPublicAccessBlock': 's3:GetBucketPublicAccessBlock',
    's3:PutBucketCors': 's3:PutBucketCORS', 's3:PutBucketEncryption': 's3:PutEncryptionConfiguration',
    's3:PutBucketLifecycleConfiguration': 's3:PutLifecycleConfiguration',
    's3:PutPublicAccessBlock': 's3:PutBucketPublicAccessBlock', 'sqs:DeleteMessageBatch': 'sqs:DeleteMessage',
}
# What a create that gives tags needs beside its own action.
TAGGING = {
    'dynamodb': 'TagResource', 'ec2': 'CreateTags', 'ecr': 'TagResource', 'elasticache': 'AddTagsToResource', 'iam': 'TagRole',
    'kms': 'TagResource', 'lambda': 'TagResource', 'rds': 'AddTagsToResource', 's3': 'TagResource',
    'secretsmanager': 'TagResource', 'sns': 'TagResource', 'sqs': 'TagQueue',
}
# Other actions that an operation needs if its input matches.
LAMBDA_CONFIGURATION = {
    '"Role"': ['iam:PassRole'],
    '"Layers"': ['lambda:GetLayerVersion'],
    '"VpcConfig"': ['ec2:DescribeSecurityGroups', 'ec2:DescribeSubnets', 'ec2:DescribeVpcs'],
}
LAMBDA_CODE = {
    '"S3Key"': ['s3:GetObject'],
    '"S3ObjectVersion"': ['s3:GetObjectVersion'],
    '"ImageUri"': ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:GetRepositoryPolicy', 'ecr:SetRepositoryPolicy'],
}
VOLUME_KEY = ['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncryptFrom',
              'kms:ReEncryptTo']
# AWS makes the role by which a service acts for an account with the first resource of that service.
FIRST = {'': ['iam:CreateServiceLinkedRole']}
CACHE = {**FIRST, 'KmsKeyId=': ['kms:CreateGrant', 'kms:DescribeKey']}
SECRET_VALUE = {'"KmsKeyId"': ['kms:Decrypt', 'kms:GenerateDataKey']}
ALSO = {
    'ec2:AssociateIamInstanceProfile': {'': ['iam:PassRole']},
    'ec2:ReplaceIamInstanceProfileAssociation': {'': ['iam:PassRole']},
    'ec2:RunInstances': {'IamInstanceProfile': ['iam:PassRole'], 'KmsKeyId': VOLUME_KEY, 'resolve%3Assm': ['ssm:GetParameters']},
    'ecr:CreateRepository': {'"kmsKey"': ['kms:CreateGrant', 'kms:DescribeKey', 'kms:RetireGrant']},
    'elasticache:CreateCacheCluster': CACHE,
    'elasticache:CreateReplicationGroup': CACHE,
    'kms:CreateKey': {'"MultiRegion": *true': ['iam:CreateServiceLinkedRole']},
    'lambda:CreateFunction': {**LAMBDA_CONFIGURATION, **LAMBDA_CODE},
    'lambda:UpdateFunctionCode': LAMBDA_CODE,
    'lambda:UpdateFunctionConfiguration': LAMBDA_CONFIGURATION,
    'rds:CreateDBInstance': FIRST,
    's3:CreateBucket': {'x-amz-acl': ['s3:PutBucketAcl']},
    'secretsmanager:CreateSecret': SECRET_VALUE,
    'secretsmanager:RotateSecret': {'"RotationLambdaARN"': ['lambda:InvokeFunction']},
    'secretsmanager:UpdateSecret': SECRET_VALUE,
}


class Shape:
    """Method, path and query of an operation, as the service's model has them."""

    def __init__(self, name, http):
        path, _, query = http['requestUri'].partition('?')
        self.name, self.method = name, http['method']
        self.path = re.compile(re.sub(r'\\{\w+(\\\+)?\\}', lambda match: '.+' if match[1] else '[^/]+', re.escape(path)) + '/?')
        self.query = set(urllib.parse.parse_qs(query, keep_blank_values=True))

    def fits(self, method, path, query):
        return method == self.method and self.path.fullmatch(path) and self.query <= query


def shapes(service):
    model = botocore.session.get_session().get_service_model(service)
    found = [Shape(name, model.operation_model(name).http) for name in model.operation_names
             if not model.operation_model(name).deprecated]
    # Of those that fit, the one that says most is meant.
    return sorted(found, key=lambda one: (-len(one.query), -len(one.path.pattern)))


SHAPES = {service: shapes(service) for service in REST}


def operation_of(request):
    """Such as ec2:CreateVpc."""
    service, name = request.service, request.operation
    if service in REST:
        path, _, query = request.path.partition('?')
        keys = set(urllib.parse.parse_qs(query, keep_blank_values=True))
        name = next(one.name for one in SHAPES[service] if one.fits(request.method, path, keys))
    return f'{PREFIXES.get(service, service)}:{name}'


def writes(request):
    return not operation_of(request).partition(':')[2].startswith(READS)


def own(operation):
    """The action that is for this operation."""
    return RENAMED.get(operation, operation)


def actions_of(request):
    operation = operation_of(request)
    prefix, _, name = operation.partition(':')
    given = f'{sorted(key.lower() for key in request.headers)} {request.body.decode(errors="replace")}'
    actions = {own(operation)}
    makes = name.startswith(('Allocate', 'Create', 'Run')) and name != TAGGING.get(prefix)
    if makes and re.search(r'TagSpecification|Tags?\.|"[tT]ags"|<Tags>', given):
        actions.add(f'{prefix}:{TAGGING[prefix]}')
    for pattern, more in ALSO.get(operation, {}).items():
        if re.search(pattern, given):
            actions.update(more)
    return actions
