// Promotions from the console to the receipt: words made from numbers, what is missing said on the way, each frozen by name, counted and paused.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Person } from './lib/api.mjs'
import { assertAccessible } from './lib/access.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'

test('a shop runs promotions and a buyer is told what is missing', { timeout: 180_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const hanna = await new Person(server).signIn('Hanna')
  const shop = await hanna.post('/v1/merchant/shops', { name: { en: 'Hill Bakery', zh: '山坡面包房' }, pack: 'other', stall: '3' })
  const base = `/v1/merchant/shops/${shop.id}`
  const { pickup } = await hanna.get(`${base}/fulfilment`)
  await hanna.put(`${base}/fulfilment`, { pickup, parcel: { enabled: true, templates: [{ name: '', zones: [{ regions: [], rule: { by: 'order', first_minor: 490 } }] }] } })
  const sells = async (en, zh, price_minor) => (await hanna.post(`${base}/products`, { title: { en, zh }, measure: 'piece', state: 'live', skus: [{ price_minor, stock: 90 }] }))
  const [bread, butter, jam] = [await sells('Bread', '面包', 600), await sells('Butter', '黄油', 400), await sells('Jam', '果酱', 500)]
  const rosa = await new Person(server).signIn('Rosa')
  const page = await visit(browser, server, { person: rosa })
  const chinese = await visit(browser, server, { person: rosa, language: 'zh' })
  const desk = await visit(browser, server, { person: hanna, screen: desktop, allowed: [422] })
  const bureau = await visit(browser, server, { person: hanna, screen: desktop, language: 'zh' })
  const step = steps(t, page, chinese, desk, bureau)
  const shots = process.env.SHOTS
  const shoot = async (p, name) => shots && p.screenshot({ path: join(shots, `deals-${name}.png`) })
  const both = async (path, name) => {
    await page.goto(path)
    await chinese.goto(path)
    await page.waitForLoadState('networkidle')
    await chinese.waitForLoadState('networkidle')
    await shoot(page, `${name}-en`)
    await shoot(chinese, `${name}-zh`)
  }

  await step('the console says in plain words what the numbers will do', async () => {
    await desk.goto(`/console/${shop.id}/promo`)
    await desk.getByText('No promotions yet').waitFor()
    await desk.getByRole('button', { name: 'New promotion' }).click()
    const form = desk.getByRole('dialog', { name: 'New promotion' })
    await form.getByLabel('From goods of (EUR)').fill('20')
    await form.getByLabel('Comes off (EUR)').fill('25')
    await form.getByText('These numbers make no promotion').waitFor()
    await form.getByLabel('Comes off (EUR)').fill('2')
    await form.getByRole('button', { name: 'A higher step' }).click()
    await form.getByLabel('From goods of (EUR)').last().fill('50')
    await form.getByLabel('Comes off (EUR)').last().fill('8')
    await form.getByText('€2.00 off from €20.00, €8.00 off from €50.00').waitFor()
    await form.getByText('满 €20.00 减 €2.00，满 €50.00 减 €8.00').waitFor()
    await assertAccessible(desk, 'a promotion before it starts')
    await shoot(desk, 'form-en')
    await form.getByRole('button', { name: 'Start the promotion' }).click()
    await desk.getByRole('row', { name: /€2.00 off from €20.00/ }).getByText('Running').waitFor()
  })

  await step('one of each other kind', async () => {
    const make = async (kind, choose) => {
      await bureau.goto(`/console/${shop.id}/promo`)
      await bureau.getByRole('button', { name: '新建活动' }).click()
      const form = bureau.getByRole('dialog', { name: '新建活动' })
      await form.getByLabel('类型').selectOption({ label: kind })
      await choose(form)
      await form.getByText('买家看到').waitFor()
      await shoot(bureau, `form-zh-${kind}`)
      await form.getByRole('button', { name: '开始活动' }).click()
      await form.waitFor({ state: 'detached' })
    }
    await make('组合价', async (form) => {
      await form.getByRole('combobox', { name: '商品', exact: true }).first().selectOption(bread.skus[0].id)
      await form.getByRole('combobox', { name: '商品', exact: true }).last().selectOption(butter.skus[0].id)
      await form.getByLabel('组合价（EUR）').fill('9')
    })
    await make('加价购', async (form) => {
      await form.getByRole('combobox', { name: '商品', exact: true }).selectOption(jam.skus[0].id)
      await form.getByLabel('商品满（EUR）').fill('15')
      await form.getByLabel('每件价格（EUR）').fill('1')
    })
    await make('满额免运费', (form) => form.getByLabel('商品满（EUR）').fill('40'))
    await bureau.getByRole('row', { name: /面包 \+ 黄油 一起只要 €9.00/ }).waitFor()
    await assertAccessible(bureau, 'the promotions of a shop')
    await shoot(bureau, 'console-zh')
    const again = await hanna.call('POST', `${base}/promotions`, { body: { kind: 'bundle', goods: [{ sku: bread.skus[0].id, units: 2 }], price_minor: 100, ends_at: new Date(Date.now() + 86_400_000).toISOString() } })
    assert.equal(again.body.code, 'promo.other_price')
  })

  await step('the shop and the product say it, and what is missing', async () => {
    await both(`/shops/${shop.slug}`, 'shop')
    await page.getByRole('list', { name: 'Promotions' }).getByText('Bread + Butter together for €9.00').waitFor()
    await chinese.getByRole('list', { name: '优惠活动' }).getByText('满 €40.00 免运费').waitFor()
    await assertAccessible(page, 'a shop with promotions')
    await both(`/products/${bread.id}`, 'product')
    await page.getByText('€14.00 more and €2.00 come off').waitFor()
    await page.getByText('Add Butter: all together €9.00').waitFor()
    await chinese.getByText('再买 €14.00 减 €2.00').waitFor()
    await page.getByRole('button', { name: 'More' }).tap()
    await page.getByText('€8.00 more and €2.00 come off').waitFor()
    await assertAccessible(page, 'a product with promotions')
  })

  await step('so does the cart, until nothing is missing', async () => {
    for (const [p, quantity] of [[bread, 4], [butter, 1]]) await rosa.post('/v1/cart/lines', { sku: p.skus[0].id, quantity, price_minor: p.skus[0].price.amount.minor, added_at: new Date().toISOString() })
    await both('/cart', 'cart')
    const said = page.getByRole('status', { name: 'Promotions' })
    await said.getByText('Add Jam for €1.00').waitFor()
    await said.getByText('€12.00 more and delivery is free').waitFor()
    // Butter beside the bread would save €1.00 and take €10.00 from the step, so it stays out.
    await said.getByText('−€2.00').waitFor()
    await assertAccessible(page, 'a cart with promotions')
    await rosa.post('/v1/cart/lines', { sku: jam.skus[0].id, quantity: 1, price_minor: 500, added_at: new Date().toISOString() })
    await rosa.put(`/v1/cart/lines/${bread.skus[0].id}`, { quantity: 6 })
    await page.reload()
    await said.getByText('−€4.00').waitFor()
  })

  await step('the offer names each, and the column adds up', async () => {
    await page.goto('/cart/checkout')
    await page.getByRole('button', { name: /instead, free/ }).tap()
    await page.getByText('Jam for €1.00 with other goods from €15.00').waitFor()
    await page.getByText('Free delivery from €40.00').waitFor()
    const sums = await page.locator('dl.sums dd').allTextContents()
    assert.deepEqual(sums, ['€45.00', '−€1.00', '−€4.00', '−€2.00', '€4.90', '−€4.90'])
    await assertAccessible(page, 'an offer with promotions')
    await chinese.goto('/cart/checkout')
    await chinese.getByText('果酱 只要 €1.00').waitFor()
    await chinese.locator('dl.sums').scrollIntoViewIfNeeded()
    await page.locator('dl.sums').scrollIntoViewIfNeeded()
    await shoot(page, 'checkout-en')
    await shoot(chinese, 'checkout-zh')
  })

  await step('the order and its receipt keep them, when the promotions are over', async () => {
    const asked = { items: [{ sku: bread.skus[0].id, quantity: 6 }, { sku: butter.skus[0].id, quantity: 1 }, { sku: jam.skus[0].id, quantity: 1 }] }
    const quote = await rosa.post('/v1/quotes', asked)
    for (const p of (await hanna.get(`${base}/promotions`)).items.filter((p) => p.kind !== 'reduction')) await hanna.post(`${base}/promotions/${p.id}/end`)
    const o = await rosa.write('/v1/orders', rosa.orderOf(quote, 'pickup'))
    assert.equal(o.total.minor, 3800)
    const whole = await rosa.get(`/v1/orders/${o.id}`)
    assert.deepEqual(whole.discounts.map((d) => [d.kind, d.off.minor]), [['bundle', 100], ['addon', 400], ['reduction', 200]])
    assert.equal(whole.lines.reduce((sum, l) => sum + l.total.minor, 0), 3800)
    await both(`/orders/${o.id}`, 'order')
    await page.getByText('€2.00 off from €20.00').waitFor()
    await both(`/orders/${o.id}/receipt`, 'receipt')
    await page.getByText('−€4.00, taken off above').waitFor()
  })

  await step('the shop sees how often and how much, and pauses', async () => {
    await desk.reload()
    const row = desk.getByRole('row', { name: /€2.00 off from €20.00/ })
    await row.getByRole('cell', { name: '1', exact: true }).waitFor()
    await desk.getByRole('row', { name: /Bread \+ Butter/ }).getByText('Over').waitFor()
    await shoot(desk, 'console-en')
    await row.getByRole('button', { name: 'Pause' }).click()
    await row.getByText('Paused').waitFor()
    assert.equal((await rosa.get(`/v1/shops/${shop.id}/promotions`)).items.length, 0)
    assert.equal((await rosa.quote(bread.skus[0].id, 9)).total.minor, 5400)
    await row.getByRole('button', { name: 'Go on' }).click()
    await row.getByText('Running').waitFor()
    assert.equal((await rosa.quote(bread.skus[0].id, 9)).total.minor, 4600)
  })

  await step('so does a phone', async () => {
    const hand = await visit(browser, server, { person: hanna })
    await hand.goto(`/sell/${shop.id}`)
    await hand.getByRole('link', { name: 'Promotions' }).tap()
    await hand.getByRole('article', { name: /€2.00 off from €20.00/ }).getByText('1 order, €2.00 taken off').waitFor()
    await assertAccessible(hand, 'promotions on a phone')
    await shoot(hand, 'phone')
    await hand.getByRole('button', { name: 'New promotion' }).tap()
    const form = hand.getByRole('dialog', { name: 'New promotion' })
    await form.getByLabel('What it does').selectOption('freight')
    await form.getByLabel('From goods of (EUR)').fill('30')
    await form.getByText('Free delivery from €30.00').waitFor()
    await assertAccessible(hand, 'a promotion made on a phone')
    await shoot(hand, 'phone-form')
    await form.getByRole('button', { name: 'Start the promotion' }).tap()
    const made = hand.getByRole('article', { name: 'Free delivery from €30.00' })
    await made.getByText('Running').waitFor()
    await made.getByRole('button', { name: 'End' }).tap()
    await made.getByText('Over').waitFor()
    hand.clean()
  })

  page.clean()
  chinese.clean()
  desk.clean()
  bureau.clean()
  assert.doesNotMatch(await server.check(), /BROKEN/)
})
