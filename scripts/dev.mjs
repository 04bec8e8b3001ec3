#!/usr/bin/env node
// Development: Vite serves the phone app with hot reload and hands everything
// else to the Go server, which is rebuilt and restarted when a Go file changes.
// Everything is at http://localhost:5173, the console below /console/.
import { spawn, spawnSync } from 'node:child_process'
import { watch } from 'node:fs'

const data = process.argv[process.argv.indexOf('--data') + 1] || './data'
let server
function restart() {
  const built = spawnSync('go', ['build', '-o', 'bin/openstall-dev', './cmd/openstall'], { stdio: 'inherit', env: { ...process.env, CGO_ENABLED: '0' } })
  if (built.status !== 0) return
  server?.kill('SIGTERM')
  server = spawn('./bin/openstall-dev', ['serve', '--demo', '--data', data, '--http', ':8080'], { stdio: 'inherit' })
}
let timer
for (const dir of ['cmd', 'internal']) {
  watch(dir, { recursive: true }, (_, file) => {
    if (!/\.(go|sql|json)$/.test(file ?? '')) return
    clearTimeout(timer)
    timer = setTimeout(restart, 200)
  })
}
spawnSync('bash', ['-c', 'for a in shop console; do mkdir -p web/dist/$a; [ -f web/dist/$a/index.html ] || echo "<!doctype html>" > web/dist/$a/index.html; done'])
restart()
const vites = ['dev', 'dev:console'].map((s) => spawn('npm', ['run', s], { cwd: 'web', stdio: 'inherit' }))
process.on('SIGINT', () => { server?.kill('SIGTERM'); for (const v of vites) v.kill(); process.exit(0) })
