{{/* Refuses values that make no sense together, all at once. The schema has refused wrong types and unknown keys before. */}}
{{- define "infra-operator.validate" -}}
{{- $problems := list -}}
{{- range list "identity" "operator" "pods" "webhook" "rest" -}}
  {{- $problems = concat $problems (include (printf "infra-operator.problems.%s" .) $ | splitList "\n" | compact) -}}
{{- end -}}
{{- with $problems }}{{ fail (printf "\n%s" (join "\n" .)) }}{{ end -}}
{{- end -}}

{{/* One line: (list KEY VALUE WHY FIX). */}}
{{- define "infra-operator.problem" }}
infra-operator: {{ index . 0 }}={{ index . 1 }}: {{ index . 2 }}. {{ index . 3 }}.
{{- end -}}

{{/* A key that must have the form of a pattern: (list KEY VALUE PATTERN WHAT). The schema says it too, and can be skipped. */}}
{{- define "infra-operator.problems.form" -}}
{{- if not (regexMatch (index . 2) (toString (index . 1))) }}
{{- include "infra-operator.problem" (list (index . 0) (index . 1) (printf "is not %s" (index . 3)) (printf "Set %s" (index . 3))) }}
{{- end }}
{{- end -}}

{{- define "infra-operator.problems.identity" -}}
{{- $aws := .Values.aws -}}
{{- $irsa := $aws.irsa -}}
{{- $annotation := get .Values.serviceAccount.annotations "eks.amazonaws.com/role-arn" -}}
{{- $arn := "^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:role/.+$" -}}
{{- $anArn := "the ARN of a role, arn:aws:iam::123456789012:role/NAME" -}}
{{- if $irsa.enabled }}
{{- if not (or $irsa.roleARN $annotation) }}
{{- include "infra-operator.problem" (list "aws.irsa.enabled" true "there is no role to take on" "Set aws.irsa.roleARN") }}
{{- end }}
{{- if and $annotation $irsa.roleARN (ne $annotation $irsa.roleARN) }}
{{- include "infra-operator.problem" (list "aws.irsa.roleARN" $irsa.roleARN (printf "differs from serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn=%s" $annotation) "Set one of the two, or both alike") }}
{{- end }}
{{- end }}
{{- with $irsa.roleARN }}
{{- include "infra-operator.problems.form" (list "aws.irsa.roleARN" . $arn $anArn) }}
{{- end }}
{{- $ways := list -}}
{{- range $name := list "irsa" "podIdentity" "staticCredentials" }}{{ if (get $aws $name).enabled }}{{ $ways = append $ways (printf "aws.%s.enabled" $name) }}{{ end }}{{ end -}}
{{- if gt (len $ways) 1 }}
{{- include "infra-operator.problem" (list (first $ways) true (printf "%s is on too, and only one can give the credentials" (rest $ways | join " and ")) "Set all but one to false") }}
{{- end }}
{{- with $aws.staticCredentials }}
{{- if and .enabled (not .secretName) }}
{{- include "infra-operator.problem" (list "aws.staticCredentials.secretName" "" "a Secret has a name" "Set the name of the Secret with the keys") }}
{{- end }}
{{- if and .enabled .create (not (and .accessKeyID .secretAccessKey)) }}
{{- include "infra-operator.problem" (list "aws.staticCredentials.create" true "there are no keys to put into the Secret" "Set aws.staticCredentials.accessKeyID and aws.staticCredentials.secretAccessKey, or make the Secret yourself and set create=false") }}
{{- end }}
{{- if and .create (not .enabled) }}
{{- include "infra-operator.problem" (list "aws.staticCredentials.create" true "the Secret would not be used" "Set aws.staticCredentials.enabled=true") }}
{{- end }}
{{- end }}
{{- with $aws.assumeRole }}
{{- if .enabled }}
{{- include "infra-operator.problems.form" (list "aws.assumeRole.roleARN" .roleARN $arn $anArn) }}
{{- $seconds := include "infra-operator.seconds" .duration | int }}
{{- if or (lt $seconds 900) (gt $seconds 43200) }}
{{- include "infra-operator.problem" (list "aws.assumeRole.duration" .duration "AWS gives keys for 15m to 12h" "Set a time between") }}
{{- end }}
{{- end }}
{{- end }}
{{- with $aws.localstack }}
{{- if .enabled }}
{{- include "infra-operator.problems.form" (list "aws.localstack.endpoint" .endpoint "^https?://[^/]+" "a URL with scheme, such as http://localstack:4566") }}
{{- if not .s3ForcePathStyle }}
{{- include "infra-operator.problem" (list "aws.localstack.s3ForcePathStyle" false "at an emulator a bucket's name always stands in the path" "Set it to true, or leave it out") }}
{{- end }}
{{- if or $irsa.enabled $aws.podIdentity.enabled }}
{{- include "infra-operator.problem" (list "aws.localstack.enabled" true "an emulator knows no roles of EKS" "Set aws.staticCredentials.enabled=true, and aws.irsa.enabled and aws.podIdentity.enabled to false") }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Two keys that must have the same port: (list KEY PORT OTHER_KEY OTHER_PORT). */}}
{{- define "infra-operator.problems.samePort" -}}
{{- if ne (index . 1 | toString) (index . 3 | toString) }}
{{- include "infra-operator.problem" (list (index . 0) (index . 1) (printf "%s has port %v, and they are one port" (index . 2) (index . 3)) "Set both alike") }}
{{- end }}
{{- end -}}

