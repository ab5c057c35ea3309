{{/* Flags of `infra-operator run`. tests/chart/ compares them with what the program knows. */}}
{{- define "infra-operator.args" -}}
{{- $election := .Values.operator.leaderElection -}}
{{- $aws := .Values.aws -}}
{{- $drift := .Values.driftDetection -}}
- run
{{- if $election.enabled }}
- --leader-elect
- --leader-election-namespace={{ include "infra-operator.leaseNamespace" . }}
- --leader-election-name={{ include "infra-operator.fullname" . }}
- --leader-election-lease-duration={{ include "infra-operator.seconds" $election.leaseDuration }}s
- --leader-election-renew-deadline={{ include "infra-operator.seconds" $election.renewDeadline }}s
- --leader-election-retry-period={{ include "infra-operator.seconds" $election.retryPeriod }}s
- --shards={{ .Values.operator.shards }}
{{- else }}
- --no-leader-elect
{{- end }}
- --metrics-bind-address={{ .Values.operator.metrics.enabled | ternary .Values.operator.metrics.bindAddress "0" }}
{{- if .Values.operator.metrics.perObject }}
- --metrics-per-object
{{- end }}
- --health-probe-bind-address={{ .Values.operator.health.enabled | ternary .Values.operator.health.bindAddress "0" }}
- --max-concurrent-reconciles={{ .Values.operator.reconciliation.maxConcurrentReconciles }}
- --check-interval={{ include "infra-operator.seconds" ($drift.enabled | ternary $drift.defaultCheckInterval .Values.operator.reconciliation.requeueAfter) }}s
- --check-jitter={{ $drift.jitter }}
- {{ $drift.defaultAutoHeal | ternary "--auto-heal" "--no-auto-heal" }}
- --reconcile-timeout={{ include "infra-operator.seconds" .Values.operator.reconciliation.timeout }}s
- --shutdown-timeout={{ max 1 (sub .Values.terminationGracePeriodSeconds 10) }}s
- {{ printf "--cluster-name=%s" .Values.operator.clusterName | quote }}
{{- range $key, $value := .Values.globalTags }}
- {{ printf "--global-tags=%s=%s" $key (include "infra-operator.text" $value) | quote }}
{{- end }}
{{- with .Values.rbac.clusterRole | ternary .Values.watchNamespaces (include "infra-operator.roleNamespaces" . | fromJsonArray) }}
- --namespaces={{ join "," . }}
{{- end }}
{{- if $aws.assumeRole.enabled }}
- --assume-role-arn={{ $aws.assumeRole.roleARN }}
- {{ printf "--assume-role-session-name=%s" $aws.assumeRole.sessionName | quote }}
- --assume-role-duration={{ include "infra-operator.seconds" $aws.assumeRole.duration }}s
{{- with $aws.assumeRole.externalID }}
- {{ printf "--assume-role-external-id=%s" . | quote }}
{{- end }}
{{- end }}
{{- with .Values.providers.podIdentity.namespaces }}
- {{ printf "--pod-identity-namespaces=%s" (join "," .) | quote }}
{{- end }}
- {{ .Values.providers.podIdentity.namespaceLabel | ternary "--pod-identity-label" "--no-pod-identity-label" }}
{{- range $role := .Values.providers.podIdentity.roles }}
{{- range $namespace := $role.namespaces }}
{{- range $role.arns }}
- {{ printf "--provider-role=%s=%s" $namespace . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- range .Values.providers.endpoints }}
- {{ printf "--provider-endpoint=%s" . | quote }}
{{- end }}
{{- if include "infra-operator.webhook" . }}
- --webhook-port={{ .Values.operator.webhooks.port }}
{{- with .Values.webhooks.refuse }}
{{- if .dangers }}
- --webhook-refuse-dangers
{{- end }}
{{- if .deletionInUse }}
- --webhook-refuse-deletion-in-use
{{- end }}
{{- end }}
{{- if eq (include "infra-operator.certMode" .) "operator" }}
- --webhook-secret={{ include "infra-operator.webhookSecret" . }}
- --webhook-configuration={{ include "infra-operator.fullname" . }}
- --webhook-hosts={{ include "infra-operator.webhookHosts" . | fromJsonArray | join "," }}
{{- else }}
- {{ printf "--webhook-cert-dir=%s" .Values.operator.webhooks.certDir | quote }}
{{- end }}
{{- end }}
{{- with .Values.tracing }}
{{- if .enabled }}
- {{ printf "--otlp-endpoint=%s" .endpoint | quote }}
- --trace-sampling={{ .samplingRatio }}
{{- end }}
{{- end }}
- --log-level={{ .Values.logging.development | ternary "debug" (eq .Values.logging.level "warn" | ternary "error" .Values.logging.level) }}
- --log-format={{ .Values.logging.development | ternary "console" .Values.logging.encoder }}
{{- with .Values.logging.sampling }}
{{- if .enabled }}
- --log-sampling-initial={{ int64 .initial }}
- --log-sampling-thereafter={{ int64 .thereafter }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "infra-operator.env" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_UID
  valueFrom: {fieldRef: {fieldPath: metadata.uid}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
{{- with .Values.aws }}
- name: AWS_REGION
  value: {{ .defaultRegion | quote }}
{{- if .useFIPSEndpoint }}
- name: AWS_USE_FIPS_ENDPOINT
  value: "true"
{{- end }}
{{- if .useDualstackEndpoint }}
- name: AWS_USE_DUALSTACK_ENDPOINT
  value: "true"
{{- end }}
{{- if .localstack.enabled }}
- name: AWS_ENDPOINT_URL
  value: {{ .localstack.endpoint | quote }}
{{- end }}
{{- with .staticCredentials }}
{{- if .enabled }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ .secretName | quote }}, key: {{ .accessKeyIDKey | quote }}}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .secretName | quote }}, key: {{ .secretAccessKeyKey | quote }}}}
- name: AWS_SESSION_TOKEN
  valueFrom: {secretKeyRef: {name: {{ .secretName | quote }}, key: {{ .sessionTokenKey | quote }}, optional: true}}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.proxy }}
{{- if .http }}
- name: HTTP_PROXY
  value: {{ .http | quote }}
{{- end }}
{{- if .https }}
- name: HTTPS_PROXY
  value: {{ .https | quote }}
{{- end }}
{{- if or .http .https }}
- name: NO_PROXY
  value: {{ concat (list "$(KUBERNETES_SERVICE_HOST)" ".svc" "169.254.169.254" "169.254.170.23") (compact (splitList "," .noProxy)) | join "," | quote }}
{{- end }}
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "infra-operator.ports" -}}
{{- with .Values.operator }}
{{- if .metrics.enabled }}
- {name: metrics, containerPort: {{ .metrics.port }}, protocol: TCP}
{{- end }}
{{- if .health.enabled }}
- {name: health, containerPort: {{ .health.port }}, protocol: TCP}
{{- end }}
{{- if include "infra-operator.webhook" $ }}
- {name: webhook, containerPort: {{ .webhooks.port }}, protocol: TCP}
{{- end }}
{{- end }}
{{- end -}}

