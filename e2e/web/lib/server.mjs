import { execFile, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Document } from './document.mjs'
import { until } from './until.mjs'

export const binary = fileURLToPath(new URL('../../../bin/openstall', import.meta.url))

/** Below the ports that the system gives to outgoing connections, of which everything that runs beside us makes many. */
export async function freePort() {
  for (;;) {
    const s = createServer()
    const port = randomInt(10_000, 32_000)
    const free = await new Promise((go) => s.once('error', () => go(false)).listen(port, '127.0.0.1', () => go(true)))
    if (!free) continue
    await new Promise((go) => s.close(go))
    return port
  }
}

/** A market of its own: free ports, an empty folder (or `data`), test payment and outbox on. It ends with the test. */
export class Server {
  #child
  #log = ''

  static async start(t, extra = [], { data } = {}) {
    const s = new Server()
    s.data = data ?? await mkdtemp(join(tmpdir(), 'openstall-e2e-'))
    t.after(async () => {
      await s.stop()
      await rm(s.data, { recursive: true, force: true })
    })
    for (let left = 5; ; left--) {
      const [http, rtmp, rtc] = [await freePort(), await freePort(), await freePort()]
      s.origin = `http://127.0.0.1:${http}`
      s.rtmpURL = `rtmp://127.0.0.1:${rtmp}/live/`
      s.args = ['serve', '--data', s.data, '--http', `127.0.0.1:${http}`, '--rtmp', `127.0.0.1:${rtmp}`, '--webrtc', `127.0.0.1:${rtc}`, '--metrics', 'off', '--outbox', '--test-payment', ...extra]
      try {
        await s.up()
        return s
      } catch (e) {
        // Between looking for a port and listening somebody else may have taken it.
        if (left === 0 || !/address already in use/.test(e.message)) throw e
      }
    }
  }

  /** Starts the process and returns when it serves; throws with its words when it ends instead. */
  async up() {
    const from = this.#log.length
    const child = spawn(binary, this.args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    child.stderr.on('data', (b) => (this.#log += b))
    this.ended = new Promise((go) => child.once('exit', go))
    const told = new Promise((go) => child.once('close', go))
    await until('the server answers', async () => child.exitCode !== null || (await fetch(this.origin + '/healthz')).ok)
    if (child.exitCode !== null) {
      await told
      throw new Error('it ended:\n' + this.#log.slice(from))
    }
    /** What the API says of itself; every answer of every story is held to it. */
    this.document ??= await Document.of(this.origin)
  }

  /** Everything the server has written to its log. */
  get log() {
    return this.#log
  }

  /** Whether the story has ended the process once; pages that ask meanwhile find nobody there. */
  wasAway = false

  async stop() {
    this.wasAway = true
    this.#child?.kill('SIGTERM')
    await this.ended
  }

  /** Ends the process as a power cut would. */
  async crash() {
    this.wasAway = true
    this.#child.kill('SIGKILL')
    await this.ended
  }

  /** The report of `openstall admin check` on this market's data; throws when an invariant is broken. */
  async check() {
    return (await promisify(execFile)(binary, ['admin', 'check', ...this.args.slice(1)])).stdout
  }

  /** The code last sent to an address, from the outbox page. */
  async code(to) {
    return until(`a code for ${to}`, async () => {
      const page = await (await fetch(this.origin + '/outbox')).text()
      const codes = page.split('<article>').filter((a) => a.includes(`<small>${to} `)).map((a) => /\b(\d{6})\b/.exec(a)?.[1])
      return codes.find(Boolean)
    })
  }
}
