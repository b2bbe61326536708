#!/bin/sh
# Writes .env beside docker-compose.yml: a random value for every secret, readable by its owner only. Refuses where there is one already: the
# databases know the old secrets.
set -eu
file="${1:-$(dirname "$0")/../.env}"
if [ -e "$file" ]; then
  echo "$file is there already and is left as it is" >&2
  exit 1
fi

umask 077
random() { LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c "$1"; }

# noclobber: of two that run at once one fails. Kafka's cluster id is 16 bytes in base64: 22 characters, the last of which holds two bits.
set -C
cat > "$file" <<END
# Made by deploy/make-env.sh. Secrets: keep the file, out of version control.
POSTGRES_PASSWORD=$(random 40)
IOT_DB_PASSWORD=$(random 40)
GRAFANA_DB_PASSWORD=$(random 40)
GRAFANA_ADMIN_PASSWORD=$(random 40)
S3_ACCESS_KEY=$(random 20)
S3_SECRET_KEY=$(random 40)
KAFKA_CLUSTER_ID=$(random 21)A

# Simulated sensors. Delete this line when yours are there.
COMPOSE_PROFILES=simulator
END
echo "wrote $file"
