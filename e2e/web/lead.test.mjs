import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from './lib/access.mjs'
import { Person } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

const fields = {
  dealer: 'Harbour Wheels GmbH', model: 'Estate 1.6', registered: '2019-04-01', mileage_km: '78400', odometer: 'records', owners: '1', vin: 'WVWZZZ1KZAW000001',
  damage: 'Scratch on the left door', inspection: 'Report 8-1142', price_includes: 'All fees',
}

test('a car is asked for in a show, sold, and an inquiry is taken back', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const joao = await new Person(server).signIn('João')
  const shop = await joao.post('/v1/merchant/shops', { name: { en: 'Harbour Wheels', zh: '港湾二手车' }, pack: 'cars' })
  const base = `/v1/merchant/shops/${shop.id}`
  const sell = (en, zh) => joao.post(`${base}/products`, { title: { en, zh }, measure: 'piece', state: 'live', fields, skus: [{ price_minor: 642000 }] })
  const [red, blue] = [await sell('Hatchback, red', '红色两厢车'), await sell('Estate, blue', '蓝色旅行车')]
  const show = await joao.post(`${base}/shows`, { title: { en: 'Walk around', zh: '绕车看' }, host_name: 'João' })
  const path = `${base}/shows/${show.id}`
  const { key } = await joao.post(`${base}/stream-key/rotate`)
  await joao.put(`${path}/bag`, { items: [{ number: 1, product: red.id }, { number: 2, product: blue.id }] })
  await goLive(t, server, { owner: joao }, { id: show.id, path, key })
  await joao.post(`${path}/pin`, { number: 1 })

  const rosa = await new Person(server).signIn('Rosa')
  const mei = await new Person(server).signIn('Mei')
  const viewer = await visit(browser, server, { person: rosa })
  const chinese = await visit(browser, server, { person: mei, language: 'zh' })
  const desk = await visit(browser, server, { person: joao, screen: desktop })
  const step = steps(t, viewer, chinese, desk)

  await step('what may not be said of a car is refused', async () => {
    const said = await joao.call('PATCH', `${base}/products/${red.id}`, { body: { title: { en: 'Guaranteed accident-free' }, state: 'live' } })
    assert.deepEqual([said.status, said.body.code], [422, 'shop.claim'])
  })

  await step('a viewer asks for a test drive from the room', async () => {
    await viewer.goto(`/shows/${show.id}`)
    await viewer.getByRole('button', { name: 'I’m interested' }).first().click()
    const sheet = viewer.getByRole('dialog', { name: 'Ask about it' })
    await sheet.getByRole('radio', { name: 'Test drive' }).click()
    await sheet.getByRole('radiogroup', { name: 'When?' }).getByRole('radio').last().click()
    await sheet.getByRole('textbox', { name: 'What would you like to know?' }).fill('Can I bring my mechanic?')
    await assertAccessible(viewer, 'the sheet')
    assert.equal(await sheet.getByRole('button', { name: 'Send' }).isEnabled(), false) // nothing is agreed to by default
    await sheet.getByRole('checkbox', { name: /It is kept for 6 months/ }).check()
    await sheet.getByRole('button', { name: 'Send' }).click()
    await viewer.getByText('It will get in touch.').waitFor()
  })

  let lead
  await step('the lead says where it was left and what was agreed to', async () => {
    lead = (await joao.get(`${base}/leads`)).items[0]
    assert.equal(lead.seen.page, 'room')
    assert.equal(lead.seen.show, show.id)
    const form = await rosa.get(`/v1/products/${red.id}/lead-form`)
    assert.equal(lead.consent.text, form.consent.en)
    assert.equal(form.open, lead.id)
    assert.ok(!form.slots.some((s) => s.id === lead.slot.id), 'the hour is still offered')
    await until('the figures of the show', async () => (await joao.get(`${path}/figures`)).now.leads === 1)
  })

  await step('the pages of inquiries have names, contrast and order', async () => {
    for (const [page, path, there] of [
      [viewer, '/me/leads', 'Take it back'],
      [desk, `/console/${shop.id}/leads/${lead.id}`, 'I’ll take it'],
      [desk, `/sell/${shop.id}/leads/${lead.id}`, 'I’ll take it'],
    ]) {
      for (const colorScheme of ['dark', 'light']) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await page.goto(path)
        await page.getByRole('button', { name: there }).waitFor()
        await assertAccessible(page, `${path} ${colorScheme}`)
      }
    }
  })

  await step('the shop takes it, gets in touch and sells the car', async () => {
    await desk.goto(`/console/${shop.id}/air/${show.id}`)
    await desk.getByText('inquiries', { exact: true }).waitFor()
    await desk.getByRole('navigation').getByRole('link', { name: 'Inquiries' }).click()
    await desk.getByRole('button', { name: /Rosa/ }).click()
    const one = desk.getByRole('article', { name: 'Rosa' })
    await one.getByText('Can I bring my mechanic?').waitFor()
    await one.getByRole('button', { name: 'I’ll take it' }).click()
    await one.getByRole('textbox', { name: 'Note' }).fill('Comes with a mechanic')
    await one.getByRole('button', { name: 'I got in touch' }).click()
    await one.getByText('Comes with a mechanic').waitFor()
    await one.getByRole('button', { name: 'Sold…' }).click()
    await one.getByRole('textbox', { name: /^Sold for/ }).fill('6200')
    await one.getByRole('button', { name: 'It is sold' }).click()
    await one.getByText('Kept with the sale').waitFor()
    const sold = await joao.get(`${base}/leads/${lead.id}`)
    assert.deepEqual([sold.state, sold.price.minor, sold.events.map((e) => e.event).join(' ')], ['won', 620000, 'new assigned contacted won'])
  })

  await step('another one asks on the page of the product, in Chinese, and takes it back', async () => {
    await chinese.goto(`/products/${blue.id}`)
    await chinese.getByRole('button', { name: '我想咨询' }).click()
    const sheet = chinese.getByRole('dialog', { name: '咨询' })
    await sheet.getByRole('radio', { name: '发消息给我' }).click()
    await sheet.getByRole('checkbox', { name: /这些资料保存 6 个月/ }).check()
    await sheet.getByRole('button', { name: '发送' }).click()
    await chinese.getByText('商家会联系你。').waitFor()
    const left = (await joao.get(`${base}/leads?state=new`)).items[0]
    assert.equal(left.consent.language, 'zh')
    await chinese.goto('/orders')
    await chinese.getByRole('link', { name: '我的汽车和房产咨询' }).click()
    await chinese.getByRole('button', { name: '收回' }).click()
    await chinese.getByText('已收回，你的资料已删除。').waitFor()
    const gone = await joao.get(`${base}/leads/${left.id}`)
    assert.deepEqual([gone.state, gone.name, gone.email, gone.consent], ['withdrawn', undefined, undefined, undefined])
  })

  viewer.clean()
  chinese.clean()
  desk.clean()
})
