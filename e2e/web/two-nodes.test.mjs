// Two processes serve one market over PostgreSQL, Redis and S3: what happens on one is seen on the other.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Person, openStall, planShow } from './lib/api.mjs'
import { openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** An empty database on the server that TEST_POSTGRES_URL names; it goes with the test. */
function database(t) {
  const name = 'market_' + randomUUID().replaceAll('-', '')
  const sql = (words) => execFileSync('psql', [process.env.TEST_POSTGRES_URL, '-qc', words], { stdio: 'pipe' })
  sql(`CREATE DATABASE ${name}`)
  t.after(() => sql(`DROP DATABASE ${name} WITH (FORCE)`))
  const url = new URL(process.env.TEST_POSTGRES_URL)
  url.pathname = '/' + name
  return url.href
}

/** An S3 server in memory; its address is a setting of openstall. */
async function bucket(t) {
  const built = `${root}bin/e2e-s3`
  execFileSync('go', ['build', '-o', built, './e2e/s3'], { cwd: root, stdio: 'pipe' })
  const child = spawn(built, { stdio: ['ignore', 'pipe', 'ignore'] })
  t.after(() => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout })) return line
}

test('two processes serve one market', { timeout: 180_000 }, async (t) => {
  if (!process.env.TEST_POSTGRES_URL || !process.env.TEST_REDIS_URL) return t.skip('TEST_POSTGRES_URL and TEST_REDIS_URL are not set; make e2e and CI set them')
  const shared = ['--database', database(t), '--redis', process.env.TEST_REDIS_URL, '--s3', await bucket(t)]
  const a = await Server.start(t, shared)
  const b = await Server.start(t, shared)
  const stall = await openStall(a)
  const show = await planShow(stall)
  const browser = await openBrowser(t)
  // No picture is sent in this story: it would be on the node that it is sent to.
  const viewer = await visit(browser, b, { allowed: [404] })
  const step = steps(t, viewer)
  let order

  await step('a picture that came in through one is given out by the other', async () => {
    const form = new FormData()
    form.append('file', new Blob([readFileSync(`${root}internal/app/demo/art/mackerel.jpg`)], { type: 'image/jpeg' }), 'mackerel.jpg')
    const image = await stall.owner.call('POST', `${stall.base}/images`, { body: form })
    assert.ok(image.status < 300, JSON.stringify(image.body))
    const got = await fetch(new URL(image.body.url ?? `/img/${image.body.id}`, b.origin))
    assert.equal(got.status, 200)
    assert.match(got.headers.get('Content-Type'), /^image\//)
  })

  await step('a viewer at the other enters the room of a show that was started here', async () => {
    await stall.owner.post(`${show.path}/start`)
    await viewer.goto(`/shows/${show.id}`)
    await stall.owner.post(`${show.path}/pin`, { number: 2 })
    await viewer.getByRole('region', { name: 'On the counter: Oyster' }).waitFor()
    await viewer.getByRole('region', { name: 'On the counter: Oyster' }).getByText('50', { exact: false }).first().waitFor()
  })

  await step('and sees the comment that is written here', async () => {
    const rosa = await new Person(a).signIn('Rosa')
    const say = await until('the room is open here', async () => {
      const answer = await rosa.call('POST', `/v1/shows/${show.id}/comments`, { body: { text: 'Is it fresh today?' } })
      return answer.status < 300 && answer
    })
    assert.ok(say.body.id)
    await viewer.getByRole('log', { name: 'Comments' }).getByText('Is it fresh today?').waitFor()
  })

  await step('and the order and the stock that it leaves', async () => {
    const basil = await new Person(a).signIn('Basil')
    order = await basil.write('/v1/orders', basil.orderOf(await basil.quote(stall.oyster.skus[0].id, 7, { show: show.id }), 'pickup'))
    await viewer.getByRole('region', { name: 'On the counter: Oyster' }).getByText('43', { exact: false }).first().waitFor()
    // A session and an order made here hold there.
    const there = new Person(b)
    there.become(basil)
    assert.equal((await there.get(`/v1/orders/${order.id}`)).id, order.id)
  })

  await step('the last pieces are sold once, whichever process is asked', async () => {
    const sku = stall.oyster.skus[0].id
    // All have their offers before anybody orders: later there would be none to have.
    const wishes = await Promise.all([a, b, a, b, a, b].map(async (node, n) => {
      const buyer = await new Person(node).signIn(`Buyer ${n}`.replace(' ', ''))
      return { buyer, body: buyer.orderOf(await buyer.quote(sku, 10, {}), 'pickup') }
    }))
    const answers = await Promise.all(wishes.map(({ buyer, body }) => buyer.call('POST', '/v1/orders', { body, key: randomUUID() })))
    const sold = answers.filter((x) => x.status === 201).length
    assert.equal(sold, 4, JSON.stringify(answers.map((x) => [x.status, x.body.code])))
    for (const x of answers.filter((x) => x.status !== 201)) assert.equal(x.body.code, 'stock.sold_out')
  })

  assert.doesNotMatch(await a.check(), /BROKEN/)
})
