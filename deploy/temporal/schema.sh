#!/bin/sh
# Brings both of Temporal's databases to the schema of this version of its tool; the first time it
# makes it. Does nothing when they are there already, so it is the upgrade step too.
set -eu

tool() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12_pgx --ep "$POSTGRES_SEEDS" --port "$DB_PORT" --user "$POSTGRES_USER" \
    --db "$database" "$@"
}

for name in temporal visibility; do
  database=temporal
  [ "$name" = temporal ] || database=temporal_visibility
  tool "$database" setup-schema --version 0.0
  tool "$database" update-schema --schema-name "postgresql/v12/$name"
done
