#!/usr/bin/env bash
# Records connections of the command with itself, both sides of each, with secrets and without, into a folder that is not
# there yet. The keys are made for this and protect nothing. Every run records others, for the system's randomness is in them.
#
#   cargo build --release --features cli
#   vectors/generate/recordings.sh target/release/tls12 vectors/recordings
set -euo pipefail
program=$(realpath "$1")
out=$(realpath -m "$2")
mkdir "$out"
place=$(mktemp -d)
server=''
trap '[[ -z $server ]] || kill "$server" 2>/dev/null || true; wait; rm -rf "$place"' EXIT
cd "$place"

certificate() {
  local name=$1 extensions=$2
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$name.key" -out "$name.csr" -subj "/CN=$name"
  openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 -out "$name.pem" \
    -extfile <(printf '%b' "subjectAltName=DNS:$name\nkeyUsage=digitalSignature\nextendedKeyUsage=$extensions\n")
}

# NAME, the options of the server, --, those of the client.
record() {
  local name=$1 of_server=() of_client=() port=$((20000 + RANDOM % 10000)) number file
  shift
  while [[ $1 != -- ]]; do of_server+=("$1"); shift; done
  shift
  of_client=("$@")
  rm -rf served
  "$program" serve --listen "127.0.0.1:$port" --cert localhost.pem --key localhost.key --record served "${of_server[@]}" >log 2>&1 &
  server=$!
  until grep -q '^listening on' log; do kill -0 "$server"; sleep 0.05; done
  "$program" connect "localhost:$port" --record called "${of_client[@]}" </dev/null >/dev/null 2>&1 || true
  kill "$server"
  wait "$server" || true
  server=''
  number=1
  for file in served/*; do mv "$file" "$out/$name-$number-server.tls12"; number=$((number + 1)); done
  number=1
  for file in called called.*; do
    if [[ -e $file ]]; then mv "$file" "$out/$name-$number-client.tls12"; number=$((number + 1)); fi
  done
}

{
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=root -days 36500 \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign
  certificate localhost serverAuth
  certificate device clientAuth
} 2>/dev/null

for mode in withheld recorded; do
  secrets=()
  if [[ $mode == recorded ]]; then secrets=(--record-secrets); fi
  both() { record "$1-$mode" "${secrets[@]}" "${@:2}"; }
  both ticket -- --ca ca.pem --reconnect 1 "${secrets[@]}"
  both id -- --ca ca.pem --reconnect 1 --no-tickets "${secrets[@]}"
  both renewed --tickets renew --client-ca ca.pem --alpn h2 -- --ca ca.pem --reconnect 1 --cert device.pem --key device.key --alpn h2 "${secrets[@]}"
  both refused --client-ca ca.pem -- --ca ca.pem "${secrets[@]}"
  both distrusted -- "${secrets[@]}"
done
