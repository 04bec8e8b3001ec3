// After the sale: three taps say what is wrong, a proposal is a form, the market decides what stays open, and the books agree.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from './lib/access.mjs'
import { openStall, Person } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

/** A picture of one colour, as a phone would send it. */
const photo = (page) =>
  page.evaluate(async () => {
    const c = Object.assign(document.createElement('canvas'), { width: 640, height: 480 })
    const g = c.getContext('2d')
    g.fillStyle = '#7a4'
    g.fillRect(0, 0, 640, 480)
    return c.toDataURL('image/jpeg').split(',')[1]
  })

test('what went wrong with an order is settled', { timeout: 240_000 }, async (t) => {
  const operatorAt = 'ops@example.org'
  const server = await Server.start(t, ['--operator', operatorAt])
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const { owner, base, shop, oyster } = stall
  const rosa = await new Person(server).signIn('Rosa')
  const ops = await new Person(server).signIn('Olga', operatorAt)
  const page = await visit(browser, server, { person: rosa })
  const phoneOfShop = await visit(browser, server, { person: owner })
  const console = await visit(browser, server, { person: owner, screen: desktop })
  const market = await visit(browser, server, { person: ops, screen: desktop })
  const step = steps(t, page, phoneOfShop, console, market)
  const shots = process.env.SHOTS
  const shot = (p, name) => shots && p.screenshot({ path: `${shots}/${name}.png` })

  /** An order of oysters that was paid and handed over. */
  async function bought(quantity) {
    const quote = await rosa.quote(oyster.skus[0].id, quantity)
    const placed = await rosa.write('/v1/orders', rosa.orderOf(quote))
    await rosa.payAt(placed.pay_url, 'succeed')
    const code = await until('the payment', async () => {
      const o = await rosa.get(`/v1/orders/${placed.id}`)
      return o.pay_state === 'paid' && o.fulfilment.code
    })
    await owner.write(`${base}/orders/hand-over`, { code })
    return placed.id
  }
  const order = await bought(3)
  let current

  await step('three taps file it', async () => {
    await page.goto(`/orders/${order}`)
    await page.getByRole('link', { name: 'Something is wrong' }).tap()
    const box = page.getByRole('checkbox', { name: /Oyster/ })
    await box.waitFor()
    assert.equal(await box.isChecked(), true, 'the only line is ticked')
    await shot(page, 'problem-1')
    await page.getByText('Damaged or bad').tap()
    await page.getByRole('button', { name: 'Ask for €9.00 back' }).waitFor()
    await assertAccessible(page, 'the problem page')
    await shot(page, 'problem-2')
    await page.getByRole('button', { name: 'Ask for €9.00 back' }).tap()
    await page.waitForURL('**/cases/cas_*')
    await page.getByRole('heading', { name: 'The shop has your request' }).waitFor()
    await page.getByText(/It has until .* to answer\. After that it is granted/).waitFor()
    await assertAccessible(page, 'the case')
    await shot(page, 'case-requested')
    current = new URL(page.url()).pathname.split('/').at(-1)
    await page.getByRole('button', { name: 'Withdraw' }).tap()
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).tap()
    await page.getByRole('heading', { name: 'Withdrawn' }).waitFor()
  })

  await step('one of three, with a photo and words', async () => {
    await page.goto(`/orders/${order}/problem`)
    await page.getByText('Not as shown').tap()
    await page.getByRole('button', { name: 'Choose' }).tap()
    await page.getByRole('button', { name: 'Less' }).tap()
    await page.getByRole('button', { name: 'Less' }).tap()
    await page.locator('input[type=file]').setInputFiles({ name: 'oyster.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(await photo(page), 'base64') })
    await page.getByRole('button', { name: 'Remove photo 1' }).waitFor()
    await page.getByLabel('In your words').fill('One shell was open.')
    await shot(page, 'problem-3')
    await page.getByRole('button', { name: 'Ask for €3.00 back' }).tap()
    await page.waitForURL('**/cases/cas_*')
    current = new URL(page.url()).pathname.split('/').at(-1)
    await page.getByText('One shell was open.').waitFor()
    await page.getByRole('link', { name: 'Photo 1' }).waitFor()
  })

  await step('the shop proposes on the phone', async () => {
    await phoneOfShop.goto(`/sell/${shop.id}`)
    await phoneOfShop.getByRole('link', { name: /Problems/ }).tap()
    await phoneOfShop.getByRole('link', { name: /Not as shown/ }).waitFor()
    await shot(phoneOfShop, 'shop-cases')
    await phoneOfShop.getByRole('link', { name: /Not as shown/ }).first().tap()
    await phoneOfShop.getByRole('heading', { name: 'Your answer, please' }).waitFor()
    await assertAccessible(phoneOfShop, 'the case for the shop')
    await shot(phoneOfShop, 'shop-case')
    await phoneOfShop.getByRole('button', { name: 'Propose something else' }).tap()
    await phoneOfShop.getByText('Part of the price').tap()
    await phoneOfShop.getByLabel('Money back for Oyster').fill('1.50')
    await phoneOfShop.getByLabel('A word to the buyer').fill('Half of it?')
    await shot(phoneOfShop, 'shop-counter')
    await phoneOfShop.getByRole('button', { name: 'Send the proposal' }).tap()
    await phoneOfShop.getByRole('heading', { name: 'The buyer considers your proposal' }).waitFor()
  })

  await step('the buyer accepts it as a form', async () => {
    await page.getByRole('heading', { name: 'The shop proposes something' }).waitFor()
    await page.getByText('€1.50 of the price back for Oyster.').first().waitFor()
    await shot(page, 'case-countered')
    await page.getByRole('button', { name: 'Accept' }).tap()
    await page.getByRole('heading', { name: '€1.50 goes back' }).waitFor()
    await shot(page, 'case-granted')
    await page.goto(`/orders/${order}`)
    await page.getByText('€1.50 returned to you so far').waitFor()
    await shot(page, 'order-partly')
  })

  await step('the console answers with one key', async () => {
    const ids = [await bought(1), await bought(2)]
    const made = []
    for (const id of ids) made.push(await rosa.write(`/v1/orders/${id}/cases`, { reason: 'damaged', words: 'Broken.', ask: { kind: 'refund', lines: [{ position: 0, quantity: 1 }] } }))
    await console.goto(`/console/${shop.id}/cases`)
    await console.getByRole('heading', { name: 'Your answer, please' }).waitFor()
    await assertAccessible(console, 'the queue')
    await shot(console, 'console-cases')
    await console.keyboard.press('a')
    await console.getByRole('heading', { name: '€3.00 goes back' }).waitFor()
    await console.keyboard.press('j')
    await console.getByRole('heading', { name: 'Your answer, please' }).waitFor()
    await console.keyboard.press('r')
    await console.getByLabel('Why? The buyer reads it.').fill('It left us whole.')
    await console.getByRole('button', { name: 'Refuse' }).click()
    await console.getByRole('heading', { name: 'You have refused' }).waitFor()
    current = made[1].id
  })

  await step('the market decides what stays open', async () => {
    await page.goto(`/cases/${current}`)
    await page.getByText('It left us whole.').waitFor()
    await shot(page, 'case-refused')
    await page.getByRole('button', { name: 'Ask the market to decide' }).tap()
    await page.getByRole('heading', { name: 'The market decides' }).waitFor()
    await market.goto('/console/operator')
    await market.getByRole('button', { name: 'Disputes' }).click()
    await market.getByRole('heading', { name: 'Your decision, please' }).waitFor()
    await market.getByLabel('The reason, which both read').fill('The photo shows it.')
    await assertAccessible(market, 'the disputes')
    await shot(market, 'operator-cases')
    await market.getByRole('button', { name: 'For the buyer' }).click()
    await market.getByText('No case waits for a decision.').waitFor()
    await page.getByRole('heading', { name: '€3.00 goes back' }).waitFor()
  })

  await step('who got the goods reviews them, and the shop answers once', async () => {
    await page.goto(`/orders/${order}`)
    await page.getByRole('link', { name: 'How was it?' }).tap()
    await page.getByRole('radio', { name: '4 of 5 stars' }).check({ force: true })
    await page.getByLabel('In your words').fill('Fresh, one was open.')
    await page.getByRole('button', { name: 'Publish' }).tap()
    await page.getByText('money went back').waitFor()
    await assertAccessible(page, 'the review')
    await shot(page, 'review')
    await phoneOfShop.goto(`/sell/${shop.id}/reviews`)
    await phoneOfShop.getByRole('button', { name: 'Answer' }).tap()
    await phoneOfShop.getByLabel('You can answer once').fill('Sorry for that one.')
    await phoneOfShop.getByRole('button', { name: 'Publish the answer' }).tap()
    await phoneOfShop.getByText('The shop answers').waitFor()
    await phoneOfShop.getByRole('button', { name: 'Answer' }).waitFor({ state: 'detached' })
    await page.goto(`/products/${oyster.id}`)
    await page.getByText('Sorry for that one.').waitFor()
    await assertAccessible(page, 'the product with a review')
    await page.getByText('Sorry for that one.').scrollIntoViewIfNeeded()
    await shot(page, 'product-reviews')
    await page.goto(`/shops/${shop.slug}`)
    await page.getByRole('tab', { name: 'Reviews' }).tap()
    await page.getByText('Fresh, one was open.').waitFor()
    await shot(page, 'shop-reviews')
  })

  await step('a stranger sees nothing of it', async () => {
    const mallory = await new Person(server).signIn('Mallory')
    assert.equal((await mallory.call('GET', `/v1/cases/${current}`)).status, 404)
    assert.equal((await mallory.call('POST', `/v1/cases/${current}/steps`, { key: 'mallory-tries-1', body: { event: 'withdraw', seen: 1 } })).status, 404)
    assert.equal((await mallory.call('GET', `${base}/cases`)).status, 404)
    assert.equal((await mallory.call('GET', '/v1/operator/cases')).status, 404)
    assert.equal((await mallory.call('PUT', `/v1/orders/${order}/lines/0/review`, { body: { stars: 1 } })).status, 404)
    assert.equal((await owner.call('PUT', `/v1/operator/reviews/rev_x/hidden`, { body: { reason: 'I do not like it' } })).status, 404, 'a shop removes nothing')
    const form = new FormData()
    form.append('file', new Blob(['#EXTM3U\nfile:///etc/passwd']), 'photo.jpg')
    assert.equal((await mallory.call('POST', '/v1/photos', { body: form })).status, 422, 'a text is no photo')
  })

  await step('the books agree', async () => {
    const report = await server.check()
    assert.match(report, /A1 +ok/)
    assert.doesNotMatch(report, /BROKEN/)
    for (const p of [page, phoneOfShop, console, market]) p.clean()
  })
})

test('goods go back to the stall, and cash from hand to hand, in Chinese', { timeout: 180_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const { owner, base, shop, mackerel } = stall
  const rosa = await new Person(server).signIn('罗莎')
  const page = await visit(browser, server, { person: rosa, language: 'zh' })
  const seller = await visit(browser, server, { person: owner, language: 'zh' })
  const step = steps(t, page, seller)
  const shots = process.env.SHOTS
  const shot = (p, name) => shots && p.screenshot({ path: `${shots}/${name}.png` })
  const quote = await rosa.quote(mackerel.skus[0].id, 2000)
  const placed = await rosa.write('/v1/orders', rosa.orderOf(quote, 'pickup'))
  await owner.write(`${base}/orders/hand-over`, { order: placed.id })

  await step('half of the fish is asked back', async () => {
    await page.goto(`/orders/${placed.id}`)
    await page.getByRole('link', { name: '申请售后' }).tap()
    await page.getByText('与展示不符').tap()
    await page.getByRole('button', { name: '选择' }).tap()
    await page.getByText('退货退款').tap()
    for (let i = 0; i < 10; i++) await page.getByRole('button', { name: '减少' }).tap()
    await shot(page, 'zh-problem')
    await page.getByRole('button', { name: '申请退货退款 €12.50' }).tap()
    await page.getByRole('heading', { name: '已提交给店铺' }).waitFor()
  })

  await step('the shop agrees and gets it back at the stall', async () => {
    await seller.goto(`/sell/${shop.id}/cases`)
    await shot(seller, 'zh-cases')
    await seller.getByRole('link', { name: /与展示不符/ }).tap()
    await seller.getByRole('button', { name: '退款 €12.50' }).tap()
    await seller.getByRole('heading', { name: '买家将寄回商品' }).waitFor()
    await page.getByRole('heading', { name: '请寄回商品' }).waitFor()
    await assertAccessible(page, 'the case that waits for the goods')
    await shot(page, 'zh-returning')
    await seller.getByRole('button', { name: '已收到退货' }).tap()
    await seller.getByRole('heading', { name: '请退还现金' }).waitFor()
    const row = (await owner.get(`${base}/stock`)).items.find((r) => r.product === mackerel.id)
    assert.equal(row.available, 39_000, 'the kilogram is on sale again')
  })

  await step('the buyer has the cash', async () => {
    await page.getByRole('button', { name: '已收到现金' }).tap()
    await page.getByRole('heading', { name: /退款 €12.50/ }).waitFor()
    await shot(page, 'zh-granted')
    const o = await rosa.get(`/v1/orders/${placed.id}`)
    assert.deepEqual([o.pay_state, o.refunded.minor], ['partly_refunded', 1250])
    assert.doesNotMatch(await server.check(), /BROKEN/)
    for (const p of [page, seller]) p.clean()
  })
})
