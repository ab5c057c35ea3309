#!/usr/bin/env bash
# package-chart.sh [FOLDER]: lints the chart, and puts its package and an index into FOLDER (default dist/helm).
# CHART_URL: where the package will be fetched from, for the index.
. "$(dirname "$0")/common.sh"

folder=${1:-$(dirname "$CHART")/dist/helm}
mkdir -p "$folder"
"$HELM" lint "$CHART" --strict
"$HELM" package "$CHART" --destination "$folder"
"$HELM" repo index "$folder" ${CHART_URL:+--url "$CHART_URL"}
echo "The package and its index are in $folder."
