// Two buyers reach for the last piece, twenty times.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { Person, openStall } from './lib/api.mjs'
import { openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/until.mjs'

test('the last piece is sold once, twenty times over', { timeout: 180_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server, { piece: { stock: 0 } })
  const { owner, base, oyster } = stall
  const sku = oyster.skus[0].id
  const [rosa, basil] = [await new Person(server).signIn('Rosa'), await new Person(server).signIn('Basil')]
  const page = await visit(browser, server, { person: basil, allowed: [409] })
  const row = async () => (await owner.get(`${base}/stock`)).items.find((r) => r.sku === sku)
  const won = { rosa: 0, basil: 0 }

  for (let round = 0; round < 20; round++) {
    await owner.write(`${base}/stock/movements`, { sku, add: 1, reason: 'landed' })
    await until('one piece is free', async () => (await row()).available === 1)
    await page.goto(`/products/${oyster.id}`)
    await page.getByRole('button', { name: /^Buy/ }).tap()
    const place = page.getByRole('button', { name: 'Place order' })
    await place.waitFor()
    await page.getByRole('radio', { name: /Cash or card/ }).check()
    await page.getByRole('checkbox', { name: /no return/ }).check()
    const quote = await rosa.quote(sku, 1)
    const reach = () => rosa.call('POST', '/v1/orders', { body: rosa.orderOf(quote, 'pickup'), key: randomUUID() })
    const route = await heldOrder(page, () => place.tap())
    // Both are on their way at the same time; who leaves first alternates.
    if (round % 2) await route.continue()
    const rival = reach()
    if (round % 2 === 0) await route.continue()
    const answer = await rival
    const placed = page.getByText('Your order is placed')
    const beaten = page.getByText('Someone was faster. Nothing was charged. Oyster is sold out for today.')
    await placed.or(beaten).waitFor()
    const basilWon = await placed.isVisible()
    won[basilWon ? 'basil' : 'rosa']++
    assert.equal(answer.status, basilWon ? 409 : 201, `round ${round}: ${JSON.stringify(answer.body)}`)
    if (basilWon) assert.equal(answer.body.code, 'stock.sold_out')
    assert.equal((await row()).available, 0)
  }

  t.diagnostic(`API won ${won.rosa}, browser won ${won.basil}`)
  const { reserved, on_hand } = await row()
  assert.deepEqual({ reserved, on_hand }, { reserved: 20, on_hand: 20 })
  page.clean()
  assert.doesNotMatch(await server.check(), /BROKEN/)
})

/** Taps, and returns the order on its way out, held at the door of the browser. */
function heldOrder(page, tap) {
  return new Promise((held, fail) => {
    page.route('**/v1/orders', held, { times: 1 }).then(tap).catch(fail)
  })
}
