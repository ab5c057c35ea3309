{{/* Puts older spellings of keys where the new ones are; every template that uses such a key calls it first. */}}
{{- define "infra-operator.prepare" -}}
{{- range .Files.Get "files/renamed-keys.yaml" | fromYamlArray -}}
  {{- $from := $.Values -}}
  {{- range initial (splitList "." .old) }}{{ $from = get $from . | default dict }}{{ end -}}
  {{- $old := last (splitList "." .old) -}}
  {{- if hasKey $from $old -}}
    {{- $to := $.Values -}}
    {{- range initial (splitList "." .new) }}{{ $to = get $to . }}{{ end -}}
    {{- $new := last (splitList "." .new) -}}
    {{- $wanted := get $from $old -}}
    {{- $now := get $to $new | toString -}}
    {{- if not (has $now (list (toString .default) (toString $wanted))) -}}
      {{- fail (printf "infra-operator: %s=%v: is an older spelling of %s, which is %s. Set only %s." .old $wanted .new $now .new) -}}
    {{- end -}}
    {{- $_ := set $to $new $wanted -}}
    {{- $_ := unset $from $old -}}
  {{- end -}}
{{- end -}}
{{- end -}}

{{- define "infra-operator.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "infra-operator.fullname" -}}
{{- $name := include "infra-operator.name" . -}}
{{- $made := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- .Values.fullnameOverride | default $made | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The full name with a suffix, still no longer than a name may be: (list . "webhook"). */}}
{{- define "infra-operator.suffixed" -}}
{{- $suffix := index . 1 -}}
{{- printf "%s-%s" (include "infra-operator.fullname" (index . 0) | trunc (int (sub 62 (len $suffix))) | trimSuffix "-") $suffix -}}
{{- end -}}

{{- define "infra-operator.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end -}}

{{- define "infra-operator.identityLabels" -}}
app.kubernetes.io/name: {{ include "infra-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Only the operator's pods have these. A Deployment's selector cannot be changed: they stay as they are for ever. */}}
{{- define "infra-operator.selectorLabels" -}}
{{ include "infra-operator.identityLabels" . }}
control-plane: controller-manager
{{- end -}}

{{/* Labels of every object: (dict "root" . "labels" MAP). Those that say what it is part of cannot be replaced. */}}
{{- define "infra-operator.labels" -}}
{{- $own := include "infra-operator.identityLabels" .root | fromYaml -}}
{{- $chart := dict "app.kubernetes.io/version" .root.Chart.AppVersion
    "app.kubernetes.io/managed-by" .root.Release.Service
    "helm.sh/chart" (printf "%s-%s" .root.Chart.Name (.root.Chart.Version | replace "+" "_")) -}}
{{- toYaml (merge (dict) $own (.labels | default dict) .root.Values.commonLabels $chart) -}}
{{- end -}}

{{/*
What stands below `metadata:` of every object:
(dict "root" . "name" NAME "namespace" NAMESPACE "labels" MAP "annotations" MAP); all but root and name may be left out.
*/}}
{{- define "infra-operator.metadata" -}}
name: {{ .name }}
{{- with .namespace }}
namespace: {{ . }}
{{- end }}
labels:
  {{- include "infra-operator.labels" . | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Like metadata, for a CRD, whose name stands in its file. */}}
{{- define "infra-operator.crdMetadata" -}}
labels:
  {{- include "infra-operator.labels" (dict "root" .) | nindent 2 }}
{{- $policy := "helm.sh/resource-policy" -}}
{{- $own := .Values.crds.keep | ternary (dict $policy "keep") (dict) -}}
{{- with merge (dict) $own (omit .Values.crds.annotations $policy) .Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "infra-operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "infra-operator.fullname" .) "default") -}}
{{- end -}}

{{- define "infra-operator.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- with $registry }}{{ . }}/{{ end -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* Pull secrets, which are names or objects, as a list of objects. */}}
{{- define "infra-operator.pullSecrets" -}}
{{- range concat .Values.global.imagePullSecrets .Values.imagePullSecrets }}
- name: {{ kindIs "map" . | ternary (get (kindIs "map" . | ternary . (dict)) "name") . }}
{{- end }}
{{- end -}}

{{/* Seconds of a time such as 1h30m. */}}
{{- define "infra-operator.seconds" -}}
{{- $parts := dict -}}
{{- range list "h" "m" "s" }}{{ $_ := set $parts . (regexFind (printf "[0-9]+%s" .) $ | trimSuffix . | int) }}{{ end -}}
{{- add (mul $parts.h 3600) (mul $parts.m 60) $parts.s -}}
{{- end -}}

{{/* Text of a value as it was written: whole numbers come as floating point. */}}
{{- define "infra-operator.text" -}}
{{- if kindIs "float64" . -}}
{{- eq (floor .) . | ternary (printf "%.0f" .) (toString .) -}}
{{- else -}}
{{- toString . -}}
{{- end -}}
{{- end -}}

{{/* Port of a URL, given or by its scheme. */}}
{{- define "infra-operator.portOf" -}}
{{- $url := urlParse . -}}
{{- regexFind ":[0-9]+$" $url.host | trimPrefix ":" | default (eq $url.scheme "https" | ternary "443" "80") -}}
{{- end -}}

{{/* Fewest pods that run when all is well. */}}
{{- define "infra-operator.replicas" -}}
{{- .Values.autoscaling.enabled | ternary .Values.autoscaling.minReplicas .Values.replicaCount | int -}}
{{- end -}}

{{/* "true" if there can be more pods than one; else empty. */}}
{{- define "infra-operator.several" -}}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicaCount) 1) }}true{{ end -}}
{{- end -}}

{{/* "true" if the webhook is on; else empty. */}}
{{- define "infra-operator.webhook" -}}
{{- if or .Values.webhooks.enabled .Values.operator.webhooks.enabled }}true{{ end -}}
{{- end -}}

{{/* Who makes the webhook's certificate, "operator" or "chart"; empty: cert-manager, a Secret's owner, or the webhook is off. */}}
{{- define "infra-operator.certMode" -}}
{{- if include "infra-operator.webhook" . }}{{ .Values.webhooks.certMode }}{{ end -}}
{{- end -}}

{{/* Secrets of different makers have different names: none is ever taken for another's. */}}
{{- define "infra-operator.webhookSecret" -}}
{{- $mode := include "infra-operator.certMode" . -}}
{{- if $mode -}}
{{- include "infra-operator.suffixed" (list . (eq $mode "operator" | ternary "webhook-authority" "webhook-cert")) -}}
{{- else -}}
{{- .Values.webhooks.existingSecret | default "webhook-server-cert" -}}
{{- end -}}
{{- end -}}

{{/* The names that the API server calls the webhook by, as a JSON list. */}}
{{- define "infra-operator.webhookHosts" -}}
{{- $service := include "infra-operator.suffixed" (list . "webhook") -}}
{{- $namespace := include "infra-operator.namespace" . -}}
{{- list $service (printf "%s.%s" $service $namespace) (printf "%s.%s.svc" $service $namespace) | toJson -}}
{{- end -}}

{{/*
What the Secret of certMode=chart holds, as JSON: what is in the cluster already, else a new pair. To be asked for once in a
rendering, as each new pair is another one.
*/}}
{{- define "infra-operator.webhookData" -}}
{{- $live := lookup "v1" "Secret" (include "infra-operator.namespace" .) (include "infra-operator.webhookSecret" .) -}}
{{- $data := pick (get $live "data" | default dict) "ca.crt" "tls.crt" "tls.key" -}}
{{- if lt (len $data) 3 -}}
  {{- $hosts := include "infra-operator.webhookHosts" . | fromJsonArray -}}
  {{- $authority := genCA "infra-operator webhook authority" 3650 -}}
  {{- $server := genSignedCert "infra-operator webhook" nil $hosts 3650 $authority -}}
  {{- $data = dict "ca.crt" (b64enc $authority.Cert) "tls.crt" (b64enc $server.Cert) "tls.key" (b64enc $server.Key) -}}
{{- end -}}
{{- toJson $data -}}
{{- end -}}

{{/* How the API server asks the webhook about these operations: (list ROOT CABUNDLE OPERATION...). */}}
{{- define "infra-operator.webhookCall" -}}
{{- $root := index . 0 -}}
{{- $namespace := include "infra-operator.namespace" $root -}}
{{- with $root.Values.webhooks.validating -}}
matchPolicy: {{ .matchPolicy }}
sideEffects: {{ .sideEffects }}
timeoutSeconds: {{ .timeoutSeconds }}
admissionReviewVersions:
{{ toYaml .admissionReviewVersions }}
{{- end }}
clientConfig:
  service:
    name: {{ include "infra-operator.suffixed" (list $root "webhook") }}
    namespace: {{ $namespace }}
    path: /validate
    port: {{ $root.Values.webhooks.service.port }}
  {{- with index . 1 }}
  caBundle: {{ . }}
  {{- end }}
rules:
- apiGroups: [aws-infra-operator.runner.codes]
  apiVersions: ["*"]
  resources: ["*"]
  operations: {{ slice . 2 | toJson }}
  scope: Namespaced
# It cannot lock out the namespace that it lives in.
namespaceSelector:
  matchExpressions:
  - {key: kubernetes.io/metadata.name, operator: NotIn, values: [{{ $namespace }}]}
  {{- with $root.Values.watchNamespaces }}
  - {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
  {{- end }}
{{- end -}}

{{- define "infra-operator.priorityClassName" -}}
{{- $made := .Values.priorityClass.name | default (include "infra-operator.fullname" .) -}}
{{- .Values.priorityClassName | default (.Values.priorityClass.create | ternary $made "") -}}
{{- end -}}

{{- define "infra-operator.configMapName" -}}
{{- .Values.configMap.name | default (include "infra-operator.fullname" .) -}}
{{- end -}}

{{/* The namespaces in which a Role is needed, as a JSON list; none where a ClusterRole serves all. */}}
{{- define "infra-operator.roleNamespaces" -}}
{{- $named := .Values.watchNamespaces | default (list (include "infra-operator.namespace" .)) -}}
{{- .Values.rbac.clusterRole | ternary (list) $named | toJson -}}
{{- end -}}

{{- define "infra-operator.leaseNamespace" -}}
{{- .Values.operator.leaderElection.namespace | default (include "infra-operator.namespace" .) -}}
{{- end -}}

{{/* The rules that the program needs: (list . "lease") those for its lease, (list . "objects") all others. */}}
{{- define "infra-operator.rules" -}}
{{- $chosen := list -}}
{{- $root := index . 0 -}}
{{- range $root.Files.Get "files/rbac-rules.yaml" | fromYamlArray -}}
  {{- $kind := has "leases" .resources | ternary "lease" "objects" -}}
  {{- $asked := or $root.Values.providers.podIdentity.namespaceLabel (not (has "namespaces" .resources)) -}}
  {{- if and $asked (eq $kind (index $ 1)) }}{{ $chosen = append $chosen . }}{{ end -}}
{{- end -}}
{{- toYaml $chosen -}}
{{- end -}}

{{/* Binds a role to the operator's service account: (dict "root" . "kind" KIND "name" NAME). */}}
{{- define "infra-operator.binding" -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
- kind: ServiceAccount
  name: {{ include "infra-operator.serviceAccountName" .root }}
  namespace: {{ include "infra-operator.namespace" .root }}
{{- end -}}
