import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Person } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'

test('an hour is booked, moved and kept', { timeout: 90_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const amara = await new Person(server).signIn('Amara')
  const shop = await amara.post('/v1/merchant/shops', { name: { en: 'A Quiet Hour', zh: '静听一小时' }, pack: 'consulting' })
  const base = `/v1/merchant/shops/${shop.id}`
  assert.equal((await amara.get(`${base}/fulfilment`)).appointments, true)
  const fields = { practitioner: 'Amara Diallo', licence: 'Diploma', minutes: '60', where: 'room', limits: 'Not medical treatment' }
  const hour = await amara.post(`${base}/products`, { title: { en: 'One hour', zh: '一小时' }, measure: 'piece', state: 'live', fields, skus: [{ price_minor: 5500, stock: 40 }] })
  const rosa = await new Person(server).signIn('Rosa')
  const page = await visit(browser, server, { person: rosa })
  const desk = await visit(browser, server, { person: amara, screen: desktop })
  const step = steps(t, page, desk)
  let order

  await step('what cannot be said of it is refused', async () => {
    const said = await amara.call('PATCH', `${base}/products/${hour.id}`, { body: { title: { en: 'One hour cures grief' }, state: 'live' } })
    assert.deepEqual([said.status, said.body.code], [422, 'shop.claim'])
  })

  await step('books an hour', async () => {
    await page.goto(`/products/${hour.id}`)
    await page.getByText('Not medical treatment').waitFor()
    await page.getByRole('button', { name: /^Buy/ }).click()
    const hours = page.getByRole('radiogroup', { name: 'Appointment' }).getByRole('radio')
    await hours.last().click() // days ahead, so that it can be moved
    await page.getByRole('button', { name: 'Place order' }).click()
    await page.getByRole('button', { name: 'See the order' }).click()
    await page.waitForURL('**/orders/ord_*')
    await page.getByText('Your appointment is booked').waitFor()
    order = await rosa.get(`/v1/orders/${page.url().split('/').pop()}`)
    assert.equal(order.fulfilment.kind, 'appointment')
  })

  await step('nobody else gets it', async () => {
    const basil = await new Person(server).signIn('Basil')
    const slot = order.fulfilment.slot.id
    const quote = await basil.post('/v1/quotes', { items: [{ sku: hour.skus[0].id, quantity: 1 }], fulfilment: { kind: 'appointment', slot } })
    const answer = await basil.call('POST', '/v1/orders', { body: basil.orderOf(quote, 'pickup'), key: 'k-basil-1' })
    assert.equal(answer.status, 409)
    const other = await basil.call('PUT', `/v1/orders/${order.id}/slot`, { body: { slot } })
    assert.equal(other.status, 404)
  })

  await step('moves it by a week and more', async () => {
    await page.getByRole('button', { name: 'Change the time' }).click()
    const sheet = page.getByRole('dialog', { name: 'When will you come?' })
    await sheet.getByRole('button', { name: /:00–/ }).last().click()
    await sheet.waitFor({ state: 'hidden' })
    const moved = await rosa.get(`/v1/orders/${order.id}`)
    assert.notEqual(moved.fulfilment.slot.id, order.fulfilment.slot.id)
    assert.equal(moved.events.at(-1).event, 'moved')
  })

  await step('one that was booked in a show is kept from the list of the show', async () => {
    const show = await amara.post(`${base}/shows`, { title: { en: 'Questions', zh: '问答' }, host_name: 'Amara' })
    const path = `${base}/shows/${show.id}`
    const { key } = await amara.post(`${base}/stream-key/rotate`)
    await amara.put(`${path}/bag`, { items: [{ number: 1, product: hour.id }] })
    await goLive(t, server, { owner: amara }, { id: show.id, path, key })
    const quote = await rosa.post('/v1/quotes', { items: [{ sku: hour.skus[0].id, quantity: 1 }], show: show.id })
    const booked = await rosa.write('/v1/orders', rosa.orderOf(quote, 'pickup'))
    await desk.goto(`/console/${shop.id}/orders`)
    const row = desk.getByRole('row', { name: new RegExp(booked.number) })
    await row.waitFor()
    assert.equal(await row.getByRole('checkbox').count(), 0)
    await row.getByRole('button', { name: 'Hand over' }).click()
    await row.waitFor({ state: 'detached' })
    assert.equal((await rosa.get(`/v1/orders/${booked.id}`)).state, 'completed')
  })

  page.clean()
  desk.clean()
})
