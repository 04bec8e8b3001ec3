// A coupon from the host's hand to the order: dropped in the show, taken with one tap, off the price, given back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Person, openStall, planShow } from './lib/api.mjs'
import { assertAccessible } from './lib/access.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { hasPicture } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('a host drops a coupon and a viewer buys with it', { timeout: 180_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  const { owner, base, shop, oyster } = stall
  const host = await visit(browser, server, { person: owner })
  const rosa = await new Person(server).signIn('Rosa')
  const page = await visit(browser, server, { person: rosa })
  const guest = await visit(browser, server, { language: 'zh', allowed: [401] })
  const step = steps(t, host, page, guest)
  const card = page.getByRole('region', { name: 'Coupon', exact: true })
  let made

  await step('the host makes one and hands it out without leaving the show', async () => {
    await host.goto(`/sell/${shop.id}/shows/${show.id}/host`)
    await host.getByRole('button', { name: 'Go live' }).tap()
    await hasPicture(server, show)
    await owner.post(`${show.path}/pin`, { number: 2 })
    await page.goto(`/shows/${show.id}`)
    await guest.goto(`/shows/${show.id}`)
    await host.getByRole('button', { name: 'Coupon' }).tap()
    const sheet = host.getByRole('dialog', { name: 'Hand out a coupon' })
    await sheet.getByLabel('How much (EUR)').fill('2')
    await sheet.getByLabel('From goods of (EUR)').fill('6')
    await sheet.getByLabel('How many').fill('3')
    await sheet.getByRole('button', { name: 'Make the coupon' }).tap()
    await host.getByText('The coupon is in the room.').waitFor()
  })

  await step('viewers see what it gives and how many are left', async () => {
    await card.getByText('€2.00 off').waitFor()
    await card.getByText('3 of 3 left').waitFor()
    await guest.getByText('还剩 3 / 3 张').waitFor()
    await assertAccessible(page, 'the room with a coupon')
  })

  await step('one tap takes it, and the count is true for everybody', async () => {
    await card.getByRole('button', { name: 'Take it' }).tap()
    await page.getByText('It is yours').waitFor()
    await card.waitFor({ state: 'detached' })
    await guest.getByText('还剩 2 / 3 张').waitFor()
    made = (await rosa.get('/v1/coupons')).items[0]
    assert.equal(made.state, 'claimed')
    const again = await rosa.call('POST', '/v1/coupons', { body: { coupon: made.terms.id, show: show.id } })
    assert.equal(again.body.code, 'promo.claimed')
    const outside = await new Person(server).signIn('Ines').then((ines) => ines.call('POST', '/v1/coupons', { body: { coupon: made.terms.id } }))
    assert.equal(outside.body.code, 'promo.room_only')
  })

  await step('the checkout says what is missing, then takes it off', async () => {
    await page.getByRole('region', { name: 'On the counter: Oyster' }).getByRole('button', { name: 'Buy' }).tap()
    await page.getByText('€3.00 more of goods to use it').waitFor()
    await page.getByRole('button', { name: 'More' }).tap()
    await page.getByText('−€2.00').first().waitFor()
    await page.getByRole('checkbox', { name: /no return/ }).check()
    await page.getByRole('radio', { name: /Pay at the stall/ }).check()
    await page.getByRole('radio', { name: 'No coupon' }).check()
    await page.locator('.os-price', { hasText: '6.00' }).last().waitFor()
    await page.getByRole('radio', { name: /€2.00 off/ }).check()
    await page.locator('.os-price', { hasText: '4.00' }).last().waitFor()
    await assertAccessible(page, 'the checkout with a coupon')
    await page.getByRole('button', { name: 'Place order' }).tap()
    await page.getByRole('button', { name: 'See the order' }).tap()
    await page.getByText('−€2.00, taken off above').waitFor()
  })

  await step('the order holds it, and gives it back when it is cancelled', async () => {
    const [o] = (await rosa.get('/v1/orders')).items
    assert.deepEqual([o.goods.minor, o.discounts[0].off.minor, o.total.minor, o.lines[0].total.minor, o.lines[0].discount.minor], [600, 200, 400, 400, 200])
    assert.equal((await rosa.get('/v1/coupons')).items[0].state, 'locked')
    await rosa.write(`/v1/orders/${o.id}/cancel`, undefined)
    assert.equal((await rosa.get('/v1/coupons')).items[0].state, 'claimed')
    await page.goto('/me/coupons')
    await page.getByText('€2.00 off').waitFor()
    await assertAccessible(page, 'my coupons')
  })

  await step('it ends with the show', async () => {
    await owner.post(`${show.path}/end`)
    await until('nothing is handed out', async () => {
      const late = await new Person(server).signIn('Late').then((p) => p.call('POST', '/v1/coupons', { body: { coupon: made.terms.id, show: show.id } }))
      return late.body.code === 'promo.room_only'
    })
    assert.equal((await rosa.quote(oyster.skus[0].id, 3)).discounts[0].off.minor, 200, 'what was taken stays good')
  })

  await step('the shop sees what became of it', async () => {
    const desk = await visit(browser, server, { person: owner, screen: desktop })
    await desk.goto(`/console/${shop.id}/promo`)
    await desk.getByRole('row', { name: /€2.00 off/ }).getByText('1 / 3').waitFor()
    await assertAccessible(desk, 'coupons in the console')
    await desk.getByRole('button', { name: 'Stop' }).click()
    await desk.getByText('Stopped').waitFor()
    desk.clean()
  })

  page.clean()
  guest.clean()
  assert.doesNotMatch(await server.check(), /BROKEN/)
})
