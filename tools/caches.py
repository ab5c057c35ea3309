"""ElastiCache as far as moto 5.2.5 lacks it, as a rule for a Proxy.

ElastiCacheBackend never ends a deletion, has no ModifyCacheCluster, IncreaseReplicaCount, DecreaseReplicaCount or
ModifyReplicationGroupShardConfiguration, keeps no clusters for the members of a group, and modify_replication_group takes no
notice of windows, groups, topics and versions. What was asked for is kept here and shown.
"""
import collections
import re

from proxy import Reply, query_error

# Each with the members of a create that it changes.
OWN = {'ModifyCacheCluster': {}, 'IncreaseReplicaCount': {'NewReplicaCount': 'ReplicasPerNodeGroup'},
       'DecreaseReplicaCount': {'NewReplicaCount': 'ReplicasPerNodeGroup'},
       'ModifyReplicationGroupShardConfiguration': {'NodeGroupCount': 'NumNodeGroups'}}
NOT_THERE = {'DescribeReplicationGroups': 'ReplicationGroupNotFoundFault', 'DescribeCacheClusters': 'CacheClusterNotFound',
             'DeleteReplicationGroup': 'ReplicationGroupNotFoundFault', 'DeleteCacheCluster': 'CacheClusterNotFound'}


class Caches:
    def __init__(self):
        self.held = collections.defaultdict(dict)  # name -> what was last asked for
        self.gone = set()

    def answer(self, request):
        if request.service != 'elasticache':
            return None
        asked = request.parameters()
        name = self.name_of(asked)
        if request.operation.startswith(('Create', 'Modify')) or request.operation in OWN:
            names = OWN.get(request.operation, {})
            self.keep(name, {names.get(member, member): value for member, value in asked.items()})
        if request.operation.startswith('Delete') and name not in self.gone:
            self.gone.add(name)
            return None
        if request.operation in OWN:
            return self.xml(request.operation, '')
        made = 'EngineVersion' in self.held[name]
        if request.operation in NOT_THERE and (name in self.gone or not made):
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
        reply.body = self.with_nodes(name, reply.body)
        return reply

    def with_nodes(self, name, body):
        """As many shards, and members of each, as were asked for last; each has the first one's endpoints."""
        held = self.held[name]
        shard = re.search(rb'<NodeGroup>.*?</NodeGroup>', body, re.DOTALL)
        if shard is None or not held.keys() & {'NumNodeGroups', 'ReplicasPerNodeGroup'}:
            return body
        member = '<NodeGroupMember><ReadEndpoint><Address>{}</Address><Port>6379</Port></ReadEndpoint></NodeGroupMember>'
        members = ''.join(member.format(f'{name}-{n:03}') for n in range(1, int(held.get('ReplicasPerNodeGroup', 0)) + 2))
        inside = re.sub(rb'<NodeGroupMembers>.*</NodeGroupMembers>', f'<NodeGroupMembers>{members}</NodeGroupMembers>'.encode(),
                        shard.group(), flags=re.DOTALL)
        return re.sub(rb'<NodeGroups>.*</NodeGroups>', b'<NodeGroups>' + inside * int(held.get('NumNodeGroups', 1)) + b'</NodeGroups>',
                      body, flags=re.DOTALL)

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
