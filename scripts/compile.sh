#!/usr/bin/env bash
# Compiles what the binary is made of, all but the packages that hold the front
# end, into Go's cache, and counts along. It runs beside the building of the
# front end; the build of the binary itself is short after it.
set -euo pipefail
export CGO_ENABLED=0
packages=$(go list -e -deps ./cmd/openstall | grep -v -e '/openstall/web$' -e '/openstall/internal/app' -e '/openstall/cmd/')
total=$(wc -l <<<"$packages")
echo "compiling $total Go packages"
# shellcheck disable=SC2086 # one word a package
go build -v -trimpath $packages 2>&1 | {
  n=0
  while IFS= read -r line; do
    if [[ $line == *[\ :]* ]]; then echo "$line"; continue; fi # not the name of a package
    n=$((n + 1))
    if [ $((n % 60)) = 0 ]; then echo "  $n of $total Go packages"; fi
  done
}
