"""Errors as AWS words them in the protocol of each service, for a Proxy's rule."""
import json

from proxy import Reply, query_error

QUERY = ('elasticache', 'iam', 'rds', 'sns', 'sts')


def refusal(request, code, status):
    text = 'refused by the test'
    if request.service == 'ec2':
        return Reply(status, f'<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors>'
                             '<RequestID>r</RequestID></Response>', {'Content-Type': 'text/xml'})
    if request.service == 's3':
        return Reply(status, f'<Error><Code>{code}</Code><Message>{text}</Message></Error>', {'Content-Type': 'application/xml'})
    if request.service in QUERY:
        reply = query_error(code, text)
        reply.status = status
        return reply
    return Reply(status, json.dumps({'__type': code, 'message': text}), {'Content-Type': 'application/json', 'X-Amzn-ErrorType': code})


def denied(request):
    codes = {'ec2': 'UnauthorizedOperation', 's3': 'AccessDenied', **dict.fromkeys(QUERY, 'AccessDenied')}
    return refusal(request, codes.get(request.service, 'AccessDeniedException'), 403)


def throttled(request):
    codes = {'ec2': ('RequestLimitExceeded', 503), 's3': ('SlowDown', 503), 'lambda': ('TooManyRequestsException', 429),
             **dict.fromkeys(QUERY, ('Throttling', 400))}
    return refusal(request, *codes.get(request.service, ('ThrottlingException', 400)))
