#!/bin/bash
# Runs once, when the data folder is made: a role and databases for Berth, and for Temporal. They share
# the server and nothing else.
set -euo pipefail
: "${BERTH_PASSWORD:?}" "${TEMPORAL_PASSWORD:?run deploy/init-env}"

psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 -v berth="$BERTH_PASSWORD" -v temporal="$TEMPORAL_PASSWORD" \
  --username postgres --dbname postgres <<'SQL'
create role berth login password :'berth';
create role temporal login password :'temporal';
create database berth owner berth;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
SQL