{{- define "infra-operator.problems.operator" -}}
{{- $operator := .Values.operator -}}
{{- $election := $operator.leaderElection -}}
{{- if $election.enabled }}
{{- range $pair := list (list "leaseDuration" "renewDeadline") (list "renewDeadline" "retryPeriod") }}
{{- $long := get $election (first $pair) }}
{{- $short := get $election (last $pair) }}
{{- if le (include "infra-operator.seconds" $long | int) (include "infra-operator.seconds" $short | int) }}
{{- include "infra-operator.problem" (list (printf "operator.leaderElection.%s" (first $pair)) $long (printf "is not longer than operator.leaderElection.%s=%s, so two pods could lead at once" (last $pair) $short) "Set leaseDuration > renewDeadline > retryPeriod") }}
{{- end }}
{{- end }}
{{- else if include "infra-operator.several" . }}
{{- include "infra-operator.problem" (list "operator.leaderElection.enabled" false (printf "several pods (replicaCount=%v, autoscaling.enabled=%v) would do the same work twice" .Values.replicaCount .Values.autoscaling.enabled) "Set it to true, or replicaCount=1 and autoscaling.enabled=false") }}
{{- end }}
{{- if and (gt (int $operator.shards) 1) (not $election.enabled) }}
{{- include "infra-operator.problem" (list "operator.shards" $operator.shards "each part is a lease, and operator.leaderElection.enabled is false" "Set operator.leaderElection.enabled=true, or shards=1") }}
{{- end }}
{{- with $operator.metrics }}
{{- if .enabled }}
{{- include "infra-operator.problems.samePort" (list "operator.metrics.bindAddress" (regexFind "[0-9]+$" .bindAddress) "operator.metrics.port" .port) }}
{{- include "infra-operator.problems.samePort" (list "service.targetPort" $.Values.service.targetPort "operator.metrics.port" .port) }}
{{- else if $.Values.prometheus.serviceMonitor.enabled }}
{{- include "infra-operator.problem" (list "prometheus.serviceMonitor.enabled" true "operator.metrics.enabled is false, so there is nothing to scrape" "Set operator.metrics.enabled=true") }}
{{- end }}
{{- end }}
{{- with $operator.health }}
{{- if .enabled }}
{{- include "infra-operator.problems.samePort" (list "operator.health.bindAddress" (regexFind "[0-9]+$" .bindAddress) "operator.health.port" .port) }}
{{- range $probe := list "livenessProbe" "readinessProbe" "startupProbe" }}
{{- with (get $.Values $probe).httpGet }}
{{- include "infra-operator.problems.samePort" (list (printf "%s.httpGet.port" $probe) .port "operator.health.port" $operator.health.port) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $pair := list (list "metrics" "health") (list "metrics" "webhooks") (list "health" "webhooks") }}
{{- if eq (int (get $operator (first $pair)).port) (int (get $operator (last $pair)).port) }}
{{- include "infra-operator.problem" (list (printf "operator.%s.port" (first $pair)) (get $operator (first $pair)).port (printf "is operator.%s.port too" (last $pair)) "Set two different ports") }}
{{- end }}
{{- end }}
{{- with .Values.providers }}
{{- $namespace := "^([*]|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$" }}
{{- $named := "the name of a namespace, or * for all" }}
{{- range $i, $one := .podIdentity.namespaces }}
{{- include "infra-operator.problems.form" (list (printf "providers.podIdentity.namespaces[%d]" $i) $one $namespace $named) }}
{{- end }}
{{- range $i, $role := .podIdentity.roles }}
{{- range $role.namespaces }}
{{- include "infra-operator.problems.form" (list (printf "providers.podIdentity.roles[%d].namespaces" $i) . $namespace $named) }}
{{- end }}
{{- range $role.arns }}
{{- include "infra-operator.problems.form" (list (printf "providers.podIdentity.roles[%d].arns" $i) . "^([*]|arn:[^ ]+)$" "the ARN of a role, such as arn:aws:iam::123456789012:role/team-a-*, or * for any") }}
{{- end }}
{{- end }}
{{- range $i, $one := .endpoints }}
{{- include "infra-operator.problems.form" (list (printf "providers.endpoints[%d]" $i) $one "^https?://[^/@ ]+/?$" "a URL of scheme, host and port, such as http://localstack.dev.svc:4566") }}
{{- end }}
{{- end }}
{{- with .Values.tracing }}
{{- if .enabled }}
{{- include "infra-operator.problems.form" (list "tracing.endpoint" .endpoint "^https?://[^/]+" "the URL of a collector with scheme, such as http://collector:4318") }}
{{- end }}
{{- end }}
{{- if gt (len .Values.globalTags) 46 }}
{{- include "infra-operator.problem" (list "globalTags" (printf "%d tags" (len .Values.globalTags)) "AWS allows 50 on a resource, and 4 are the operator's own" "Set fewer") }}
{{- end }}
{{- range $key, $value := .Values.globalTags }}
{{- $text := include "infra-operator.text" $value }}
{{- if hasPrefix "aws:" (lower $key) }}
{{- include "infra-operator.problem" (list (printf "globalTags.%s" $key) $text "keys that begin with aws: are AWS's own" "Set another key") }}
{{- end }}
{{- if or (gt (len $key) 128) (gt (len $text) 256) }}
{{- include "infra-operator.problem" (list (printf "globalTags.%s" (trunc 40 $key)) (trunc 40 $text) "AWS allows 128 characters in a key and 256 in a value" "Set shorter ones") }}
{{- end }}
{{- if or (contains "," $key) (contains "," $text) (contains "=" $key) }}
{{- include "infra-operator.problem" (list (printf "globalTags.%s" $key) $text "a comma, or an equals sign in a key, cannot be passed on" "Set a tag without") }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "infra-operator.problems.pods" -}}
{{- $replicas := include "infra-operator.replicas" . | int -}}
{{- $scaling := .Values.autoscaling -}}
{{- if $scaling.enabled }}
{{- if ne (int .Values.replicaCount) 1 }}
{{- include "infra-operator.problem" (list "replicaCount" .Values.replicaCount "autoscaling.enabled is true, so the autoscaler decides" "Set autoscaling.minReplicas instead, and replicaCount=1") }}
{{- end }}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) }}
{{- include "infra-operator.problem" (list "autoscaling.minReplicas" $scaling.minReplicas (printf "is more than autoscaling.maxReplicas=%v" $scaling.maxReplicas) "Set minReplicas <= maxReplicas") }}
{{- end }}
{{- range $resource, $key := dict "cpu" "targetCPUUtilizationPercentage" "memory" "targetMemoryUtilizationPercentage" }}
{{- if and (get $scaling $key) (not (get ($.Values.resources.requests | default dict) $resource)) }}
{{- include "infra-operator.problem" (list (printf "autoscaling.%s" $key) (get $scaling $key) (printf "is a percentage of resources.requests.%s, which is not set" $resource) (printf "Set resources.requests.%s, or the target to 0" $resource)) }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.podDisruptionBudget }}
{{- if .enabled }}
{{- $least := toString .minAvailable }}
{{- $most := toString .maxUnavailable }}
{{- if and $most (ne $least "1") (ne $least "") }}
{{- include "infra-operator.problem" (list "podDisruptionBudget.minAvailable" $least (printf "podDisruptionBudget.maxUnavailable=%s is set too, and a budget has one of them" $most) "Leave one of them out") }}
{{- end }}
{{- if has $most (list "0" "0%") }}
{{- include "infra-operator.problem" (list "podDisruptionBudget.maxUnavailable" $most "no pod could ever be evicted, and no node drained" "Set 1") }}
{{- end }}
{{- $alone := and (eq $least "1") (lt $replicas 2) }}
{{- if and (not $most) (not $alone) (or (eq $least "100%") (and (not (hasSuffix "%" $least)) (ge (int $least) $replicas))) }}
{{- include "infra-operator.problem" (list "podDisruptionBudget.minAvailable" $least (printf "of %d pods none could ever be evicted, and no node drained" $replicas) "Set it below the number of pods, or podDisruptionBudget.maxUnavailable=1") }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.hostNetwork (ne .Values.dnsPolicy "ClusterFirstWithHostNet") }}
{{- include "infra-operator.problem" (list "dnsPolicy" .Values.dnsPolicy "with hostNetwork=true names of Services would not be found" "Set dnsPolicy=ClusterFirstWithHostNet") }}
{{- end }}
{{- $class := .Values.priorityClass -}}
{{- $wanted := .Values.priorityClassName -}}
{{- if $class.create }}
{{- $made := $class.name | default (include "infra-operator.fullname" .) }}
{{- if hasPrefix "system-" $made }}
{{- include "infra-operator.problem" (list "priorityClass.name" $made "names that begin with system- are Kubernetes' own" "Set another name") }}
{{- end }}
{{- if and $wanted (ne $wanted $made) }}
{{- include "infra-operator.problem" (list "priorityClassName" $wanted (printf "the chart makes the class %s, which no pod would use" $made) "Leave priorityClassName out, or set priorityClass.create=false") }}
{{- end }}
{{- else if and $wanted .Values.rbac.clusterRole (not (hasPrefix "system-" $wanted)) (lookup "v1" "Namespace" "" "kube-system") (not (lookup "scheduling.k8s.io/v1" "PriorityClass" "" $wanted)) }}
{{- include "infra-operator.problem" (list "priorityClassName" $wanted "the cluster has no such priority class, and no pod would start" "Set priorityClass.create=true, or the name of one that kubectl get priorityclass shows") }}
{{- end }}
{{- end -}}

