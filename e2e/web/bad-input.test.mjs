// Everything a stranger can send that is wrong, and that nothing changes by it.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { Person, openStall, planShow } from './lib/api.mjs'
import { goLive } from './lib/live.mjs'
import { Publisher } from './lib/publisher.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/until.mjs'

/** A PNG that claims to be 30000 pixels square and holds next to nothing. */
function hugePNG() {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(8 + body.length)
    out.writeUInt32BE(data.length, 0)
    body.copy(out, 4)
    out.writeInt32BE(crc32(body), 4 + body.length)
    return out
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(30_000, 0)
  head.writeUInt32BE(30_000, 4)
  head.set([8, 2, 0, 0, 0], 8)
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head), chunk('IDAT', deflateSync(Buffer.alloc(64))), chunk('IEND', Buffer.alloc(0))])
}
function crc32(bytes) {
  let c = -1
  for (const b of bytes) {
    c ^= b
    for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (0xedb88320 & -(c & 1))
  }
  return ~c
}
function upload(bytes, name, type) {
  const form = new FormData()
  form.append('file', new Blob([bytes], { type }), name)
  return form
}

test('bad requests are answered in words and change nothing', { timeout: 100_000 }, async (t) => {
  const server = await Server.start(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  const { owner, base, oyster } = stall
  const sku = oyster.skus[0].id
  const rosa = await new Person(server).signIn('Rosa')
  const mallory = await new Person(server).signIn('Mallory')
  const guest = new Person(server)
  const placed = await rosa.write('/v1/orders', rosa.orderOf(await rosa.quote(sku, 1)))
  const quote = await rosa.quote(sku, 1)
  const draft = rosa.orderOf(quote)
  const tampered = { ...draft, quote: draft.quote.slice(0, 20) + (draft.quote[20] === 'A' ? 'B' : 'A') + draft.quote.slice(21) }
  const stock = async () => (await owner.get(`${base}/stock`)).items.find((r) => r.sku === sku)
  const key = () => randomUUID()
  const forged = { id: 'tpe_1', type: 'payment.succeeded', intent: 'pay_1', payment: 'tp_1', amount: 300, currency: 'EUR' }
  const signature = (v1, at = Math.floor(Date.now() / 1000)) => ({ 'Content-Type': 'application/json', 'Testpay-Signature': `t=${at},v1=${v1}` })
  const before = { stock: await stock(), orders: (await rosa.get('/v1/orders')).items.length, contacts: (await owner.get(`${base}/contacts`)).items.length }

  for (const [name, who, method, path, options, status, code] of [
    ['malformed JSON', rosa, 'POST', '/v1/quotes', { raw: '{"items":', headers: { 'Content-Type': 'application/json' } }, 400, /./],
    ['another type of body', rosa, 'POST', '/v1/quotes', { raw: '<a/>', headers: { 'Content-Type': 'application/xml' } }, 415, /./],
    ['a body of 2 MB', rosa, 'POST', '/v1/quotes', { body: { items: [{ sku, quantity: 1 }], show: 'x'.repeat(2 << 20) } }, 413, /./],
    ['a field nobody knows', rosa, 'POST', '/v1/quotes', { body: { items: [{ sku, quantity: 1 }], discount: 100 } }, 422, /^input\.invalid$/],
    ['a negative quantity', rosa, 'POST', '/v1/quotes', { body: { items: [{ sku, quantity: -1 }] } }, 422, /^catalog\.quantity$/],
    ['no quantity at all', rosa, 'POST', '/v1/quotes', { body: { items: [{ sku, quantity: 0 }] } }, 422, /^catalog\.quantity$/],
    ['more than anybody has', rosa, 'POST', '/v1/quotes', { body: { items: [{ sku, quantity: 9_007_199_254_740_991 }] } }, 422, /./],
    ['more than there is', rosa, 'POST', '/v1/quotes', { body: { items: [{ sku, quantity: 51 }] } }, 409, /^stock\.sold_out$/],
    ['a fraction of a piece', rosa, 'POST', '/v1/quotes', { body: { items: [{ sku, quantity: 1.5 }] } }, 422, /./],
    ['goods that do not exist', rosa, 'POST', '/v1/quotes', { body: { items: [{ sku: 'sku_nothing', quantity: 1 }] } }, 404, /^catalog\.no_sku$/],
    ['an order without a session', guest, 'POST', '/v1/orders', { body: draft, key: key() }, 401, /^auth\.sign_in$/],
    ['an order without a key', rosa, 'POST', '/v1/orders', { body: draft }, 422, /./],
    ['a changed offer', rosa, 'POST', '/v1/orders', { body: tampered, key: key() }, 409, /^order\.bad_quote$/],
    ['an offer with another hash', rosa, 'POST', '/v1/orders', { body: { ...draft, hash: 'x' }, key: key() }, 409, /^order\.bad_quote$/],
    ['no consent', rosa, 'POST', '/v1/orders', { body: { ...draft, consents: [] }, key: key() }, 422, /^order\.consent$/],
    ["somebody else's order", mallory, 'GET', `/v1/orders/${placed.id}`, {}, 404, /^order\.not_found$/],
    ["cancelling somebody else's order", mallory, 'POST', `/v1/orders/${placed.id}/cancel`, { body: {}, key: key() }, 404, /^order\.not_found$/],
    ["paying somebody else's order", mallory, 'POST', `/v1/orders/${placed.id}/pay`, { body: {}, key: key() }, 404, /^order\.not_found$/],
    ["somebody else's shop", mallory, 'GET', base, {}, 404, /./],
    ["a picture for somebody else's shop", mallory, 'POST', `${base}/images`, { body: upload(hugePNG(), 'a.png', 'image/png') }, 404, /./],
    ['a picture without a session', guest, 'POST', `${base}/images`, { body: upload(hugePNG(), 'a.png', 'image/png') }, 401, /^auth\.sign_in$/],
    ["somebody else's stream key", mallory, 'POST', `${base}/stream-key/rotate`, { body: {} }, 404, /./],
    ["somebody else's show", mallory, 'POST', `${show.path}/start`, { body: {} }, 404, /./],
    ['a PNG of 30000 x 30000', owner, 'POST', `${base}/images`, { body: upload(hugePNG(), 'a.png', 'image/png') }, 413, /^picture\.too_large$/],
    ['text that calls itself a picture', owner, 'POST', `${base}/images`, { body: upload('just words', 'a.png', 'image/png') }, 422, /^picture\.format$/],
    ['a bank message without a signature', guest, 'POST', '/v1/payments/test/events', { body: forged }, 403, /^payment\.signature$/],
    ['a bank message with a forged one', guest, 'POST', '/v1/payments/test/events', { raw: JSON.stringify(forged), headers: signature('0'.repeat(64)) }, 403, /^payment\.signature$/],
    ['a bank nobody knows', guest, 'POST', '/v1/payments/nobody/events', { body: forged }, 422, /^payment\.provider$/],
    ['an address that is nothing', guest, 'GET', '/v1/nothing', {}, 404, /./],
  ]) {
    await t.test(`${name}: ${status}`, async () => {
      const a = await who.call(method, path, options)
      assert.equal(a.status, status, JSON.stringify(a.body))
      assert.match(a.headers.get('Content-Type'), /^application\/problem\+json/)
      assert.match(a.body.code, code)
      assert.ok(a.body.request_id, 'the answer names the request')
    })
  }

  await t.test('nothing has changed', async () => {
    assert.deepEqual({ stock: await stock(), orders: (await rosa.get('/v1/orders')).items.length, contacts: (await owner.get(`${base}/contacts`)).items.length }, before)
  })

  await t.test('a bank that says it twice is believed once', async () => {
    await rosa.payAt(placed.pay_url, 'twice')
    await until('the order is paid', async () => (await rosa.get(`/v1/orders/${placed.id}`)).pay_state === 'paid')
  })

  await t.test('WHIP takes no wrong bearer and no broken offer', async () => {
    await owner.post(`${show.path}/practice`)
    const { whip_url, token } = await owner.post(`${show.path}/publish-ticket`)
    const offer = (bearer, sdp) => fetch(new URL(whip_url, server.origin), { method: 'POST', headers: { 'Content-Type': 'application/sdp', ...(bearer && { Authorization: `Bearer ${bearer}` }) }, body: sdp })
    assert.equal((await offer('', 'v=0')).status, 401)
    assert.equal((await offer('wrong', 'v=0')).status, 403)
    assert.equal((await offer(token, 'v=0\r\nthis is no offer')).status, 400)
    await owner.post(`${show.path}/end`)
  })

  await t.test('RTMP takes no wrong key and no key of yesterday, and keys stay out of the log', async () => {
    const wrong = [`${show.key.slice(0, -6)}AAAAAA`, 'nonsense', show.key]
    const fresh = await owner.post(`${base}/stream-key/rotate`)
    for (const k of wrong) {
      const p = Publisher.start(t, server, k, { seconds: 20 })
      assert.notEqual(await p.ended, 0, 'the encoder is told')
    }
    show.key = fresh.key
    const first = await goLive(t, server, stall, show)
    const second = Publisher.start(t, server, show.key)
    assert.notEqual(await second.ended, 0, 'while one sends, a second with the same key is refused')
    assert.equal((await owner.get(show.path)).stream.state, 'live')
    assert.equal(first.child.exitCode, null)
    for (const k of [...wrong, fresh.key]) assert.ok(!server.log.includes(k), 'a key stands in the log')
  })

  const paid = (await rosa.get(`/v1/orders/${placed.id}`)).events.filter((e) => /paid/.test(e.event))
  assert.equal(paid.length, 1, 'the bank said it three times')
  assert.doesNotMatch(await server.check(), /BROKEN/)
})
