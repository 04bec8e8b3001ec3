// What it costs to send goods and what of it is tax: zones and a rule by weight, two rates, an address nothing is sent to, the receipt.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Person, openStall } from './lib/api.mjs'
import { assertAccessible } from './lib/access.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('a shop sends by zone and weight, and says the tax', { timeout: 180_000 }, async (t) => {
  const server = await Server.start(t, ['--operator', 'op@example.org'])
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const { owner, base, oyster, shop } = stall
  const { pickup } = await owner.get(`${base}/fulfilment`)
  await owner.put(`${base}/fulfilment`, { pickup: { ...pickup, enabled: false }, parcel: { enabled: true, templates: [{ name: '', zones: [{ regions: [], rule: { by: 'order', first_minor: 490 } }] }] } })
  const rosa = await new Person(server).signIn('Rosa')
  const boss = await new Person(server).signIn('Ada', 'op@example.org')
  const page = await visit(browser, server, { person: rosa, allowed: [422] })
  const desk = await visit(browser, server, { person: owner, screen: desktop })
  const office = await visit(browser, server, { person: boss, screen: desktop })
  const shots = process.env.SHOTS
  const shoot = async (p, name) => shots && p.screenshot({ path: join(shots, `${name}.png`), fullPage: true })
  const step = steps(t, page, desk, office)
  let id

  await step('the shop charges by weight at home and by the order next door, and nowhere else', async () => {
    await desk.goto(`/console/${shop.id}/settings`)
    const panel = desk.locator('section').filter({ has: desk.getByRole('heading', { name: 'Pickup and parcels' }) })
    await panel.getByRole('button', { name: 'Zones, weights, several rules' }).click()
    await panel.getByLabel('Where', { exact: true }).fill('de')
    await panel.getByLabel('Where', { exact: true }).press('Tab')
    await panel.getByText('Germany', { exact: true }).first().waitFor()
    await panel.getByLabel('Counted').selectOption('weight')
    await panel.getByLabel('The first kg').fill('0.5')
    await panel.getByLabel('cost, EUR').nth(0).fill('3.90')
    await panel.getByLabel('Each further kg').fill('0.5')
    await panel.getByLabel('cost, EUR').nth(1).fill('0.60')
    await panel.getByRole('button', { name: 'Another zone' }).click()
    await panel.getByLabel('Where', { exact: true }).nth(1).fill('AT')
    await panel.getByLabel('Where', { exact: true }).nth(1).press('Tab')
    await panel.getByLabel('Counted').nth(1).selectOption('order')
    await panel.getByLabel('Price, EUR').fill('12')
    await panel.getByText('Goods are not sent to places that no zone names.').waitFor()
    await panel.getByRole('button', { name: 'Save' }).click()
    await desk.getByText('Saved').waitFor()
    await shoot(desk, 'settings')
    await assertAccessible(desk, 'the settings with zones')
    const { parcel } = await owner.get(`${base}/fulfilment`)
    assert.deepEqual(parcel.templates[0].zones, [
      { regions: ['DE'], rule: { by: 'weight', first: 500, first_minor: 390, step: 500, step_minor: 60 } },
      { regions: ['AT'], rule: { by: 'order', first_minor: 1200 } },
    ])
  })

  await step('it says that its prices get tax on top', async () => {
    const panel = desk.getByRole('region', { name: 'Tax' })
    await panel.getByLabel('Sells from').selectOption('DE')
    await panel.getByLabel('Prices').selectOption('added')
    await panel.getByRole('button', { name: 'Save' }).click()
    await desk.getByText('Saved').first().waitFor()
  })

  await step('the goods say what they weigh', async () => {
    await desk.goto(`/console/${shop.id}/goods`)
    await desk.getByText('no weight').waitFor()
    await page.goto(`/products/${oyster.id}`)
    await page.getByRole('button', { name: 'Buy' }).first().tap()
    await page.getByText('The shop has not said what this weighs, so it cannot be sent.').waitFor()
    await desk.getByRole('button', { name: 'Oyster' }).click()
    await desk.getByLabel('Weight of a piece, kg').fill('0.25')
    await desk.getByRole('button', { name: 'Save variants' }).click()
    await desk.getByText('no weight').waitFor({ state: 'detached' })
  })

  await step('the operator sets two rates', async () => {
    await office.goto('/console/operator?tab=money')
    const panel = office.getByRole('region', { name: 'Tax rates' })
    for (const [cls, rate, said] of [['standard', '19', '19%'], ['reduced', '7', '7%']]) {
      await panel.getByLabel('Country').selectOption('DE')
      await panel.getByLabel('Class').fill(cls)
      await panel.getByLabel('Rate, %').fill(rate)
      await panel.getByRole('button', { name: 'Set this rate' }).click()
      await panel.getByRole('cell', { name: said, exact: true }).waitFor()
    }
    await shoot(office, 'rates')
    await assertAccessible(office, 'the tax rates')
  })

  await step('a buyer abroad is told before anything is paid', async () => {
    await page.goto(`/products/${oyster.id}`)
    await page.getByText('each plus tax').waitFor()
    await shoot(page, 'plus-tax')
    await page.getByRole('button', { name: 'Buy' }).first().tap()
    for (let n = 0; n < 4; n++) await page.getByRole('dialog').getByRole('button', { name: 'More', exact: true }).tap()
    await page.getByLabel('Name on the parcel').fill('Rosa')
    await page.getByLabel('Street and number').fill('Quay 1')
    await page.getByLabel('Postcode').fill('8001')
    await page.getByLabel('Town').fill('Cuxhaven')
    await page.getByLabel('Country').selectOption('CH')
    await page.getByText('This shop does not send these goods there. Nothing was charged.').waitFor()
    await page.getByRole('checkbox', { name: /no return/ }).check()
    assert.ok(await page.getByRole('button', { name: 'Place order' }).isDisabled(), 'nothing can be ordered at the freight of nowhere')
    await shoot(page, 'not-sent')
  })

  await step('at home there is freight by weight, and tax on top', async () => {
    await page.getByLabel('Country').selectOption('DE')
    await page.getByLabel('Postcode').fill('27472')
    // 5 oysters of 250 g: 1.25 kg is 3.90 and twice 0.60; fish is reduced goods.
    await page.getByText('Tax, 7%').waitFor()
    await page.locator('.os-price', { hasText: '21.51' }).last().waitFor()
    await shoot(page, 'checkout')
    await assertAccessible(page, 'the checkout with tax')
    await page.getByRole('button', { name: 'Place order' }).tap()
    await page.waitForURL('**/pay/test/**')
    const [o] = (await rosa.get('/v1/orders')).items
    id = o.id
    assert.equal(o.freight.minor, 510)
    assert.deepEqual(o.tax, { rule: 'added', total: { minor: 141, currency: 'EUR' }, rates: [{ class: 'reduced', ppm: 70_000, net: { minor: 2010, currency: 'EUR' }, tax: { minor: 141, currency: 'EUR' } }] })
    await rosa.payAt(o.payment.pay_url, 'succeed')
  })

  await step('the order and the receipt show it', async () => {
    await page.goto(`/orders/${id}`)
    await page.getByText('Tax, 7%').waitFor()
    await shoot(page, 'order')
    await page.goto(`/orders/${id}/receipt`)
    await page.getByRole('columnheader', { name: 'Tax rate' }).waitFor()
    await page.getByRole('cell', { name: '7%', exact: true }).waitFor()
    await page.getByRole('cell', { name: '€1.41' }).last().waitFor()
    await shoot(page, 'receipt')
    await assertAccessible(page, 'the receipt with tax')
    await desk.goto(`/console/${shop.id}/orders?tab=all`)
    await desk.getByText('Rosa').first().click()
    await desk.getByText('Tax, 7%').waitFor()
  })

  await step('prices with tax in them say what they contain, in Chinese too', async () => {
    await owner.patch(base, { tax: { country: 'DE', prices: 'included' } })
    const made = await rosa.quote(oyster.skus[0].id, 1, { fulfilment: { kind: 'parcel', address: { name: 'Rosa', phone: '', line1: 'Quay 1', line2: '', postcode: '27472', city: 'Cuxhaven', country: 'DE' } } })
    assert.equal(made.total.minor, 690)
    const order = await rosa.write('/v1/orders', rosa.orderOf(made))
    const zh = await visit(browser, server, { person: rosa, language: 'zh' })
    await until('the price is the whole price', async () => !(await rosa.get(`/v1/products/${oyster.id}`)).skus[0].price.plus_tax)
    await zh.goto(`/products/${oyster.id}`)
    await zh.getByRole('button', { name: /^购买/ }).waitFor()
    assert.equal(await zh.getByText('另加税').count(), 0)
    await zh.goto(`/orders/${order.id}`)
    await zh.getByText('其中含税（7%）').waitFor()
    await zh.goto(`/orders/${order.id}/receipt`)
    await zh.getByRole('columnheader', { name: '税率' }).waitFor()
    await shoot(zh, 'receipt-zh')
    if (shots) {
      const zhDesk = await visit(browser, server, { person: owner, screen: desktop, language: 'zh' })
      await zhDesk.goto(`/console/${shop.id}/settings`)
      await zhDesk.getByText('再加一个地区').waitFor()
      await shoot(zhDesk, 'settings-zh')
      const zhPhone = await visit(browser, server, { person: owner, language: 'zh' })
      await zhPhone.goto(`/sell/${shop.id}/pickup`)
      await zhPhone.getByText('再加一个地区').waitFor()
      await shoot(zhPhone, 'phone-zh')
      const zhOffice = await visit(browser, server, { person: boss, screen: desktop, language: 'zh' })
      await zhOffice.goto('/console/operator?tab=money')
      await zhOffice.getByRole('cell', { name: '7%' }).waitFor()
      await shoot(zhOffice, 'rates-zh')
    }
    zh.clean()
  })

  page.clean()
  desk.clean()
  office.clean()
  assert.doesNotMatch(await server.check(), /BROKEN/)
})
