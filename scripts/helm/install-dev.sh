#!/usr/bin/env bash
# install-dev.sh [HELM_FLAG ...]: installs with values-dev.yaml, and shows how to see what happens.
. "$(dirname "$0")/common.sh"

install_with values-dev.yaml "$@"
echo "Its log: $KUBECTL -n $NAMESPACE logs -f deployment/$RELEASE"
