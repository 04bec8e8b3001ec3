// The machine loses power in the middle of a show, while orders come in.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Person, openStall, planShow } from './lib/api.mjs'
import { goLive, hasPicture } from './lib/live.mjs'
import { Publisher } from './lib/publisher.mjs'
import { playlist } from './lib/replay.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('a crash in the middle of a show loses nothing that was answered', { timeout: 180_000 }, async (t) => {
  const server = await Server.start(t)
  const stall = await openStall(server, { piece: { stock: 100_000 } })
  // Orders are refused when a pickup time is full, and here many come at once.
  const { pickup, parcel } = await stall.owner.get(`${stall.base}/fulfilment`)
  await stall.owner.put(`${stall.base}/fulfilment`, { pickup: { ...pickup, days: pickup.days.map((d) => ({ ...d, capacity: 500 })) }, parcel })
  const show = await planShow(stall)
  const publisher = await goLive(t, server, stall, show)
  const buyers = [await new Person(server).signIn('Rosa'), await new Person(server).signIn('Basil')]
  const sku = stall.oyster.skus[0].id
  const step = steps(t)
  const journal = [] // every attempt with its key; `order` when it was answered

  await step('orders come in until the power goes', async (t) => {
    let power = true
    const refused = []
    const shopping = buyers.map(async (buyer) => {
      while (power) {
        try {
          const line = { buyer, key: randomUUID(), body: buyer.orderOf(await buyer.quote(sku, 1, { show: show.id }), 'pickup') }
          journal.push(line)
          line.order = (await buyer.write('/v1/orders', line.body, line.key)).id
        } catch (e) {
          // A line that broke off is what this is about; a refusal is not.
          if (!(e instanceof TypeError)) refused.push(e)
          power = false
        }
      }
    })
    await until('forty orders', () => !power || journal.filter((l) => l.order).length >= 40, 40_000).finally(async () => {
      await server.crash()
      await Promise.all(shopping)
    })
    assert.deepEqual(refused, [])
    await publisher.cut()
    t.diagnostic(`${journal.filter((l) => l.order).length} orders answered, ${journal.filter((l) => !l.order).length} open`)
  })

  await step('every answered order is there once, and the same key gives the same order', async (t) => {
    const from = Date.now()
    await server.up()
    t.diagnostic(`served again after ${Date.now() - from} ms`)
    for (const line of journal) {
      const { id } = await line.buyer.write('/v1/orders', line.body, line.key)
      if (line.order) assert.equal(id, line.order)
      line.order = id
    }
    for (const buyer of buyers) {
      const mine = []
      for (let next = ''; next !== undefined; ) {
        const page = await buyer.get(`/v1/orders${next && `?after=${encodeURIComponent(next)}`}`)
        mine.push(...page.items.map((o) => o.id))
        next = page.next || undefined
      }
      const wanted = journal.filter((l) => l.buyer === buyer).map((l) => l.order)
      assert.deepEqual(mine.sort(), wanted.sort())
    }
    const { reserved } = (await stall.owner.get(`${stall.base}/stock`)).items.find((r) => r.sku === sku)
    assert.equal(reserved, journal.length)
  })

  await step('the show goes on when the encoder is back, and its replay has a gap', async (t) => {
    Publisher.start(t, server, show.key)
    await until('the show is live', async () => (await new Person(server).get(`/v1/shows/${show.id}`)).state === 'live', 20_000)
    await hasPicture(server, show)
    await until('some picture after the gap', async () => (await stall.owner.get(show.path)).stream.state === 'live' && fetch(`${server.origin}/live/${show.id}/media.m3u8`).then((r) => r.text()).then((x) => x.split('#EXTINF').length > 3), 20_000)
    await stall.owner.post(`${show.path}/end`)
    await until('the replay', async () => (await new Person(server).get(`/v1/shows/${show.id}`)).media.replay, 30_000, 250)
    const { gaps, seconds } = await playlist(server, show)
    t.diagnostic(`replay ${seconds.toFixed(1)} s, gaps ${gaps}`)
    assert.equal(gaps, 1)
    assert.ok(seconds > 2)
  })

  assert.doesNotMatch(await server.check(), /BROKEN/)
})
