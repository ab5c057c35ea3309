"""ElastiCache as far as moto 5.2.5 lacks it, as a rule for a Proxy.

ElastiCacheBackend never ends a deletion, has no ModifyCacheCluster, IncreaseReplicaCount or
ModifyReplicationGroupShardConfiguration, keeps no clusters for the members of a group, and modify_replication_group takes no
notice of windows, groups, topics and versions. What was asked for is kept here and shown.
"""
import collections

from proxy import Reply, query_error

OWN = ('ModifyCacheCluster', 'IncreaseReplicaCount', 'ModifyReplicationGroupShardConfiguration')
NOT_THERE = {'DescribeReplicationGroups': 'ReplicationGroupNotFoundFault', 'DescribeCacheClusters': 'CacheClusterNotFound'}


class Caches:
    def __init__(self):
        self.held = collections.defaultdict(dict)  # name -> what was last asked for
        self.gone = set()

    def answer(self, request):
        if request.service != 'elasticache':
            return None
        asked = request.parameters()
        name = self.name_of(asked)
        if request.operation.startswith(('Create', 'Modify')):
            self.keep(name, asked)
        if request.operation.startswith('Delete'):
            self.gone.add(name)
        if request.operation in OWN:
            return self.xml(request.operation, '')
        made = 'EngineVersion' in self.held[name]
        if request.operation.startswith('Describe') and (name in self.gone or not made):
            return query_error(NOT_THERE[request.operation], f'{name} not found')
        if request.operation == 'DescribeCacheClusters':
            return self.xml(request.operation, f'<CacheClusters><CacheCluster>{self.cluster(name)}</CacheCluster></CacheClusters>')
        if request.operation == 'DescribeReplicationGroups':
            return lambda reply: self.show_group(name, reply)
        return None

    def name_of(self, asked):
        """Of a group, of a cluster, or of the group that a node is in."""
        node = asked.get('CacheClusterId', '')
        return asked.get('ReplicationGroupId') or next((one for one in self.held if node.startswith(f'{one}-0')), node)

    def keep(self, name, asked):
        held = self.held[name]
        if any(member.startswith('SecurityGroupIds') for member in asked):
            held = {member: value for member, value in held.items() if not member.startswith('SecurityGroupIds')}
        self.held[name] = {**held, **asked}

    def xml(self, operation, inside):
        return Reply(200, f'<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>',
                     {'Content-Type': 'text/xml'})

    def show_group(self, name, reply):
        window = self.held[name].get('SnapshotWindow', '05:00-6:00')
        before, _, after = reply.body.partition(b'<SnapshotWindow>')
        if after:
            reply.body = before + b'<SnapshotWindow>' + window.encode() + after[after.index(b'</SnapshotWindow>'):]
        return reply

    def cluster(self, name):
        """As DescribeCacheClusters shows one."""
        held = self.held[name]
        groups = [value for member, value in sorted(held.items()) if member.startswith('SecurityGroupIds')]
        nodes = ''.join(
            f'<CacheNode><CacheNodeId>{n:04}</CacheNodeId><Endpoint><Address>{n:04}.{name}</Address><Port>11211</Port></Endpoint></CacheNode>'
            for n in range(1, int(held.get('NumCacheNodes', 1)) + 1))
        return (f'<CacheClusterId>{name}</CacheClusterId><CacheClusterStatus>available</CacheClusterStatus>'
                f'<ARN>arn:aws:elasticache:us-east-1:123456789012:cluster:{name}</ARN>'
                f'<CacheClusterCreateTime>2026-01-01T00:00:00Z</CacheClusterCreateTime>'
                f'<ConfigurationEndpoint><Address>all.{name}</Address><Port>11211</Port></ConfigurationEndpoint>'
                f'<EngineVersion>{held["EngineVersion"]}.7</EngineVersion><CacheNodeType>{held["CacheNodeType"]}</CacheNodeType>'
                f'<NumCacheNodes>{held.get("NumCacheNodes", 1)}</NumCacheNodes><CacheNodes>{nodes}</CacheNodes>'
                f'<PreferredMaintenanceWindow>{held.get("PreferredMaintenanceWindow", "sun:01:00-sun:02:00")}</PreferredMaintenanceWindow>'
                f'<CacheParameterGroup><CacheParameterGroupName>{held.get("CacheParameterGroupName", "default")}</CacheParameterGroupName></CacheParameterGroup>'
                f'<NotificationConfiguration><TopicArn>{held.get("NotificationTopicArn", "")}</TopicArn></NotificationConfiguration>'
                '<SecurityGroups>' + ''.join(f'<member><SecurityGroupId>{one}</SecurityGroupId></member>' for one in groups) +
                '</SecurityGroups>')
