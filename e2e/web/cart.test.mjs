// A cart over shops and shows: kept by the browser, then by the server, one order for each seller, and the moment of each.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Person, openStall, planShow } from './lib/api.mjs'
import { assertAccessible } from './lib/access.mjs'
import { openBrowser, signInHere, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('a guest fills a cart in two shops and orders once', { timeout: 180_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const nell = await openStall(server)
  const show = await planShow(nell)
  const basil = await new Person(server).signIn('Basil')
  const stall = await basil.post('/v1/merchant/shops', { name: { en: 'Basil Books', zh: '巴西书店' }, pack: 'other', stall: '3' })
  const mug = await basil.post(`/v1/merchant/shops/${stall.id}/products`, { title: { en: 'Mug', zh: '杯子' }, measure: 'piece', state: 'live', skus: [{ price_minor: 900, stock: 5 }] })
  await goLive(t, server, nell, show)
  const page = await visit(browser, server, { allowed: [409] })
  const step = steps(t, page)

  await step('goods of a show and of a shop lie together, and nothing is reserved', async () => {
    await page.goto(`/shows/${show.id}`)
    await page.getByRole('button', { name: /Open the bag/ }).tap()
    await page.getByRole('button', { name: 'Open Oyster' }).tap()
    await page.getByRole('button', { name: 'Put into the cart' }).tap()
    await page.getByText('In the cart.').waitFor()
    await page.goto(`/products/${mug.id}`)
    await page.getByRole('button', { name: 'Cart' }).tap()
    await page.getByText('In the cart.').waitFor()
    await page.goto('/cart')
    await page.getByRole('region', { name: 'Basil Books' }).getByText('Mug').waitFor()
    await page.getByRole('region', { name: "Marlow's Fish" }).getByText(/Seen in a show at/).waitFor()
    assert.equal((await nell.owner.get(`${nell.base}/stock`)).items.find((r) => r.product === nell.oyster.id).reserved, 0)
    await assertAccessible(page, 'the cart of a guest')
  })

  await step('what changed meanwhile is said', async () => {
    await basil.patch(`/v1/merchant/shops/${stall.id}/products/${mug.id}`, { skus: [{ id: mug.skus[0].id, price_minor: 1000 }] })
    await page.reload()
    await page.getByText('It was €9.00 when you put it in.').waitFor()
    await page.getByRole('group', { name: 'Mug' }).getByRole('button', { name: 'More' }).tap()
    await page.getByText('€20.00').waitFor()
  })

  await step('signing in takes the cart along', async () => {
    await page.getByRole('link', { name: 'Order', exact: true }).tap()
    await signInHere(page, server, 'rosa@example.org')
    await page.getByRole('region', { name: 'Basil Books' }).waitFor()
    await until('nothing is left in this browser', () => page.evaluate(() => localStorage.getItem('os.cart') === null))
  })

  await step('one tap makes one order for each seller', async () => {
    await page.getByLabel('Your name').fill('Rosa')
    await page.getByRole('radio', { name: /Pay at the stall/ }).check()
    for (const tick of await page.getByRole('checkbox', { name: /no return/ }).all()) await tick.check()
    await assertAccessible(page, 'the checkout of a cart')
    await page.getByRole('button', { name: 'Place 2 orders' }).tap()
    await page.getByText(/Basil Books: ordered, A-1001/).waitFor()
    await page.getByText(/Marlow's Fish: ordered, A-1001/).waitFor()
    await assertAccessible(page, 'what became of a cart')
    await page.getByRole('link', { name: 'See my orders' }).tap()
    await page.waitForURL('**/orders')
    await page.goto('/cart')
    await page.getByText('Nothing in the cart yet').waitFor()
  })

  await step('the order knows the moment of the show', async () => {
    const [o] = (await nell.owner.get(`${nell.base}/orders`)).items
    assert.equal(o.lines[0].promise.show, show.id)
    assert.ok(o.lines[0].promise.second >= 0 && o.lines[0].promise.second < 120, `second ${o.lines[0].promise.second}`)
    assert.equal((await basil.get(`/v1/merchant/shops/${stall.id}/orders`)).items[0].lines[0].promise, undefined)
  })

  await step('what is paid online is one payment for all of them', async () => {
    for (const id of [mug.id, nell.mackerel.id]) {
      await page.goto(`/products/${id}`)
      await page.getByRole('button', { name: 'Cart' }).tap()
      await page.getByText('In the cart.').waitFor()
    }
    await page.goto('/cart/checkout')
    await page.getByRole('radio', { name: /Test payment/ }).check()
    for (const tick of await page.getByRole('checkbox', { name: /no return/ }).all()) await tick.check()
    await page.getByRole('button', { name: 'Place 2 orders' }).tap()
    await page.waitForURL('**/pay/test/**')
    await page.getByText('22.50').first().waitFor()
    await page.getByRole('button', { name: 'Pay', exact: true }).tap()
    await page.waitForURL('**/orders?paid=1')
    for (const [who, base] of [[nell.owner, nell.base], [basil, `/v1/merchant/shops/${stall.id}`]]) {
      await until('the share has come', async () => (await who.get(`${base}/orders`)).items[0].pay_state === 'paid')
    }
  })

  page.clean()
  assert.doesNotMatch(await server.check(), /BROKEN/)
})
