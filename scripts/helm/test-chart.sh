#!/usr/bin/env bash
# test-chart.sh [VALUES_FILE]: lints and renders the chart with one of its values files, or with all of them; where there is a
# cluster, its API server checks what would be installed, and a release that is there is tested.
. "$(dirname "$0")/common.sh"

if [ $# -gt 0 ]; then
  presets=("$1")
else
  presets=(values.yaml values-dev.yaml values-production.yaml values-localstack.yaml)
fi
for preset in "${presets[@]}"; do
  file=$CHART/$preset
  [ -f "$file" ] || file=$preset
  [ -f "$file" ] || die "There is no values file $preset."
  echo "== $preset"
  "$HELM" lint "$CHART" --strict --values "$file"
  rendered=$("$HELM" template "$RELEASE" "$CHART" --namespace "$NAMESPACE" --values "$file")
  echo "$(grep -c '^kind: ' <<<"$rendered") objects"
  if has_cluster; then
    "$HELM" upgrade "$RELEASE" "$CHART" --install --namespace "$NAMESPACE" --create-namespace --values "$file" --dry-run=server >/dev/null
    echo 'the API server would take them'
  fi
done
if ! has_cluster; then
  echo 'There is no cluster to ask; everything else is well.'
elif "$HELM" status "$RELEASE" --namespace "$NAMESPACE" >/dev/null 2>&1; then
  "$HELM" test "$RELEASE" --namespace "$NAMESPACE"
fi
