// A stall without any payment provider is paid by bank transfer: the account, the receipt, the look at it, the money back.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Person, openStall } from './lib/api.mjs'
import { assertAccessible } from './lib/access.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'
import { still } from './lib/video.mjs'

test('a stall is paid by bank transfer', { timeout: 180_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const { owner, base, oyster } = stall
  const { pickup } = await owner.get(`${base}/fulfilment`)
  await owner.put(`${base}/fulfilment`, { pickup: { ...pickup, enabled: false }, parcel: { enabled: true, templates: [{ name: '', zones: [{ regions: [], rule: { by: 'order', first_minor: 490 } }] }] } })
  const rosa = await new Person(server).signIn('Rosa')
  const page = await visit(browser, server, { person: rosa })
  const desk = await visit(browser, server, { person: owner, screen: desktop })
  const shots = process.env.SHOTS
  const shoot = async (p, name) => shots && p.screenshot({ path: join(shots, `${name}.png`), fullPage: true })
  const step = steps(t, page, desk)
  let id

  await step('the owner tells where money goes', async () => {
    await desk.goto(`/console/${stall.shop.id}/settings`)
    await desk.getByLabel('Take bank transfers').check()
    await desk.getByLabel('Name on the account').fill('Nell Marlow')
    await desk.getByLabel('IBAN or account number').fill('DE12 5001 0517 0648 4898 90')
    await desk.getByLabel('Days an order waits for the money').fill('4')
    const panel = desk.locator('section').filter({ has: desk.getByRole('heading', { name: 'Bank transfer' }) })
    await panel.getByRole('button', { name: 'Save' }).click()
    await desk.getByText('Saved').waitFor()
    await shoot(desk, 'settings')
    assert.equal((await owner.get(`${base}/transfer-account`)).days, 4)
  })

  await step('a buyer orders and sees the account, a reference and the deadline', async () => {
    await page.goto(`/products/${oyster.id}`)
    await page.getByRole('button', { name: 'Buy' }).first().tap()
    await page.getByLabel('Name on the parcel').fill('Rosa')
    await page.getByLabel('Street and number').fill('Quay 1')
    await page.getByLabel('Postcode').fill('27472')
    await page.getByLabel('Town').fill('Cuxhaven')
    await page.getByLabel('Country').selectOption('DE')
    await page.getByRole('radio', { name: /Bank transfer/ }).check()
    await page.getByRole('checkbox', { name: /no return/ }).check()
    await shoot(page, 'checkout')
    await page.getByRole('button', { name: 'Place order' }).tap()
    await page.waitForURL('**/orders/ord_*')
    id = new URL(page.url()).pathname.split('/').at(-1)
    await page.getByRole('heading', { name: 'Waiting for your bank transfer' }).waitFor()
    await page.getByText('DE12 5001 0517 0648 4898 90').waitFor()
    await page.getByText(/^OS-/).waitFor()
    assert.equal(await page.getByRole('button', { name: /^Pay / }).count(), 0, 'there is no page to pay on')
    const o = await rosa.get(`/v1/orders/${id}`)
    assert.ok(Date.parse(o.pay_until) - Date.parse(o.placed_at) > 3.9 * 24 * 3600_000)
    await assertAccessible(page, 'the transfer')
    await shoot(page, 'where-to')
  })

  await step('the buyer tells that it is sent, with a picture', async () => {
    await page.getByLabel('Note to the stall').fill('from my savings account')
    await page.getByLabel('Picture of the receipt').setInputFiles(await still(server.data, 'receipt.png', 'testsrc2=s=600x900'))
    await page.getByText('Take another picture').waitFor()
    await page.getByRole('button', { name: 'I have sent it' }).tap()
    await page.getByText('You hear when it has come').waitFor()
    await page.getByRole('img', { name: 'Picture of the receipt' }).waitFor()
    await shoot(page, 'told')
  })

  await step('the owner looks and finds nothing, and says so', async () => {
    await desk.goto(`/console/${stall.shop.id}/orders`)
    await desk.getByRole('button', { name: 'Bank transfers' }).click()
    await desk.getByText('from my savings account').waitFor()
    const proof = desk.getByRole('img', { name: 'Receipt of Rosa' })
    await until('the picture', () => proof.evaluate((i) => i.complete && i.naturalWidth > 0))
    await shoot(desk, 'transfers')
    await desk.getByRole('button', { name: 'Not found' }).click()
    await desk.getByLabel('What you have looked for').fill('Nothing with this reference yet.')
    await desk.getByRole('button', { name: 'Tell the buyer' }).click()
    await desk.getByText('Nothing to look at').waitFor()
    await page.getByText('The stall has not found your money: Nothing with this reference yet.').waitFor()
    await shoot(page, 'refused')
  })

  await step('the buyer tells once more and the money has come', async () => {
    await page.getByRole('button', { name: 'I have sent it' }).tap()
    await page.getByText('You hear when it has come').waitFor()
    await desk.reload()
    await desk.getByRole('button', { name: 'The money has come' }).click()
    await page.getByText('€7.90 paid').waitFor()
    await shoot(page, 'paid')
  })

  await step('what goes back is listed until it is sent', async () => {
    await owner.write(`${base}/orders/${id}/cancel`, { reason: 'Storm' })
    await until('what is owed', async () => (await owner.get(`${base}/transfers`)).items[0]?.owed.minor === 790)
    await desk.reload()
    await shoot(desk, 'owed')
    await desk.getByRole('button', { name: 'I have sent it back' }).click()
    await desk.getByText('Nothing to look at').waitFor()
    await page.getByText('€7.90 returned to you').waitFor()
  })

  await step('it reads the same in Chinese', async () => {
    const zh = await visit(browser, server, { person: rosa, language: 'zh' })
    const made = await rosa.quote(oyster.skus[0].id, 1, { fulfilment: { kind: 'parcel', address: { name: 'Rosa', phone: '', line1: 'Quay 1', line2: '', postcode: '27472', city: 'Cuxhaven', country: 'DE' } } })
    const order = await rosa.write('/v1/orders', rosa.orderOf(made, 'transfer'))
    await zh.goto(`/orders/${order.id}`)
    await zh.getByRole('heading', { name: '等待你的银行转账' }).waitFor()
    await zh.getByRole('button', { name: '我已转账' }).waitFor()
    await shoot(zh, 'where-to-zh')
    zh.clean()
  })

  page.clean()
  desk.clean()
  assert.doesNotMatch(await server.check(), /BROKEN/)
})
