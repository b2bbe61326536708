#!/bin/bash
# Run once, by the image of PostgreSQL, when its data directory is empty: the host's role, which owns its database, and Grafana's, which may only read
# the views that the host makes there. Neither is a superuser.
set -euo pipefail
psql --set ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv host_password IOT_DB_PASSWORD
\getenv reader_password GRAFANA_DB_PASSWORD
CREATE ROLE iot LOGIN PASSWORD :'host_password';
CREATE ROLE grafana_reader LOGIN PASSWORD :'reader_password' CONNECTION LIMIT 20;
ALTER ROLE grafana_reader SET statement_timeout = '30s';
ALTER ROLE grafana_reader SET default_transaction_read_only = on;
CREATE DATABASE iot OWNER iot;
REVOKE ALL ON DATABASE iot FROM PUBLIC;
GRANT CONNECT ON DATABASE iot TO grafana_reader;
SQL
