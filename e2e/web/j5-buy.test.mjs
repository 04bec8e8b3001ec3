// A viewer stumbles upon a good thing and buys it without losing the picture.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStall, planShow } from './lib/api.mjs'
import { openBrowser, pictureGoesOn, signInHere, timeToPicture, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until, within } from './lib/until.mjs'

test('a viewer buys in a live room', { timeout: 180_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  await goLive(t, server, stall, show)
  const { owner, base } = stall
  const viewer = await visit(browser, server, { allowed: [401] })
  const second = await visit(browser, server)
  await second.goto(`/shows/${show.id}`)
  const step = steps(t, viewer, second)

  await step('the picture moves within 3 s of opening the link, without an account', async (t) => {
    await within(t, 'picture', 3000, () => timeToPicture(viewer, `/shows/${show.id}`))
  })

  await step('a tap turns the sound on', async () => {
    assert.equal(await viewer.locator('video').evaluate((v) => v.muted), true)
    await viewer.getByRole('button', { name: 'Tap for sound' }).tap()
    await until('the sound is on', () => viewer.locator('video').evaluate((v) => !v.muted))
    await pictureGoesOn(viewer)
  })

  await step('a question needs a name, given inside the room, and everybody sees it', async () => {
    await viewer.getByLabel('Ask the stall…').fill('Is it fresh today?')
    await viewer.getByRole('button', { name: 'Send', exact: true }).tap()
    await viewer.getByText('A name for your question').waitFor()
    await signInHere(viewer, server, 'rosa@example.org', { name: 'Rosa' })
    for (const page of [viewer, second]) await page.getByRole('log', { name: 'Comments' }).getByText('Is it fresh today?').waitFor()
    assert.ok((await owner.get(`${show.path}/comments`)).items.some((c) => c.text === 'Is it fresh today?' && c.name === 'Rosa'), 'the host has the question')
    await pictureGoesOn(viewer)
  })

  await step('a pin is on the screen within 2 s', async (t) => {
    await within(t, 'pin', 2000, async () => {
      const card = viewer.getByRole('region', { name: 'On the counter: Oyster' })
      await owner.post(`${show.path}/pin`, { number: null })
      await card.waitFor({ state: 'detached' })
      const from = Date.now()
      await owner.post(`${show.path}/pin`, { number: 2 })
      await card.waitFor()
      return Date.now() - from
    })
  })

  await step('a guest orders with a code and the picture goes on under the checkout', async () => {
    await second.getByRole('region', { name: 'On the counter: Oyster' }).getByRole('button', { name: 'Buy' }).tap()
    await second.getByRole('radio', { name: /Test payment/ }).check()
    await pictureGoesOn(second)
    await second.getByLabel('Your name').fill('Basil')
    await second.getByRole('checkbox').first().check()
    await pictureGoesOn(second)
    await second.getByRole('button', { name: 'Place order' }).tap()
    await second.getByText('Who are you?').waitFor()
    await pictureGoesOn(second)
    await signInHere(second, server, 'basil@example.org')
    await second.waitForURL('**/pay/test/**')
    assert.match(await second.locator('.sum').innerText(), /3\.00/)
    await second.getByRole('button', { name: 'Pay', exact: true }).tap()
    await second.waitForURL('**/orders/ord_*')
    await second.getByText('€3.00 paid').waitFor()
  })

  await step('a returning buyer is on the pay page after three taps, at the price that was shown', async (t) => {
    await second.getByRole('link', { name: 'To the show' }).tap()
    const card = second.getByRole('region', { name: 'On the counter: Oyster' })
    await card.waitFor()
    let taps = 0
    const tap = async (what) => (taps++, await what.tap())
    await tap(card.getByRole('button', { name: 'Buy' }))
    const place = second.getByRole('button', { name: 'Place order' })
    await place.waitFor()
    const required = await second.getByRole('checkbox').count()
    t.diagnostic(`consents to tick: ${required}: ${await second.locator('label', { has: second.getByRole('checkbox') }).allInnerTexts()}`)
    await pictureGoesOn(second)
    await tap(second.getByRole('checkbox').first())
    await tap(place)
    await second.waitForURL('**/pay/test/**')
    t.diagnostic(`${taps} taps`)
    assert.ok(taps <= 3, `${taps} taps`)
    assert.match(await second.locator('.sum').innerText(), /3\.00/)
    await second.getByRole('button', { name: 'Pay', exact: true }).tap()
    await second.getByText('€3.00 paid').waitFor()
  })

  viewer.clean()
  second.clean()
})
