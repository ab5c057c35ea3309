#!/usr/bin/env bash
# install-localstack.sh [HELM_FLAG ...]: installs with values-localstack.yaml, against an emulator of AWS.
# ENDPOINT: where pods reach the emulator. One that `docker-compose up -d localstack` started on the machine of a kind or
# minikube cluster is usually at http://host.docker.internal:4566.
. "$(dirname "$0")/common.sh"

install_with values-localstack.yaml ${ENDPOINT:+--set "aws.localstack.endpoint=$ENDPOINT"} "$@"
echo "Next: $KUBECTL apply -f samples/awsprovider.yaml, without its endpoint, and any other file of samples/."
