#!/usr/bin/env bash
# Formats the store once, with a SCRAM account for each file below /secrets, then runs the broker.
set -euo pipefail
properties=/tmp/server.properties
admin=$(cat /secrets/admin/kafka)
cp /kudos/server.properties "$properties"
login="org.apache.kafka.common.security.scram.ScramLoginModule required username=\"admin\" password=\"$admin\";"
printf '\nlistener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=%s\n' "$login" >> "$properties"

if [ ! -f /var/lib/kafka/data/meta.properties ]; then
    accounts=()
    for file in /secrets/*/kafka; do
        name=$(basename "$(dirname "$file")")
        accounts+=(--add-scram "SCRAM-SHA-256=[name=$name,password=$(cat "$file")]")
    done
    /opt/kafka/bin/kafka-storage.sh format --standalone \
        --cluster-id "$(/opt/kafka/bin/kafka-storage.sh random-uuid)" --config "$properties" "${accounts[@]}"
fi
exec /opt/kafka/bin/kafka-server-start.sh "$properties"
