{{- define "countersign.fullname" -}}
{{- printf "%s-%s" .root.Release.Name .name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "countersign.selector" -}}
app.kubernetes.io/name: countersign
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "countersign.labels" -}}
{{ include "countersign.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{/* Where another service is. */}}
{{- define "countersign.url" -}}
http://{{ include "countersign.fullname" . }}:8080
{{- end -}}

{{/* The secrets of a service: the setting, and the key of `secrets` that it comes from. */}}
{{- define "countersign.secretsOf" -}}
{{- $own := dict
  "agent-runner" (dict "REQUEST_SIGNING_KEYS" "requestSigningKeys" "OPENAI_API_KEY" "openaiApiKey")
  "approval-service" (dict "DECISION_SIGNING_KEYS" "decisionSigningKeys" "ADMIN_KEY" "adminKey")
  "executor" (dict "RESULT_SIGNING_KEYS" "resultSigningKeys")
  "audit" (dict "AUDIT_SIGNING_KEYS" "auditSigningKeys") -}}
{{- $all := merge (dict "MONGODB_URI" "mongodbUri" "KAFKA_SASL_PASSWORD" "kafkaSaslPassword") (get $own .name) -}}
{{- $set := dict -}}
{{- range $setting, $secret := $all -}}
{{- if (get $.root.Values.secrets $secret).name -}}{{- $_ := set $set $setting $secret -}}{{- end -}}
{{- end -}}
{{- toYaml $set -}}
{{- end -}}

{{/* Whom a service asks for public keys, and hands requests on to. */}}
{{- define "countersign.addressesOf" -}}
{{- $runner := include "countersign.url" (dict "root" .root "name" "agent-runner") -}}
{{- $approvals := include "countersign.url" (dict "root" .root "name" "approval-service") -}}
{{- $executor := include "countersign.url" (dict "root" .root "name" "executor") -}}
{{- $audit := include "countersign.url" (dict "root" .root "name" "audit") -}}
{{- if ne .name "approval-service" }}
DECISION_VERIFICATION_KEYS: {{ $approvals }}/.well-known/jwks.json
{{- end }}
{{- if ne .name "agent-runner" }}
REQUEST_VERIFICATION_KEYS: {{ $runner }}/.well-known/request-jwks.json
{{- end }}
{{- if or (eq .name "agent-runner") (eq .name "audit") }}
RESULT_VERIFICATION_KEYS: {{ $executor }}/.well-known/execution-jwks.json
{{- end }}
{{- if eq .name "approval-service" }}
AGENT_RUNNER_URL: {{ $runner }}
EXECUTOR_URL: {{ $executor }}
AUDIT_URL: {{ $audit }}
{{- end }}
{{- end -}}

{{/* Pod security `restricted`. */}}
{{- define "countersign.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "countersign.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
