#!/usr/bin/env bash
# Starts a throw-away PostgreSQL and Redis for the tests, from Debian's packages:
#   eval "$(scripts/services.sh start DIR)"   exports TEST_POSTGRES_URL and TEST_REDIS_URL
#   scripts/services.sh crash DIR   stops PostgreSQL at once and starts it again
#   scripts/services.sh stop DIR
# Everything lies below DIR and listens on sockets and loopback ports of its own.
set -euo pipefail
dir=${2:?usage: services.sh start|crash|stop DIR}
pgbin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
as_pg() { # PostgreSQL refuses to run as root
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}
free_port() { node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
case ${1:?} in
start)
  mkdir -p "$dir"; chmod 755 "$dir"
  if [ ! -f "$dir/pg/PG_VERSION" ]; then
    mkdir -p "$dir/pg" "$dir/sock"
    [ "$(id -u)" = 0 ] && chown -R postgres "$dir/pg" "$dir/sock"
    as_pg "$pgbin/initdb" -D "$dir/pg" -U postgres -A trust -E UTF8 --no-locale -N >"$dir/pg.log" 2>&1
  fi
  pgport=$(free_port); redisport=$(free_port)
  as_pg "$pgbin/pg_ctl" -D "$dir/pg" -w -t 60 -l "$dir/sock/server.log" \
    -o "-c listen_addresses=127.0.0.1 -p $pgport -c unix_socket_directories=$dir/sock -c max_connections=300" start >>"$dir/pg.log" 2>&1
  redis-server --port "$redisport" --bind 127.0.0.1 --save '' --appendonly no --daemonize yes \
    --dir "$dir" --pidfile "$dir/redis.pid" --logfile "$dir/redis.log" >/dev/null
  echo "export TEST_POSTGRES_URL='postgres://postgres@127.0.0.1:$pgport/postgres?sslmode=disable'"
  echo "export TEST_REDIS_URL='redis://127.0.0.1:$redisport/0'"
  echo "export TEST_POSTGRES_SOCKET='$dir/sock' TEST_POSTGRES_PORT='$pgport'"
  ;;
crash) # the database dies and comes back
  as_pg "$pgbin/pg_ctl" -D "$dir/pg" -m immediate -o "$(sed -n '1s/[^ ]* //p' "$dir/pg/postmaster.opts" | tr -d '"')" restart -w -t 60 -l "$dir/sock/server.log" >>"$dir/pg.log" 2>&1
  ;;
stop)
  as_pg "$pgbin/pg_ctl" -D "$dir/pg" -m immediate stop >/dev/null 2>&1 || true
  [ -f "$dir/redis.pid" ] && kill "$(cat "$dir/redis.pid")" 2>/dev/null || true
  ;;
esac
