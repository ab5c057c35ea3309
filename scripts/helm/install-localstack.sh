#!/usr/bin/env bash
# install-localstack.sh [HELM_FLAG ...]: installs with values-localstack.yaml, against an emulator of AWS.
# ENDPOINT: where pods reach the emulator. Without it: the Service localstack of the namespace localstack, or, if there is none,
# the one that `docker-compose up -d localstack` has started on this machine.
. "$(dirname "$0")/common.sh"

if [ -z "${ENDPOINT:-}" ]; then
  ENDPOINT=http://host.docker.internal:4566
  ! "$KUBECTL" -n localstack get service localstack >/dev/null 2>&1 || ENDPOINT=http://localstack.localstack.svc.cluster.local:4566
fi
echo "Calls will go to $ENDPOINT."
install_with values-localstack.yaml --set "aws.localstack.endpoint=$ENDPOINT" "$@"
echo "Next: $KUBECTL apply -f samples/awsprovider.yaml, without its endpoint, and any other file of samples/."
