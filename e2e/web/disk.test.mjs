// The disk fills up in the middle of a show, and has room again later.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, rmdirSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Person, openStall, planShow } from './lib/api.mjs'
import { goLive } from './lib/live.mjs'
import { playlist } from './lib/replay.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

const keepFree = 8 // MiB, of a disk of 40

/** Mounts a disk of 40 MiB; undefined where that is not permitted. */
function smallDisk(t) {
  const dir = mkdtempSync(join(tmpdir(), 'openstall-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', dir], { stdio: 'pipe' })
  } catch {
    rmdirSync(dir)
    return undefined
  }
  t.after(() => {
    execFileSync('umount', ['-l', dir])
    rmdirSync(dir)
  })
  return dir
}

/** Runs this file again where an ordinary user may mount; skips where even that is not permitted. */
function inOwnNamespace(t) {
  const own = ['--user', '--map-root-user', '--mount']
  if (process.env.OPENSTALL_OWN_NAMESPACE || spawnSync('unshare', [...own, 'true']).status !== 0) {
    return t.skip('neither root nor user namespaces here, so no small disk can be mounted; CI has both')
  }
  // NODE_TEST_CONTEXT would make the inner run report to this one's parent.
  const { NODE_TEST_CONTEXT, ...env } = process.env
  const run = spawnSync('unshare', [...own, process.execPath, '--test', fileURLToPath(import.meta.url)], { env: { ...env, OPENSTALL_OWN_NAMESPACE: '1' }, encoding: 'utf8' })
  assert.equal(run.status, 0, run.stdout + run.stderr)
  assert.match(run.stdout, /skipped 0/)
}

/** Fills a file until the disk has at most `left` MiB; 0 leaves not a byte. */
function fill(file, left) {
  for (let size = 1 << 20; size >= 1; size = Math.floor(size / 4)) {
    const block = Buffer.alloc(size, 1)
    for (;;) {
      const { bavail, bsize } = statfsSync(file.dir)
      if (left > 0 && bavail * bsize - size < left * (1 << 20)) break
      try {
        appendFileSync(file.path, block)
      } catch (e) {
        if (e.code !== 'ENOSPC') throw e
        break
      }
    }
  }
}

test('a full disk stops the recording, not the show, and loses nothing', { timeout: 240_000 }, async (t) => {
  const dir = smallDisk(t)
  if (!dir) return inOwnNamespace(t)
  const ballast = { dir, path: join(dir, 'ballast') }
  const data = join(dir, 'data')
  mkdirSync(data)
  const server = await Server.start(t, ['--keep-free', String(keepFree)], { data })
  const stall = await openStall(server, { piece: { stock: 100_000 } })
  const show = await planShow(stall)
  await goLive(t, server, stall, show)
  const buyer = await new Person(server).signIn('Rosa')
  const sku = stall.oyster.skus[0].id
  const placed = []
  const buy = async () => {
    const key = randomUUID()
    const body = buyer.orderOf(await buyer.quote(sku, 1, { show: show.id }), 'pickup')
    const answer = await buyer.call('POST', '/v1/orders', { body, key })
    if (answer.status < 300) placed.push(answer.body.id)
    return answer
  }
  const warnings = async () => (await stall.owner.get(show.path)).stream.warnings
  const viewers = async () => {
    const before = await (await fetch(`${server.origin}/live/${show.id}/media.m3u8`)).text()
    await until('the live goes on', async () => (await (await fetch(`${server.origin}/live/${show.id}/media.m3u8`)).text()) !== before)
  }
  const step = steps(t)

  await step('little room: the recording stops loudly, the live and the orders go on', async () => {
    assert.deepEqual((await warnings()).filter((w) => w === 'not_recorded'), [])
    fill(ballast, keepFree - 1)
    await until('the warning at the stage', async () => (await warnings()).includes('not_recorded'), 20_000)
    assert.match(server.log, /RECORDING STOPPED/)
    await viewers()
    assert.equal((await buy()).status, 201)
  })

  await step('room again: the recording goes on', async () => {
    rmSync(ballast.path)
    await until('the warning is gone', async () => !(await warnings()).includes('not_recorded'), 30_000)
    assert.equal((await buy()).status, 201)
  })

  await step('not a byte left: orders are placed or refused in words, the live goes on', async (t) => {
    fill(ballast, 0)
    const refused = []
    for (let n = 0; n < 400 && refused.length < 5; n++) {
      const answer = await buy().catch((e) => e)
      if (answer.status === 201) continue
      if (answer instanceof Error) {
        assert.match(answer.message, /server\.full/) // the quote was refused
        refused.push(answer)
        continue
      }
      assert.equal(answer.status, 503, JSON.stringify(answer.body))
      assert.equal(answer.body.code, 'server.full')
      assert.match(answer.headers.get('Content-Type'), /problem\+json/)
      refused.push(answer)
      fill(ballast, 0)
    }
    t.diagnostic(`${placed.length} orders placed, ${refused.length} refused`)
    assert.equal(refused.length, 5)
    await viewers()
    for (const id of placed) assert.equal((await buyer.get(`/v1/orders/${id}`)).id, id)
  })

  await step('room again: orders and the recording go on', async () => {
    rmSync(ballast.path)
    await until('an order', async () => (await buy()).status === 201, 10_000)
    await until('the warning is gone', async () => !(await warnings()).includes('not_recorded'), 30_000)
  })

  await step('the show ends on a full disk; its replay comes with the room', async (t) => {
    fill(ballast, 0)
    await until('the warning at the stage', async () => (await warnings()).includes('not_recorded'), 20_000)
    const end = await stall.owner.call('POST', `${show.path}/end`, { body: {} })
    if (end.status !== 200) assert.equal(end.body.code, 'server.full')
    rmSync(ballast.path)
    await until('the end', async () => (await stall.owner.call('POST', `${show.path}/end`, { body: {} })).status === 200)
    await until('the replay', async () => (await new Person(server).get(`/v1/shows/${show.id}`)).media.replay, 60_000, 250)
    const { gaps, seconds } = await playlist(server, show)
    t.diagnostic(`replay ${seconds.toFixed(1)} s, gaps ${gaps}`)
    assert.ok(gaps >= 2)
  })

  await step('after a restart every order is there once and the books agree', async () => {
    await server.stop()
    await server.up()
    const mine = []
    for (let next = ''; next !== undefined; ) {
      const page = await buyer.get(`/v1/orders${next && `?after=${encodeURIComponent(next)}`}`)
      mine.push(...page.items.map((o) => o.id))
      next = page.next || undefined
    }
    assert.deepEqual(mine.sort(), [...placed].sort())
    const { reserved } = (await stall.owner.get(`${stall.base}/stock`)).items.find((r) => r.sku === sku)
    assert.equal(reserved, placed.length)
    assert.doesNotMatch(await server.check(), /BROKEN/)
  })
})
