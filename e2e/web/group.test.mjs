// Buying together (J6): three browsers make a group and each order goes its own way, a fourth starts their own, and
// what is not full in time is given back to the cent by itself; a ladder gives back what was paid above its step.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from './lib/access.mjs'
import { Person, openStall } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('three buy together, a fourth starts their own, and what fails is given back', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t, ['--operator', 'op@example.org'])
  const browser = await openBrowser(t)
  const { owner, shop, base, oyster, mackerel } = await openStall(server)
  const people = []
  for (const name of ['Rosa', 'Ben', 'Ines', 'Femi']) people.push(await new Person(server).signIn(name))
  const [rosa, ben, ines, femi] = people
  const seller = await visit(browser, server, { person: owner })
  const [one, two, three, four] = await Promise.all(people.map((person) => visit(browser, server, { person, allowed: [409] })))
  const guest = await visit(browser, server, { language: 'zh', allowed: [401] })
  const desk = await visit(browser, server, { person: owner, screen: desktop, language: 'zh' })
  const step = steps(t, seller, one, two, three, four, guest, desk)
  let code, orders

  /** From the open checkout to the return from the pay page. */
  async function buy(page, sum) {
    await page.getByRole('checkbox', { name: /no return/ }).check()
    const place = page.getByRole('button', { name: 'Place order' })
    await place.tap()
    await page.waitForURL('**/pay/test/**')
    await page.getByText(sum).waitFor()
    await page.getByRole('button', { name: 'Pay', exact: true }).tap()
    await page.waitForURL('**/orders/**')
  }

  await step('the stall sells oysters to groups of three', async () => {
    await seller.goto(`/sell/${shop.id}`)
    await seller.getByRole('link', { name: 'Buying together' }).tap()
    await seller.getByRole('button', { name: 'Sell to groups' }).tap()
    const sheet = seller.getByRole('dialog', { name: 'Sell to groups' })
    await sheet.getByLabel('What').selectOption({ label: 'Oyster · €3.00' })
    await sheet.getByLabel('Each pays, EUR').fill('2.40')
    await sheet.getByLabel('Pieces for each').fill('6')
    await sheet.getByLabel('Groups at most').fill('9')
    await sheet.getByText('That takes 162, and there are 50.').waitFor()
    await sheet.getByLabel('Groups at most').fill('2')
    await sheet.getByText('36 of 50 are set aside for them.').waitFor()
    await assertAccessible(seller, 'the form of a group offer')
    await sheet.getByRole('button', { name: 'Start' }).tap()
    await seller.getByText('0 of 2 groups started').waitFor()
    assert.equal((await owner.get(`/v1/products/${oyster.id}`)).skus[0].available, 14)
  })

  await step('one starts a group from the product and is told what happens if it fails', async () => {
    await one.goto(`/products/${oyster.id}`)
    const box = one.getByRole('region', { name: 'Cheaper together' })
    await box.getByText('3 people pay €2.40 each instead of €3.00').waitFor()
    await box.getByText('everybody gets all the money back by itself').waitFor()
    await assertAccessible(one, 'a product that is sold to groups')
    await box.getByRole('button', { name: 'Start a group' }).tap()
    assert.equal(await one.getByRole('radio', { name: /Pay at the stall/ }).count(), 0, 'a group is paid at once')
    await buy(one, '14.40')
    await one.getByRole('link', { name: /Your group: 1 of 3 have paid/ }).tap()
    await one.waitForURL('**/g/*')
    code = new URL(one.url()).pathname.split('/').pop()
    await one.getByText('2 more people').waitFor()
    await assertAccessible(one, 'the page of a group')
  })

  await step('a friend without an account sees who sells, the rule, and nobody’s address', async () => {
    await guest.goto(`/g/${code}`)
    await guest.getByText('还差 2 人').waitFor()
    await guest.getByText('3 人成团，每人').waitFor()
    await guest.getByText('人数不够，所有人全额自动退款。').waitFor()
    await guest.getByText('Nell Marlow Fishmonger').waitFor()
    await guest.getByRole('button', { name: '参团' }).waitFor()
    const seen = JSON.stringify(await ben.get(`/v1/groups/${code}`))
    for (const secret of [rosa.address, 'ord_', '"per_0', 'email', 'phone']) assert.ok(!seen.includes(secret), `${secret} is in ${seen}`)
    await assertAccessible(guest, 'a group in Chinese')
  })

  await step('the second joins by the link; nothing can be sent yet', async () => {
    await two.goto(`/g/${code}`)
    await two.getByRole('button', { name: 'Join for €2.40' }).tap()
    await buy(two, '14.40')
    await one.getByText('one more person').waitFor()
    const list = await owner.get(`${base}/orders`)
    assert.equal(list.items.length, 2)
    for (const o of list.items) {
      assert.equal(o.group.awaits, true)
      const refused = await owner.call('POST', `${base}/orders/hand-over`, { body: { order: o.id }, key: o.id })
      assert.equal(refused.body.code, 'order.awaits_group')
    }
  })

  await step('there is no way to put anybody in', async () => {
    const operator = await new Person(server).signIn('Omar', 'op@example.org')
    const doc = await (await fetch(server.origin + '/v1/openapi.yaml')).text()
    const doors = [...doc.matchAll(/^ {2}(\/v1\/(?!me\/)\S*(?:group-buys|groups|group-offers)\S*):\n((?: {4}.*\n)+)/gm)].flatMap(([, path, body]) => [...body.matchAll(/^ {4}(\w+):/gm)].map(([, m]) => `${m} ${path}`))
    assert.deepEqual(doors.filter((d) => !d.startsWith('get ')).sort(), ['post /v1/merchant/shops/{shop}/group-offers', 'post /v1/merchant/shops/{shop}/group-offers/{id}/stop'])
    for (const who of [owner, operator]) {
      for (const method of ['POST', 'PUT', 'PATCH']) assert.ok((await fetch(`${server.origin}/v1/groups/${code}`, { method, headers: { Cookie: who.cookies().map((c) => `${c.name}=${c.value}`).join('; ') } })).status >= 404)
    }
    assert.equal((await ben.get(`/v1/groups/${code}`)).people.length, 2)
  })

  await step('two stand at the last seat and one of them gets it', async () => {
    const wants = await Promise.all([ines, femi].map((p) => p.quote(oyster.skus[0].id, 6, { group: { code } })))
    const placed = await Promise.all([ines, femi].map((p, i) => p.call('POST', '/v1/orders', { body: p.orderOf(wants[i]), key: `the-last-seat-${i}` })))
    assert.deepEqual(placed.map((a) => a.status).sort(), [201, 409], JSON.stringify(placed))
    assert.equal(placed.find((a) => a.status === 409).body.code, 'groupbuy.full')
    const lucky = placed[0].status === 201 ? [ines, femi, three, four] : [femi, ines, four, three]
    people.splice(2, 2, lucky[0], lucky[1])
    const [, , , late] = lucky
    await late.goto(`/g/${code}`)
    await late.getByText('All seats are being paid').waitFor()
    await people[2].payAt(placed.find((a) => a.status === 201).body.pay_url, 'twice')
    await late.getByText('The group is full').waitFor()
    await late.getByRole('button', { name: 'Start your own group' }).tap()
    await buy(late, '14.40')
  })

  await step('each of the three orders goes on by itself', async () => {
    orders = await Promise.all(people.slice(0, 3).map(async (p) => (await p.get('/v1/orders')).items[0]))
    for (const [i, o] of orders.entries()) {
      await until('the order goes on', async () => (await people[i].get(`/v1/orders/${o.id}`)).group.awaits === false)
      await until('the buyer is told', async () => (await people[i].get('/v1/me/notices')).items.some((n) => /group is full/.test(n.body.en)))
      await owner.write(`${base}/orders/hand-over`, { order: o.id })
    }
    await one.reload()
    await one.getByText('The group is full').waitFor()
    await desk.goto(`/console/${shop.id}/promo`)
    await desk.getByText('已成团，3 人').waitFor()
    await assertAccessible(desk, 'groups at the desk')
  })

  await step('a ladder of mackerel: two people reach the first of two steps', async () => {
    await owner.post(`${base}/group-offers`, { sku: mackerel.skus[0].id, steps: [{ people: 2, price_minor: 1100 }, { people: 3, price_minor: 1000 }, { people: 5, price_minor: 905 }], quantity: 700, hours: 24, groups: 2 })
    const first = await rosa.quote(mackerel.skus[0].id, 700, { group: { offer: (await rosa.get(`/v1/products/${mackerel.id}/group-buys`)).items[0].terms.id } })
    for (const [i, p] of people.slice(0, 3).entries()) {
      const quote = i ? await p.quote(mackerel.skus[0].id, 700, { group: { code: first.group.code } }) : first
      const o = await p.write('/v1/orders', p.orderOf(quote))
      await p.payAt(o.pay_url, 'succeed')
      await until('it is paid', async () => (await p.get(`/v1/orders/${o.id}`)).pay_state === 'paid')
    }
    code = first.group.code
    await until('they are told of the step', async () => (await rosa.get('/v1/me/notices')).items.some((n) => /You are 3 now/.test(n.body.en)))
    await guest.goto(`/g/${code}`)
    await guest.getByText('3 人，€10.00').waitFor()
  })

  await step('a day later the lonely group is given back whole, and the ladder its difference, once', async () => {
    await server.stop()
    server.args.push('--test-ahead', '25h')
    await server.up()
    await until('the lonely one has everything back', async () => {
      const [o] = (await people[3].get('/v1/orders')).items
      return o.state === 'cancelled' && o.pay_state === 'refunded' && o.refunded.minor === 1440
    })
    for (const p of people.slice(0, 3)) {
      await until('the ladder gives back', async () => {
        const [o] = (await p.get('/v1/orders')).items
        return o.group.awaits === false && o.total.minor === 770 && o.refunded.minor === 70 && o.pay_state === 'partly_refunded'
      })
    }
    await until('the lonely one is told', async () => (await people[3].get('/v1/me/notices')).items.some((n) => /not full in time/.test(n.body.en)))
    await server.crash()
    await server.up()
    await guest.goto(`/g/${code}`)
    await guest.getByText('已成团').first().waitFor()
    await guest.getByText('最终每人 €10.00').waitFor()
    const late = people[3] === femi ? four : three
    await late.goto('/orders')
    await late.getByRole('link', { name: /Oyster/ }).tap()
    await late.getByText('Your group was not full in time').waitFor()
    await late.getByRole('link', { name: /Your group was not full in time/ }).tap()
    await late.getByText('Everybody who paid gets all the money back by itself.').waitFor()
    assert.equal((await people[3].get('/v1/orders')).items[0].refunded.minor, 1440)
    await server.check()
  })

  for (const page of [seller, one, two, three, four, guest, desk]) page.clean()
})
