// What comes after the tap on Buy: a changed price, a bank that says no or says it late, the money back, the promise.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Person, openStall, planShow } from './lib/api.mjs'
import { openBrowser, pictureGoesOn, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('an order keeps what the room promised', { timeout: 240_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  await goLive(t, server, stall, show)
  const { owner, base, oyster } = stall
  await owner.post(`${show.path}/pin`, { number: 2 })
  const rosa = await new Person(server).signIn('Rosa')
  const page = await visit(browser, server, { person: rosa })
  const step = steps(t, page)
  const left = async () => (await owner.get(`${base}/stock`)).items.find((r) => r.product === oyster.id).available
  const price = (minor) => owner.patch(`${base}/products/${oyster.id}`, { skus: [{ id: oyster.skus[0].id, price_minor: minor }] })
  const orders = []

  /** From the pinned card to the payment page. */
  async function buyPinned(button) {
    await page.goto(`/shows/${show.id}`)
    await page.getByRole('region', { name: 'On the counter: Oyster' }).getByRole('button', { name: 'Buy' }).tap()
    await page.getByRole('radio', { name: /Test payment/ }).check()
    await page.getByRole('checkbox', { name: /no return/ }).check()
    await page.getByRole('button', { name: 'Place order' }).tap()
    await atBank(button)
  }
  async function atBank(button) {
    await page.waitForURL('**/pay/test/**')
    await page.getByRole('button', { name: button }).tap()
    await page.waitForURL('**/orders/ord_*')
    orders.push(new URL(page.url()).pathname.split('/').at(-1))
  }

  await step('following is one tap', async () => {
    await page.goto(`/shows/${show.id}`)
    await page.getByRole('button', { name: 'Follow', exact: true }).tap()
    await page.getByRole('button', { name: 'Following' }).waitFor()
    assert.equal((await until('the server knows', async () => (await rosa.get(`/v1/shows/${show.id}`)).following)), true)
  })

  await step('a price that changes while somebody buys is asked about', async () => {
    await page.getByRole('region', { name: 'On the counter: Oyster' }).getByRole('button', { name: 'Buy' }).tap()
    await page.getByText('Price kept for you until').waitFor()
    await price(350)
    await page.getByRole('button', { name: 'More' }).tap()
    const question = page.getByRole('alertdialog', { name: 'The price has changed' })
    await question.getByText('The price rose from €3.00 to €3.50').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Place order' }).count(), 0, 'no order without an answer')
    await question.getByRole('button', { name: 'Order for €7.00' }).tap()
    await page.getByRole('button', { name: 'Place order' }).waitFor()
    await pictureGoesOn(page)
    await price(300)
  })

  await step('a declined payment can be paid after all', async () => {
    await buyPinned('Decline')
    await page.getByRole('heading', { name: 'The payment did not go through' }).waitFor()
    await page.getByRole('button', { name: 'Pay €3.00' }).tap()
    await atBank(/^Pay$/)
    assert.equal(orders[0], orders[1], 'it is the same order')
    await page.getByText('€3.00 paid').waitFor()
  })

  await step('a cancelled order gives the money and the goods back', async () => {
    const before = await left()
    await page.getByRole('button', { name: 'Cancel', exact: true }).tap()
    await page.getByText('You get all your money back').waitFor()
    await page.getByRole('button', { name: 'Cancel the order' }).tap()
    await page.getByRole('heading', { name: /Cancelled|Money returned/ }).waitFor()
    await page.getByText(/€3.00 (on its way back|returned) to you/).waitFor()
    const o = await until('the refund', async () => {
      const x = await rosa.get(`/v1/orders/${orders[0]}`)
      return x.pay_state === 'refunded' && x
    })
    assert.equal(o.refunded.minor, 300)
    assert.equal(await left(), before + 1)
  })

  await step('a bank that answers late leaves nobody in doubt', async () => {
    await buyPinned('Pay, answer late')
    await page.getByText('Do not pay again').waitFor()
    await page.getByText('€3.00 paid').waitFor({ timeout: 40_000 })
  })

  await step('who does not tick the message box gets no marketing', async () => {
    const buyer = (await owner.get(`${base}/contacts`)).items.find((c) => c.name === 'Rosa')
    assert.ok(buyer, 'the buyer is a contact')
    assert.equal(buyer.consent.marketing, false)
  })

  const late = orders.at(-1)
  await step('the promise plays from at most 10 s before its second', async (t) => {
    await owner.post(`${show.path}/end`)
    const promise = await until('the replay of the promise', async () => {
      const p = (await rosa.get(`/v1/orders/${late}`)).lines[0].promise
      return p.replay && p
    }, 30_000, 250)
    await page.goto(`/orders/${late}`)
    await page.getByRole('link', { name: /Play the recording at/ }).tap()
    await page.waitForURL('**/shows/**')
    const at = await page.waitForFunction(() => {
      const v = document.querySelector('video')
      return v && v.readyState >= 2 && v.currentTime > 0 && v.currentTime
    }).then((h) => h.jsonValue())
    t.diagnostic(`promised at ${promise.second} s, replay opened at ${at.toFixed(1)} s`)
    assert.ok(at <= promise.second && at >= promise.second - 10, `promised at ${promise.second} s, replay opened at ${at} s`)
    await pictureGoesOn(page)
  })

  page.clean()
  assert.doesNotMatch(await server.check(), /BROKEN/)
})