{{- define "infra-operator.problems.webhook" -}}
{{- $webhooks := .Values.webhooks -}}
{{- $manager := $webhooks.certManager -}}
{{- if include "infra-operator.webhook" . }}
{{- $mode := $webhooks.certMode }}
{{- if not (or $mode $manager.enabled $webhooks.existingSecret) }}
{{- include "infra-operator.problem" (list "webhooks.enabled" true "the webhook has no certificate" "Set webhooks.certMode=operator, or webhooks.certManager.enabled=true, or webhooks.existingSecret and webhooks.validating.caBundle") }}
{{- end }}
{{- if $mode }}
{{- $others := list }}
{{- if $manager.enabled }}{{ $others = append $others "webhooks.certManager.enabled" }}{{ end }}
{{- if $webhooks.existingSecret }}{{ $others = append $others "webhooks.existingSecret" }}{{ end }}
{{- if $webhooks.validating.caBundle }}{{ $others = append $others "webhooks.validating.caBundle" }}{{ end }}
{{- with $others }}
{{- include "infra-operator.problem" (list "webhooks.certMode" $mode (printf "is set beside %s, and only one can give the certificate" (join " and " .)) "Set webhooks.certMode=\"\", or leave the other out") }}
{{- end }}
{{- end }}
{{- if and (eq $mode "operator") (not .Values.rbac.clusterRole) }}
{{- include "infra-operator.problem" (list "webhooks.certMode" $mode "rbac.clusterRole is false, so the operator could not tell the API server whom to trust" "Set rbac.clusterRole=true, or webhooks.certMode=chart") }}
{{- end }}
{{- if and $webhooks.existingSecret (not $manager.enabled) (not $webhooks.validating.caBundle) }}
{{- include "infra-operator.problem" (list "webhooks.existingSecret" $webhooks.existingSecret "the API server would not trust the certificate" "Set webhooks.validating.caBundle to the CA, in base64") }}
{{- end }}
{{- include "infra-operator.problems.samePort" (list "webhooks.service.targetPort" $webhooks.service.targetPort "operator.webhooks.port" .Values.operator.webhooks.port) }}
{{- $valid := $manager.certificate }}
{{- if le (include "infra-operator.seconds" $valid.duration | int) (include "infra-operator.seconds" $valid.renewBefore | int) }}
{{- include "infra-operator.problem" (list "webhooks.certManager.certificate.renewBefore" $valid.renewBefore (printf "is not shorter than duration=%s" $valid.duration) "Set renewBefore < duration") }}
{{- end }}
{{- if and (not .Values.rbac.clusterRole) (not .Values.watchNamespaces) }}
{{- include "infra-operator.problem" (list "rbac.clusterRole" false "the webhook would ask about every namespace" "Set watchNamespaces, or webhooks.enabled=false") }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "infra-operator.problems.rest" -}}
{{- $reserved := include "infra-operator.selectorLabels" . | fromYaml | keys -}}
{{- range $name := list "commonLabels" "podLabels" }}
{{- range $key, $value := get $.Values $name }}
{{- if has $key $reserved }}
{{- include "infra-operator.problem" (list (printf "%s.%s" $name $key) $value "the chart finds its pods by this label" "Set another label") }}
{{- end }}
{{- end }}
{{- end }}
{{- if not .Values.serviceAccount.automountServiceAccountToken }}
{{- if not .Values.extraVolumeMounts }}
{{- include "infra-operator.problem" (list "serviceAccount.automountServiceAccountToken" false "the operator could not sign in to Kubernetes" "Set it to true, or mount a token with extraVolumes and extraVolumeMounts") }}
{{- end }}
{{- end }}
{{- with .Values.image.tag }}
{{- if not (kindIs "string" .) }}
{{- include "infra-operator.problem" (list "image.tag" . "is a number, and 1.30 would become 1.3" "Set it with --set-string") }}
{{- end }}
{{- end }}
{{- with .Values.image.digest }}
{{- include "infra-operator.problems.form" (list "image.digest" . "^sha256:[0-9a-f]{64}$" "sha256: and 64 hexadecimal digits") }}
{{- end }}
{{- if and .Release.IsInstall .Values.crds.install }}
{{- range .Values.extraObjects }}
{{- if regexMatch "apiVersion[\": ]+aws-infra-operator\\.runner\\.codes/" (kindIs "string" . | ternary . (toYaml .)) }}
{{- include "infra-operator.problem" (list "extraObjects" "an object of aws-infra-operator.runner.codes" "its kind does not exist before this release is installed" "Apply it after the install, or in a second release") }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
