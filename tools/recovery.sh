#!/bin/sh
# Restores the store of an installation: see "Backups and recovery" in docs/operations.md.
#
#   begin   STOP, RESTORE, say what is to hold, START under EXECUTION_HOLD
#   finish  STOP, end the recovery, START without it
#
# STOP, RESTORE and START are commands; the environment names the store as it does for the services.
set -eu

countersign() {
  node "$(dirname "$0")/../apps/cli/dist/bundle/main.js" "$@"
}

case "${1:-}" in
  begin)
    : "${EXECUTION_HOLD:?say why no call begins meanwhile, such as: restore of 27 November}"
    export EXECUTION_HOLD
    sh -c "${STOP:?the command that stops the services}"
    sh -c "${RESTORE:?the command that restores the store}"
    countersign recover --store-holds "$EXECUTION_HOLD"
    sh -c "${START:?the command that starts the services, with EXECUTION_HOLD}"
    ;;
  finish)
    unset EXECUTION_HOLD
    sh -c "${STOP:?the command that stops the services}"
    countersign recover --finish
    sh -c "${START:?the command that starts the services}"
    ;;
  *)
    echo "usage: $0 begin | finish" >&2
    exit 2
    ;;
esac
