// Whose money is it: a fee that is announced before it holds, a fishmonger who sees what is held and until when, an
// account that money can be sent to, and a shop that is held for a reason it can object to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from './lib/access.mjs'
import { Person, openStall } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

const day = 86_400_000

test('a shop sees its money, and the market says what it takes', { timeout: 240_000 }, async (t) => {
  const server = await Server.start(t, ['--operator', 'op@example.org'])
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const { owner, shop, base, oyster } = stall
  const operator = await new Person(server).signIn('Omar', 'op@example.org')
  const rosa = await new Person(server).signIn('Rosa')
  const seller = await visit(browser, server, { person: owner, allowed: [422] })
  const desk = await visit(browser, server, { person: owner, screen: desktop, language: 'zh' })
  const market = await visit(browser, server, { person: operator, screen: desktop, allowed: [409] })
  const guest = await visit(browser, server, { language: 'zh', allowed: [401] })
  const step = steps(t, seller, desk, market, guest)
  let order

  await step('nothing is taken until the operator says so, and that is public', async () => {
    await guest.goto('/me')
    await guest.getByRole('link', { name: '收费标准' }).tap()
    await guest.getByText('不收费。').waitFor()
    await assertAccessible(guest, 'the public fees')
  })

  await step('a fee that holds at once is refused, one in a month is announced to all', async () => {
    await market.goto('/console/operator?tab=money')
    const form = market.getByRole('form', { name: 'Announce other fees' })
    await form.getByLabel('Of the price of goods (%)').fill('8')
    await form.getByLabel('Per order (EUR)').fill('0.30')
    await form.getByRole('radio', { name: /At once/ }).check()
    await form.getByRole('button', { name: 'Announce' }).click()
    await market.getByText('It has to be announced earlier.').waitFor()
    await form.getByRole('radio', { name: 'From a day' }).check()
    await form.getByLabel('Why, for the shops').fill('A roof for hall 2.')
    await form.getByRole('button', { name: 'Announce' }).click()
    await market.getByText('Announced. All shops are told.').waitFor()
    await market.getByText('A roof for hall 2.').first().waitFor()
    await assertAccessible(market, 'fees and payouts')
    await guest.reload()
    await guest.getByText('8%').waitFor()
    await until('the owner is told', async () => (await owner.get('/v1/me/notices')).items.some((n) => n.title.en === "The market's fees change"))
    const fees = await owner.get('/v1/fees')
    assert.equal(fees.now.ppm, 0)
    assert.ok(Date.parse(fees.next[0].from) > Date.now() + 29 * day)
  })

  await step('what was sold is held until the return time is over', async () => {
    const quote = await rosa.quote(oyster.skus[0].id, 6)
    order = await rosa.write('/v1/orders', rosa.orderOf(quote))
    await rosa.payAt(order.pay_url, 'succeed')
    await until('it is paid', async () => (await rosa.get(`/v1/orders/${order.id}`)).pay_state === 'paid')
    await owner.write(`${base}/orders/hand-over`, { order: order.id })
    await seller.goto(`/sell/${shop.id}`)
    await seller.getByRole('link', { name: 'Money' }).tap()
    await seller.getByText('Held until the return time is over').waitFor()
    await seller.getByText('€18.00').waitFor()
    await seller.getByText('Yours, on hand').waitFor()
    const money = await owner.get(`${base}/money`)
    assert.equal(money.free.minor, 0)
    assert.ok(Math.abs(Date.parse(money.next_due) - Date.now() - 14 * day) < day)
    await assertAccessible(seller, 'the money of a shop')
    await seller.getByRole('tab', { name: 'Orders' }).tap()
    await seller.getByRole('link', { name: order.number }).waitFor()
    await assertAccessible(seller, 'the orders behind the money')
  })

  await step('the desk leads from a line to its order', async () => {
    await desk.goto(`/console/${shop.id}/money`)
    await desk.getByText('退货期结束前暂存').waitFor()
    await assertAccessible(desk, 'the money at the desk')
    await desk.getByRole('tab', { name: '订单' }).click()
    await desk.getByRole('link', { name: order.number }).click()
    await desk.getByRole('button', { name: order.number }).waitFor()
  })

  await step('an account is looked at before money is sent to it', async () => {
    await seller.getByRole('tab', { name: 'Now' }).tap()
    await seller.getByLabel('Name on the account').fill('Nell Marlow')
    await seller.getByLabel('IBAN or account number').fill('DE88 3704 0044 0532 0130 00')
    await seller.getByRole('button', { name: 'Save account' }).tap()
    await seller.getByText('Compare it with your bank card').waitFor()
    await seller.getByLabel('IBAN or account number').fill('de89370400440532013000')
    await seller.getByRole('button', { name: 'Save account' }).tap()
    await seller.getByText('DE89 3704 0044 0532 0130 00').waitFor()
    await seller.getByText('Nothing is on hand yet.').waitFor()
    const early = await owner.call('POST', `${base}/money/payouts`, { body: { minor: 1 }, key: 'a key of mine' })
    assert.equal(early.body.code, 'settle.short')
  })

  await step('a shop is held for a reason, and objects', async () => {
    await market.reload()
    await market.getByLabel('Which shop?').selectOption({ label: "Marlow's Fish" })
    await market.getByLabel('Why? The shop reads it.').fill('The licence ran out in October.')
    await market.getByRole('button', { name: 'Hold', exact: true }).click()
    await market.getByText('The licence ran out in October.').waitFor()
    await seller.reload()
    await seller.getByRole('alert').getByText('The licence ran out in October.').waitFor()
    await seller.getByText('The operators of this market decide.').waitFor()
    await assertAccessible(seller, 'the money of a shop that is held')
    await seller.getByLabel('Your objection').fill('It was renewed on Monday.')
    await seller.getByRole('button', { name: 'Send the objection' }).tap()
    await seller.getByText('You said: It was renewed on Monday.').waitFor()
    await market.reload()
    await market.getByText('It was renewed on Monday.').waitFor()
    await assertAccessible(market, 'a shop that objects')
    await market.getByRole('button', { name: 'Release' }).click()
    await market.getByText('It was renewed on Monday.').waitFor({ state: 'detached' })
    await seller.reload()
    await seller.getByText('DE89 3704 0044 0532 0130 00').waitFor()
    assert.equal(await seller.getByRole('alert').count(), 0)
  })

  await step('the month is a paper and a table', async () => {
    await seller.getByRole('tab', { name: 'Statement' }).tap()
    await seller.getByRole('article', { name: 'Statement' }).getByText('At the end').waitFor()
    await assertAccessible(seller, 'the statement')
    const { months } = await owner.get(`${base}/money`)
    const csv = await owner.call('GET', `${base}/money/statement.csv?month=${months[0]}`)
    assert.match(csv.body, /^date,kind,number,order,.*\n.*opening.*\n.*closing/)
    const stranger = await rosa.call('GET', `${base}/money/statement.csv?month=${months[0]}`)
    assert.equal(stranger.status, 404)
    const shopper = await rosa.call('GET', '/v1/operator/payouts.csv')
    assert.ok([403, 404].includes(shopper.status))
  })

  for (const p of [seller, desk, market, guest]) p.clean()
})
