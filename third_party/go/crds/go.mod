module infra-operator.invalid/third_party/crds

go 1.26.0

// Nothing of these is built: the chart's tests read the definitions of kinds that the chart makes objects of.
require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/prometheus-operator/prometheus-operator v0.85.0
	k8s.io/autoscaler/vertical-pod-autoscaler v1.8.1
)
