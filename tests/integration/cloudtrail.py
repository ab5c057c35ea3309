"""What CloudTrail tells of calls by others, as EventBridge passes it on."""
ACCOUNT, REGION = '123456789012', 'us-east-1'
DETAIL_TYPE = 'AWS API Call via CloudTrail'


def call(service, name, **detail):
    """What CloudTrail tells of a call by somebody else."""
    return {'eventVersion': '1.11', 'eventSource': f'{service}.amazonaws.com', 'eventName': name, 'awsRegion': REGION, 'readOnly': False,
            'userIdentity': {'type': 'IAMUser', 'arn': f'arn:aws:iam::{ACCOUNT}:user/anna', 'accountId': ACCOUNT},
            'userAgent': 'aws-cli/2.15', 'eventType': 'AwsApiCall', 'recipientAccountId': ACCOUNT, **detail}


def tagged(vpc, **detail):
    """As EC2 words it."""
    return call('ec2', 'CreateTags', responseElements={'_return': True}, requestParameters={
        'resourcesSet': {'items': [{'resourceId': vpc}]}, 'tagSet': {'items': [{'key': 'Team', 'value': 'z'}]}}, **detail)


def source_of(detail):
    return 'aws.' + detail['eventSource'].partition('.')[0]


def whole(detail, **envelope):
    """As it lies in the queue."""
    return {'version': '0', 'id': 'e', 'detail-type': DETAIL_TYPE, 'source': source_of(detail), 'account': ACCOUNT,
            'time': '2026-11-02T10:15:00Z', 'region': REGION, 'resources': [], 'detail': detail, **envelope}