{{/* With the sums of what the chart itself puts into the pod's environment, so that a change of it starts new pods. */}}
{{- define "infra-operator.podAnnotations" -}}
{{- $own := dict "kubectl.kubernetes.io/default-container" "manager" -}}
{{- with .Values.operator.metrics -}}
  {{- if and .enabled (not $.Values.prometheus.serviceMonitor.enabled) -}}
    {{- $own = merge $own (dict "prometheus.io/scrape" "true" "prometheus.io/port" (toString .port) "prometheus.io/path" "/metrics") -}}
  {{- end -}}
{{- end -}}
{{- range $name, $on := dict "configmap" .Values.configMap.create "secret" .Values.aws.staticCredentials.create -}}
  {{- if $on }}{{ $_ := set $own (printf "checksum/%s" $name) (include (printf "%s/%s.yaml" $.Template.BasePath $name) $ | sha256sum) }}{{ end -}}
{{- end -}}
{{- toYaml (merge (dict) .Values.podAnnotations .Values.commonAnnotations $own) -}}
{{- end -}}

{{/* Users' constraints with our labelSelector where they have none. */}}
{{- define "infra-operator.spread" -}}
{{- $selector := dict "matchLabels" (include "infra-operator.selectorLabels" . | fromYaml) -}}
{{- $constraints := .Values.topologySpreadConstraints -}}
{{- if and (not $constraints) (include "infra-operator.several" .) -}}
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" -}}
    {{- $constraints = append $constraints (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" "ScheduleAnyway") -}}
  {{- end -}}
{{- end -}}
{{- range $constraints }}
- {{ toYaml (merge (dict) . (dict "labelSelector" $selector)) | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{/* "true" if the webhook's certificate comes as files; else empty. */}}
{{- define "infra-operator.webhookFiles" -}}
{{- if and (include "infra-operator.webhook" .) (ne (include "infra-operator.certMode" .) "operator") }}true{{ end -}}
{{- end -}}

{{- define "infra-operator.webhookMounts" -}}
{{- if include "infra-operator.webhookFiles" . }}
- name: webhook-cert
  mountPath: {{ .Values.operator.webhooks.certDir | quote }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "infra-operator.webhookVolumes" -}}
{{- if include "infra-operator.webhookFiles" . }}
- name: webhook-cert
  secret:
    secretName: {{ include "infra-operator.webhookSecret" . }}
    optional: true  # /readyz says what is missing, and it is taken as soon as it is there
{{- end }}
{{- end -}}

{{/* A pod of the operator's image that does one thing, for a hook: (dict "root" . "name" "..." "hook" "..." "args" (list ...) "account" "..."). */}}
{{- define "infra-operator.hookPod" -}}
{{- $root := .root -}}
{{- with .root.Values -}}
apiVersion: v1
kind: Pod
metadata:
  {{- include "infra-operator.metadata" (dict "root" $root "name" (include "infra-operator.suffixed" (list $root $.name))
      "namespace" (include "infra-operator.namespace" $root)
      "annotations" (dict "helm.sh/hook" $.hook "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded")) | nindent 2 }}
spec:
  restartPolicy: Never
  {{- with $.account }}
  serviceAccountName: {{ . }}
  {{- else }}
  automountServiceAccountToken: false
  {{- end }}
  enableServiceLinks: false
  {{- with include "infra-operator.pullSecrets" $root }}
  imagePullSecrets:
    {{- . | trim | nindent 2 }}
  {{- end }}
  securityContext:
    {{- toYaml .podSecurityContext | nindent 4 }}
  {{- with .nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .tolerations }}
  tolerations:
    {{- toYaml . | nindent 2 }}
  {{- end }}
  containers:
  - name: {{ first $.args }}
    image: {{ include "infra-operator.image" $root }}
    imagePullPolicy: {{ .image.pullPolicy }}
    args:
      {{- toYaml $.args | nindent 6 }}
    resources:
      {{- toYaml .resources | nindent 6 }}
    securityContext:
      {{- toYaml .securityContext | nindent 6 }}
{{- end }}
{{- end -}}
