// A buyer pays by card on the page of a Stripe that runs beside the market.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Person, openStall } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { binary, freePort, Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('a buyer pays by card at Stripe', { timeout: 180_000 }, async (t) => {
  const stripe = `http://127.0.0.1:${await freePort()}`
  const server = await Server.start(t, ['--stripe-key', 'sk_test_fake', '--stripe-webhook-secret', 'whsec_fake', '--stripe-url', stripe, '--operator', 'olga@example.org'])
  const fake = join(server.data, 'fakestripe')
  await promisify(execFile)('go', ['build', '-o', fake, './internal/testsupport/fakestripe/cmd/fakestripe'], { cwd: fileURLToPath(new URL('../..', import.meta.url)) })
  const child = spawn(fake, ['-listen', new URL(stripe).host, '-endpoint', `${server.origin}/v1/payments/stripe/events`], { stdio: 'ignore' })
  const ended = new Promise((go) => child.once('exit', go))
  t.after(async () => {
    child.kill()
    await ended
  })
  await until('the fake answers', async () => (await fetch(stripe + '/v1/refunds')).status === 401)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const { owner, base, oyster } = stall
  const rosa = await new Person(server).signIn('Rosa')
  const page = await visit(browser, server, { person: rosa })
  const step = steps(t, page)
  let id

  await step('a declined card can be followed by a good one', async () => {
    await page.goto(`/products/${oyster.id}`)
    await page.getByRole('button', { name: 'Buy' }).first().tap()
    await page.getByRole('radio', { name: /Card, Apple Pay, Google Pay/ }).check()
    await page.getByRole('checkbox', { name: /no return/ }).check()
    await page.getByRole('button', { name: 'Place order' }).tap()
    await page.waitForURL(`${stripe}/c/pay/**`)
    await page.getByText('3.00 EUR').waitFor()
    await page.getByLabel('Card number').fill('4000 0000 0000 0002')
    await page.getByRole('button', { name: 'Pay' }).tap()
    await page.getByText('Your card was declined.').waitFor()
    await page.getByLabel('Card number').fill('4242 4242 4242 4242')
    await page.getByRole('button', { name: 'Pay' }).tap()
    await page.waitForURL('**/orders/ord_*')
    id = new URL(page.url()).pathname.split('/').at(-1)
    await page.getByText('€3.00 paid').waitFor()
  })

  await step('going back to the payment page leads to the order', async () => {
    await page.goto(`/pay/${id}`)
    await page.waitForURL(`**/orders/${id}`)
  })

  await step('a Stripe that does not answer keeps the money owed until it does', async () => {
    await fetch(`${stripe}/_fake/faults`, { method: 'POST', body: JSON.stringify([{ operation: 'POST /v1/refunds', kind: 'lost', times: 2 }]) })
    await owner.write(`${base}/orders/${id}/cancel`, { reason: 'Storm' })
    const o = await until('the refund', async () => {
      const x = await rosa.get(`/v1/orders/${id}`)
      return x.pay_state === 'refunded' && x
    }, 30_000)
    assert.equal(o.refunded.minor, 300)
  })

  await step('money that a bank returns is given by hand and noted', async () => {
    const quote = await rosa.quote(oyster.skus[0].id, 1)
    const order = await rosa.write('/v1/orders', rosa.orderOf(quote, 'stripe'))
    await page.goto(order.pay_url)
    await page.getByLabel('Card number').fill('4000 0000 0000 5126')
    await page.getByRole('button', { name: 'Pay' }).tap()
    await page.getByText('€3.00 paid').waitFor()
    await owner.write(`${base}/orders/${order.id}/cancel`, { reason: 'Storm' })
    const operator = await new Person(server).signIn('Olga', 'olga@example.org')
    await until('the refund has failed', async () => (await operator.get('/v1/operator/failed-refunds')).items.length === 1)
    const desk = await visit(browser, server, { person: operator, screen: desktop })
    await desk.goto('/console/operator')
    const failed = desk.getByRole('region', { name: 'Refunds that failed' })
    await failed.getByText('€3.00').waitFor()
    if (process.env.SHOTS) await desk.screenshot({ path: join(process.env.SHOTS, 'failed.png') })
    await failed.getByRole('button', { name: 'I have given it back' }).click()
    await failed.waitFor({ state: 'detached' })
    assert.equal((await rosa.get(`/v1/orders/${order.id}`)).pay_state, 'refunded')
    desk.clean()
  })

  await step('both books agree, and a payment that only one knows is found', async () => {
    const zone = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Berlin' })
    const books = () => promisify(execFile)(binary, ['admin', 'reconcile', '--day', zone.format(new Date()), ...server.args.slice(1)])
    assert.match((await books()).stdout, /2 payments and 2 refunds agree\n$/)
    await fetch(`${stripe}/_fake/bookings`, { method: 'POST', body: JSON.stringify({ Type: 'charge', Source: 'ch_unheard', Payment: 'pi_unheard', Metadata: { openstall_intent: 'pay_unheard' }, Currency: 'eur', Amount: 990 }) })
    const e = await books().then(() => assert.fail('the difference was not found'), (e) => e)
    assert.match(e.stdout, /pi_unheard \(no order of ours\): payment of 9\.90 EUR is in their books, not in ours/)
  })

  assert.deepEqual(page.faults.filter((f) => !f.includes(stripe)), [])
  assert.doesNotMatch(await server.check(), /BROKEN/)
})
