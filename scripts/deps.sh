#!/usr/bin/env bash
# Installs what is missing from Debian's packages: "run" what a market needs,
# "test" what its tests need too. Without root or sudo it says what to install.
set -euo pipefail
want=()
need() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/bin/$1" ] || want+=("$2"); }
need ffmpeg ffmpeg
if [ "${1:-run}" = test ]; then
  need chromium chromium
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || want+=(postgresql)
  ls /usr/lib/postgresql/*/bin/pgbench >/dev/null 2>&1 || want+=(postgresql-contrib)
  need redis-server redis-server
  need gcc gcc
  ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1 || want+=(fonts-noto-cjk)
  ls /usr/share/fonts/truetype/noto/NotoSans-Regular* >/dev/null 2>&1 || want+=(fonts-noto-core)
fi
for tool in go node npm; do
  command -v "$tool" >/dev/null 2>&1 || { echo "missing: $tool (Go 1.26 and Node 20 or newer are needed; see https://go.dev/dl and https://nodejs.org)" >&2; exit 1; }
done
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || a === 20 && b >= 19 ? 0 : 1)' || {
  echo "too old: node $(node --version) (20.19 or newer is needed; see https://nodejs.org)" >&2; exit 1; }
[ ${#want[@]} -eq 0 ] && exit 0
as_root=()
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root=(sudo); else
    echo "missing packages: ${want[*]}" >&2
    echo "install them with:  sudo apt-get install --no-install-recommends ${want[*]}" >&2
    exit 1
  fi
fi
command -v apt-get >/dev/null 2>&1 || { echo "missing packages: ${want[*]} (install them with your system's package manager)" >&2; exit 1; }
echo "installing ${want[*]}"
"${as_root[@]}" apt-get update -qq >/dev/null
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${want[@]}" >/dev/null
