#!/usr/bin/env node
// Runs every suite and ends with "N passed, N failed". With a name ("go",
// "alone", "web", "e2e", "lint") only that suite runs. Output of a failed suite is
// shown (of Go and the stories only what failed); everything goes to
// .cache/test/<suite>.log.
import { spawn, execFileSync } from 'node:child_process'
import { chmodSync, createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
process.chdir(root)
const logs = join(root, '.cache', 'test')
mkdirSync(logs, { recursive: true })
const only = process.argv.slice(2)
const wanted = (suite) => only.length === 0 || only.includes(suite)
let passed = 0
let failed = 0
const failures = []
const started = Date.now()

/** A folder in memory with four gigabytes to spare, if there is one. */
function inMemory() {
  const folder = '/dev/shm'
  if (!existsSync(folder)) return undefined
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize >= 4 * 2 ** 30 ? folder : undefined
}

/** Runs a command, keeps its output, calls onLine per line of standard output. `behind`: with what processor the
 *  others leave, as far as this niceness goes. */
function run(name, cmd, args, { cwd = root, env = {}, onLine, behind = 0 } = {}) {
  return new Promise((resolve) => {
    const log = createWriteStream(join(logs, name + '.log'))
    const child = spawn(behind ? 'nice' : cmd, behind ? ['-n', String(behind), cmd, ...args] : args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let rest = ''
    child.stdout.on('data', (b) => {
      rest += b
      const lines = rest.split('\n')
      rest = lines.pop()
      for (const l of lines) if (!onLine || onLine(l) !== false) log.write(l + '\n')
    })
    child.stderr.on('data', (b) => log.write(b))
    child.on('error', (e) => { log.write(String(e)); log.end(() => resolve(1)) })
    child.on('close', (code) => {
      if (rest && (!onLine || onLine(rest) !== false)) log.write(rest)
      log.end(() => resolve(code ?? 1))
    })
  })
}

function note(suite, ok, bad, since) {
  passed += ok
  failed += bad
  console.log(`${bad ? 'FAIL' : 'ok  '} ${suite.padEnd(12)} ${String(ok).padStart(5)} passed ${String(bad).padStart(3)} failed  ${Math.round((Date.now() - since) / 1000)} s`)
  if (bad) failures.push(suite)
}

/** A suite that is one command: it passes or it does not. */
async function single(suite, cmd, args, opts) {
  const since = Date.now()
  const code = await run(suite, cmd, args, opts)
  note(suite, code === 0 ? 1 : 0, code === 0 ? 0 : 1, since)
  return code === 0
}

/** As the binary is compiled, so that its packages are compiled once. */
const plain = { CGO_ENABLED: '0', GOFLAGS: [process.env.GOFLAGS, '-trimpath'].filter(Boolean).join(' ') }

async function lint() {
  const since = Date.now()
  const unformatted = execFileSync('bash', ['-c', "git ls-files '*.go' | xargs gofmt -l"]).toString().trim()
  if (unformatted) console.log('not gofmt-ed:\n' + unformatted)
  note('gofmt', unformatted ? 0 : 1, unformatted ? 1 : 0, since)
  await single('vet', 'go', ['vet', './...'], { env: plain, behind: 19 })
}

/** What one goroutine does alone for long: the simulator's histories and cuts of the power, the laboratory of Discover,
 *  walks through settlement, a demo market made again. It has no races to detect, and without their detector it is up to ten times
 *  as fast. */
async function alone(env) {
  const opts = { env: { ...env, ...plain }, behind: 19 }
  await single('alone', 'go', ['test', '-v', '-timeout', '20m', './internal/sim', './internal/domain/feed/...', './internal/domain/settle'], opts)
  await single('made-again', 'go', ['test', '-v', '-run', 'TestASeedingThatWasKilledIsDoneAgain', './internal/app/demo'], opts)
}

/** SQLite here is C that a program turned into Go: it has no races to detect, and the checks of its pointers that the
 *  race detector brings along cost more than the tests. */
const race = ['-race', '-gcflags=modernc.org/...=-d=checkptr=0']

/** Packages whose tests wait for films and for clocks; the stories must be over before. */
const live = /\/internal\/(app|media)(\/|$)/
const packages = () => execFileSync('go', ['list', './...']).toString().trim().split('\n')

/** What fits into the time in which stories wait for pictures and clocks: checks of the source, compiling the tests,
 *  what runs alone, and tests that only need a processor now and then. */
async function meanwhile(env, front) {
  if (wanted('web') && front) await web()
  if (wanted('lint')) await lint()
  // Asking for what they export compiles tests without linking them, which running them does anyway.
  if (wanted('go')) await run('go-build', 'go', ['list', ...race, '-test', '-deps', '-export', '-f', '', './...'], { env, behind: 19 })
  if (wanted('alone')) await alone(env)
  if (wanted('go')) await goTests('go', env, packages().filter((p) => !live.test(p)), 10)
}

async function goTests(suite, env, packages, behind) {
  const since = Date.now()
  let ok = 0
  let bad = 0
  const out = new Map()
  // Packages that wait for films and clocks leave the processors to others.
  const code = await run(suite, 'go', ['test', '-json', ...race, '-p', String(2 * availableParallelism()), '-timeout', '20m', ...packages], {
    env,
    behind,
    onLine(line) {
      let e
      try { e = JSON.parse(line) } catch { return true }
      const key = e.Package + ' ' + (e.Test ?? '')
      if (e.Action === 'output') { out.set(key, (out.get(key) ?? '') + e.Output); return false }
      if (e.Action === 'build-output') { console.log(e.Output.trimEnd()); return false }
      if (e.Action === 'pass' && e.Test) ok++
      if (e.Action === 'pass' && !e.Test) return true // how long the package took
      if (e.Action === 'fail') {
        if (e.Test || !e.FailedBuild) bad += e.Test ? 1 : 0
        console.log(`--- ${key}\n${(out.get(key) ?? '').slice(-6000)}`)
      }
      return e.Action === 'fail'
    },
  })
  if (code !== 0 && bad === 0) bad = 1
  note(suite, ok, bad, since)
}

/** What the stories need of the front end. */
async function built() {
  return await single('npm-install', 'make', ['--no-print-directory', 'web/node_modules/.stamp'])
    && await single('web-build', 'make', ['--no-print-directory', 'web/dist/.stamp'])
}

async function web() {
  await single('room-size', 'npm', ['run', 'size'], { cwd: 'web' })
  await single('types', 'npm', ['run', 'check'], { cwd: 'web', behind: 10 })
  const since = Date.now()
  const report = join(logs, 'vitest.json')
  rmSync(report, { force: true })
  const code = await run('vitest', 'npx', ['vitest', 'run', '--reporter=json', '--outputFile=' + report], { cwd: 'web', behind: 10 })
  if (existsSync(report)) {
    const r = JSON.parse(readFileSync(report, 'utf8'))
    note('vitest', r.numPassedTests, r.numFailedTests + (code !== 0 && r.numFailedTests === 0 ? 1 : 0), since)
  } else note('vitest', 0, 1, since)
}

/** The failed tests of a TAP log, each with its story and what was thrown.
 *  A story that failed only because a step of it did is not named again. */
function failedStories(tap) {
  const found = []
  const path = []
  const lines = tap.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const subtest = /^( *)# Subtest: (.*)$/.exec(lines[i])
    if (subtest) path.splice(subtest[1].length / 4, path.length, subtest[2])
    const bad = /^( *)not ok \d+ - (.*)$/.exec(lines[i])
    if (!bad) continue
    path.splice(bad[1].length / 4, path.length, bad[2])
    const end = lines.indexOf(bad[1] + '  ...', i)
    const told = lines.slice(i + 1, end < 0 ? i + 60 : end).map((l) => l.slice(bad[1].length)).join('\n')
    if (!told.includes("failureType: 'subtestsFailed'")) found.push(path.join(' > ') + '\n' + told.slice(0, 3000))
  }
  return found
}

async function e2e(env) {
  if (!(await single('build', 'make', ['--no-print-directory', 'bin/openstall']))) return
  const since = Date.now()
  let ok = 0
  let bad = 0
  const code = await run('e2e', 'node', ['--test', '--test-concurrency=1', '--test-reporter=tap', 'e2e/web/'], {
    env,
    onLine(line) {
      const m = /^# (pass|fail) (\d+)/.exec(line)
      if (m) m[1] === 'pass' ? (ok = +m[2]) : (bad = +m[2])
      return true
    },
  })
  if (code !== 0 && bad === 0) bad = 1
  if (bad) {
    const log = readFileSync(join(logs, 'e2e.log'), 'utf8')
    const stories = failedStories(log)
    console.log((stories.length ? stories : [log.slice(-8000)]).map((s) => `--- e2e: ${s}`).join('\n'))
  }
  note('e2e', ok, bad, since)
}

execFileSync('scripts/deps.sh', ['test'], { stdio: 'inherit' })
// Go needs something to embed before the front end is built.
execFileSync('bash', ['-c', 'for a in shop console; do mkdir -p web/dist/$a; [ -f web/dist/$a/index.html ] || echo "<!doctype html>" > web/dist/$a/index.html; done'])
let services = {}
// Databases and recordings of tests lie in memory where there is room for them:
// no test cuts the power, and waiting for the disk is most of their time. Not
// below the repository: PostgreSQL runs as another user, who must get there.
const dir = mkdtempSync(join(inMemory() ?? tmpdir(), 'openstall-test-'))
chmodSync(dir, 0o755)
if (wanted('go') || wanted('alone') || wanted('e2e')) {
  const out = execFileSync('scripts/services.sh', ['start', join(dir, 'services')]).toString()
  for (const m of out.matchAll(/(\w+)='([^']*)'/g)) services[m[1]] = m[2]
  services.TMPDIR = join(dir, 'tmp')
  // What is red for one commit is red again; the next commit lives through other histories.
  services.SIM_SEED = String(parseInt(execFileSync('git', ['rev-parse', 'HEAD']).toString().slice(0, 12), 16))
  mkdirSync(services.TMPDIR)
}
try {
  const front = wanted('web') || wanted('e2e') ? await built() : true
  const inFront = async () => {
    if (wanted('e2e') && front) await e2e(services)
    if (wanted('go')) await goTests('go-live', services, packages().filter((p) => live.test(p)))
  }
  await Promise.all([inFront(), meanwhile(services, front)])
} finally {
  if (Object.keys(services).length) execFileSync('scripts/services.sh', ['stop', join(dir, 'services')])
  rmSync(dir, { recursive: true, force: true })
}
for (const f of failures) {
  const log = join(logs, f + '.log')
  if (existsSync(log) && !f.startsWith('go') && f !== 'e2e') console.log(`\n===== ${f}\n` + readFileSync(log, 'utf8').slice(-8000))
}
console.log(`\nall suites took ${Math.round((Date.now() - started) / 1000)} s`)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
