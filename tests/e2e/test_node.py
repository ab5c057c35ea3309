"""What Kubernetes does to the pods: evicts them, makes more of them, and loses their node."""
from cluster import node
from harness import DEPLOYMENT, Release, World, wait_until


class Budget(Release):
    def test_the_last_of_two_pods_stays(self):
        # A new pod takes longer to be ready than the test lasts.
        self.install(replicaCount=2, podDisruptionBudget__enabled='true', readinessProbe__initialDelaySeconds=5)
        first, second = self.pods()
        self.assertEqual(self.evict(first)[0], 201)
        status, answer = self.evict(second)
        self.assertEqual(status, 429, answer)
        self.assertIn('disruption budget', answer['message'])

    def test_one_pod_may_go(self):
        self.install(podDisruptionBudget__enabled='true')
        self.assertEqual(self.evict(self.pods()[0])[0], 201)


class Autoscaling(Release):
    def test_as_many_as_the_load_asks_for(self):
        # Any process uses more than one percent of its memory.
        few = {'autoscaling__enabled': 'true', 'autoscaling__maxReplicas': 2, 'autoscaling__targetCPUUtilizationPercentage': 0,
               'autoscaling__targetMemoryUtilizationPercentage': 1}
        self.install(**few)
        wait_until('there are two pods', lambda: self.ready() == 2, 180)
        self.install(**few, podLabels__version='other')
        self.assertEqual(self.kube.must('GET', DEPLOYMENT)['spec']['replicas'], 2, 'an upgrade leaves the number to the autoscaler')

    def ready(self):
        return self.kube.must('GET', DEPLOYMENT)['status'].get('readyReplicas')


class Restart(Release):
    def test_of_the_node(self):
        self.install()
        self.make_first('one')
        started = self.started()
        node.down(World.place)
        node.start_containerd(World.place)
        node.up(World.place)
        wait_until('the operator runs again', lambda: self.started() not in (None, started), 120)
        self.patch('SQSQueue', 'one', {'visibilityTimeout': 77})
        self.wait_ready('SQSQueue', 'one', 60)
        self.assertEqual(self.queues(), ['one'])

    def started(self):
        return self.pods()[0]['status']['containerStatuses'][0]['state'].get('running', {}).get('startedAt')
