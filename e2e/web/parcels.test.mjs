// An order in two parcels: two of three pieces go first, the buyer sees what is on its way, the rest follows, and it has arrived.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from './lib/access.mjs'
import { openStall, Person } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('an order goes in two parcels', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const { owner, base, shop, oyster } = await openStall(server)
  const rules = await owner.get(`${base}/fulfilment`)
  await owner.put(`${base}/fulfilment`, { ...rules, parcel: { enabled: true, templates: [{ name: '', zones: [{ regions: [], rule: { by: 'order', first_minor: 490 } }] }] } })
  const rosa = await new Person(server).signIn('Rosa')
  const address = { name: 'Rosa', phone: '', line1: 'Mill Street 1', line2: '', postcode: '12345', city: 'Town', country: 'DE' }
  const quote = await rosa.quote(oyster.skus[0].id, 3, { fulfilment: { kind: 'parcel', address } })
  const { id, pay_url, number } = await rosa.write('/v1/orders', rosa.orderOf(quote))
  await rosa.payAt(pay_url, 'succeed')
  await until('the payment', async () => (await rosa.get(`/v1/orders/${id}`)).pay_state === 'paid')

  const page = await visit(browser, server, { person: rosa })
  const chinese = await visit(browser, server, { person: rosa, language: 'zh' })
  const desk = await visit(browser, server, { person: owner, screen: desktop, allowed: [422] })
  const amt = await visit(browser, server, { person: owner, screen: desktop, language: 'zh' })
  const step = steps(t, page, chinese, desk, amt)
  const shots = process.env.SHOTS
  const shot = (p, name) => shots && p.screenshot({ path: `${shots}/${name}.png`, fullPage: true })
  const form = desk.getByRole('form', { name: 'Send a parcel' })

  await step('two of three pieces go first', async () => {
    await desk.goto(`/console/${shop.id}/orders?tab=all`)
    await desk.getByRole('button', { name: number }).click()
    await desk.getByRole('button', { name: 'Send a parcel' }).click()
    assert.equal(await form.getByRole('checkbox', { name: /Oyster/ }).isChecked(), true, 'everything goes unless something is taken out')
    await form.getByRole('button', { name: 'Less' }).click()
    await form.getByLabel('Carrier').selectOption({ label: 'SF Express' })
    await form.getByLabel('Tracking number').fill('12 34')
    await form.getByRole('button', { name: 'Sent' }).click()
    await desk.getByText('This is not a number of this carrier.').waitFor()
    await form.getByLabel('Tracking number').fill('sf 1234 5678 90123')
    await assertAccessible(desk, 'the form of a parcel')
    await shot(desk, 'send-form')
    await form.getByRole('button', { name: 'Sent' }).click()
    await desk.getByRole('region', { name: 'Parcel 1' }).getByText('SF Express · SF1234567890123').waitFor()
    await desk.getByText('2 of 3 sent').first().waitFor()
    await assertAccessible(desk, 'a partly sent order at the desk')
    await shot(desk, 'desk-partly')
  })

  await step('the buyer sees what is on its way, in both languages', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.goto('/orders')
    await page.getByRole('link', { name: /2 of 3 sent/ }).tap()
    await page.getByRole('heading', { name: '2 of 3 sent' }).waitFor()
    const parcel = page.getByRole('region', { name: 'Parcel 1' })
    await parcel.getByText('2 × Oyster').waitFor()
    const link = parcel.getByRole('link', { name: 'See where it is' })
    assert.equal(await link.getAttribute('href'), 'https://www.sf-express.com/cn/sc/dynamic_function/waybill/#search/bill-number/SF1234567890123')
    assert.equal(await link.getAttribute('rel'), 'noopener noreferrer')
    await parcel.getByRole('button', { name: 'Copy the number SF1234567890123' }).tap()
    await page.getByText('Copied', { exact: true }).waitFor()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'SF1234567890123')
    assert.equal(await page.getByRole('button', { name: 'Cancel', exact: true }).count(), 0, 'what is on its way is not cancelled')
    await page.getByRole('link', { name: 'Something is wrong' }).waitFor()
    await assertAccessible(page, 'a partly sent order')
    await shot(page, 'order-partly-en')
    await chinese.goto(`/orders/${id}`)
    await chinese.getByRole('heading', { name: '已发 2/3 件' }).waitFor()
    await chinese.getByRole('region', { name: '包裹 1' }).getByText('顺丰速运').waitFor()
    await assertAccessible(chinese, 'a partly sent order in Chinese')
    await shot(chinese, 'order-partly-zh')
    await amt.goto(`/console/${shop.id}/orders?tab=all`)
    await amt.getByRole('button', { name: number }).click()
    await amt.getByRole('button', { name: '发货', exact: true }).click()
    await amt.getByRole('form', { name: '发货' }).getByLabel('快递公司').waitFor()
    await shot(amt, 'desk-zh')
  })

  await step('the rest follows, a number is corrected, and the open page hears of it', async () => {
    await desk.getByRole('button', { name: 'Send a parcel' }).click()
    await until('the carriers', () => form.getByLabel('Carrier').inputValue())
    assert.equal(await form.getByLabel('Carrier').inputValue(), 'sf', 'the last carrier is remembered')
    await form.getByRole('button', { name: 'Sent' }).click()
    const second = desk.getByRole('region', { name: 'Parcel 2' })
    await second.getByText('without a number').waitFor()
    await page.getByRole('heading', { name: 'On its way' }).waitFor()
    await second.getByRole('button', { name: 'Correct' }).click()
    await second.getByLabel('Carrier').selectOption({ label: 'Another carrier' })
    await second.getByLabel('Tracking number').fill('by hand 7')
    await second.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('region', { name: 'Parcel 2' }).getByRole('button', { name: /by hand 7/ }).waitFor()
    assert.equal(await page.getByRole('link', { name: 'See where it is' }).count(), 1, 'another carrier has no page')
    await shot(page, 'order-sent-en')
  })

  await step('it has arrived', async () => {
    await page.getByRole('button', { name: 'It has arrived' }).tap()
    await page.getByRole('heading', { name: 'Done' }).waitFor()
    const o = await rosa.get(`/v1/orders/${id}`)
    assert.deepEqual(o.parcels.map((p) => p.lines.map((l) => l.quantity)), [[2], [1]])
    const said = (await rosa.get('/v1/me/notices')).items.map((n) => n.body.en)
    assert.equal(said.filter((s) => /on its way/i.test(s)).length, 2, 'each parcel was told of')
    for (const p of [page, chinese, desk, amt]) p.clean()
  })
})
