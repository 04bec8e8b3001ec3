// The desk of a show on a large screen, and a purchase by keyboard alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Person, openStall, planShow } from './lib/api.mjs'
import { desktop, openBrowser, pictureGoesOn, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'

test('a show is run from the console', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  await goLive(t, server, stall, show)
  const desk = await visit(browser, server, { person: stall.owner, screen: desktop })
  const rosa = await new Person(server).signIn('Rosa')
  const viewer = await visit(browser, server, { person: rosa, allowed: [403] })
  const step = steps(t, desk, viewer)
  const row = desk.getByRole('row', { name: /Oyster/ })
  await viewer.goto(`/shows/${show.id}`)

  await step('has the picture that viewers have', async () => {
    await desk.goto(`/console/${stall.shop.id}/air/${show.id}`)
    await desk.getByRole('heading', { name: 'Evening landing' }).waitFor()
    await desk.getByText(/On air/).first().waitFor()
    await pictureGoesOn(desk)
  })

  await step('pins and explains from the rundown', async () => {
    await row.getByRole('button', { name: 'Pin' }).click()
    await viewer.getByRole('region', { name: 'On the counter: Oyster' }).waitFor()
    await row.getByRole('button', { name: 'Explain' }).click()
    await viewer.getByText('Explaining now').waitFor()
    await row.getByRole('button', { name: /^Stop/ }).click()
    await viewer.getByText('Explaining now').waitFor({ state: 'detached' })
  })

  await step('holds comments with a word of the shop and lets one through', async () => {
    const waiting = desk.getByRole('region', { name: 'Waiting for you' })
    await waiting.getByRole('button', { name: 'Held words' }).click()
    await waiting.getByLabel(/Comments with one of these/).fill('Rival\n')
    await waiting.getByRole('button', { name: 'Keep these words' }).click()
    await desk.getByText('Words kept').waitFor()
    await new Person(server).signIn('Basil').then((basil) => basil.post(`/v1/shows/${show.id}/comments`, { text: 'The r.i.v.a.l is cheaper' }))
    await waiting.getByText('The r.i.v.a.l is cheaper').waitFor()
    assert.equal(await viewer.getByText('The r.i.v.a.l is cheaper').count(), 0)
    await waiting.getByRole('button', { name: 'Let through' }).click()
    await viewer.getByText('The r.i.v.a.l is cheaper').waitFor()
    await waiting.getByText('No comment waits').waitFor()
  })

  await step('mutes who disturbs', async () => {
    const say = async (text) => {
      await viewer.getByLabel('Ask the stall…').fill(text)
      await viewer.getByRole('button', { name: 'Send', exact: true }).tap()
    }
    await say('Buy my watches')
    await desk.getByRole('region', { name: 'Comments' }).getByText('Buy my watches').waitFor()
    await desk.getByRole('button', { name: 'Mute Rosa for an hour' }).click()
    await desk.getByText('Muted for an hour').waitFor()
    await say('Watches!')
    await viewer.getByText('You cannot comment in this shop for a while.').waitFor()
  })

  await step('sees an order and the stock come in without loading again', async () => {
    await row.getByText('50 / 50').waitFor()
    await rosa.write('/v1/orders', rosa.orderOf(await rosa.quote(stall.oyster.skus[0].id, 3, { show: show.id }), 'pickup'))
    await desk.getByRole('region', { name: 'Orders' }).getByText('Oyster 3').waitFor()
    await row.getByText('47 / 50').waitFor()
  })

  desk.clean()
  viewer.clean()
})

test('a purchase needs no pointer', { timeout: 60_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const page = await visit(browser, server, { person: await new Person(server).signIn('Rosa') })

  /** Goes on with Tab until the thing is in focus. */
  async function reach(what) {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab')
      if (await what.evaluate((e) => e === document.activeElement)) return
    }
    assert.fail(`Tab never reaches ${what}`)
  }
  await page.goto(`/products/${stall.oyster.id}`)
  await page.getByRole('button', { name: /^Buy/ }).waitFor()
  await reach(page.getByRole('button', { name: /^Buy/ }))
  await page.keyboard.press('Enter')
  await page.getByRole('checkbox', { name: /no return/ }).waitFor()
  await reach(page.getByRole('checkbox', { name: /no return/ }))
  await page.keyboard.press('Space')
  await reach(page.getByRole('radio', { name: /Cash or card/ }))
  await page.keyboard.press('ArrowDown')
  await page.getByRole('radio', { name: /Test payment/, checked: true }).waitFor()
  await reach(page.getByRole('button', { name: 'Place order' }))
  await page.keyboard.press('Enter')
  await page.waitForURL('**/pay/test/**')
  await reach(page.getByRole('button', { name: 'Pay', exact: true }))
  await page.keyboard.press('Enter')
  await page.getByText('€3.00 paid').waitFor()
  page.clean()
})
