// Discover: a list with an end. One way in, a reason on every item, nothing that plays by itself, and what a viewer
// likes and watches changes nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible } from './lib/access.mjs'
import { desktop, openBrowser, pictureGoesOn, visit } from './lib/browser.mjs'
import { openFair } from './lib/fair.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'

/** Waits until another item than `old` fills the screen, or the end does. */
const nextFills = (page, old) =>
  page.waitForFunction(
    (old) => {
      const reel = document.querySelector('.reel')
      return reel.scrollTop % reel.clientHeight === 0 && document.querySelector('.stop:not([inert]) article')?.getAttribute('aria-label') !== old
    },
    old,
    { polling: 100 },
  )

const packs = ['fish', 'fish', 'fish', 'fish', 'fish', 'fish', 'books', 'courses', 'meat', 'cosmetics']

test('a viewer goes through Discover to its end', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stalls = await openFair(server, packs)
  const keen = await visit(browser, server, { allowed: [401] })
  const still = await visit(browser, server, { screen: desktop })
  const step = steps(t, keen, still)
  const slide = (page) => page.locator('.stop:not([inert]) article')
  const number = async (page) => Number((await page.locator('.count').innerText()).split(' ')[0])

  /** Swipes to the end and returns what was seen; `at` is called on each item. */
  async function toTheEnd(page, at = async () => {}) {
    const seen = []
    for (;;) {
      const item = slide(page)
      await item.waitFor()
      const name = await item.getAttribute('aria-label')
      assert.ok(!seen.includes(name), `${name} comes twice`)
      seen.push(name)
      assert.equal(await number(page), seen.length)
      await at(item, name)
      await item.getByRole('button', { name: /Next one|To the end/ }).click()
      await nextFills(page, name)
      if (!(await item.count())) return seen
    }
  }

  await step('there is one way to Discover, on the second level', async () => {
    await keen.goto('/')
    await keen.getByText('Stall 0 fish').waitFor()
    assert.equal(await keen.locator('a[href="/discover"]').count(), 1)
    for (const path of [`/shops/${stalls[0].shop.slug}`, '/me', `/videos/${stalls[0].video}`]) {
      await keen.goto(path)
      await keen.locator('h1').first().waitFor({ state: 'attached' })
      assert.equal(await keen.locator('a[href^="/discover"]').count(), 0, path)
    }
    await keen.goto('/')
    await keen.getByRole('link', { name: /Discover/ }).tap()
    await keen.waitForURL('**/discover')
  })

  let keenSaw
  await step('each item says why it is here, waits for a tap, and the list ends', async () => {
    await slide(keen).waitFor()
    await assertAccessible(keen, 'an item of Discover')
    await keen.waitForTimeout(1500)
    assert.ok((await keen.locator('video').evaluateAll((all) => all.every((v) => v.paused))), 'nothing plays by itself')
    keenSaw = await toTheEnd(keen, async (item, name) => {
      await item.getByText(/Here because it is new/).waitFor()
      if (!name.includes('fish')) return
      await item.getByRole('button', { name: 'Play', exact: true }).tap()
      await pictureGoesOn(keen, 1)
    })
    await keen.getByRole('heading', { name: 'You have seen what is new.' }).waitFor()
    await keen.getByText(new RegExp(`${keenSaw.length} things from ${keenSaw.length} stalls in 5 trades`)).waitFor()
    assert.equal(await keen.getByRole('button', { name: 'Show 30 more' }).count(), 0)
    await assertAccessible(keen, 'the end of Discover')
  })

  await step('who watched every fish is shown no more fish than who watched none', async () => {
    await still.goto('/')
    await still.getByRole('link', { name: /Discover/ }).click()
    const stillSaw = await toTheEnd(still)
    const fish = (list) => list.filter((name) => name.includes('fish')).length
    assert.equal(fish(keenSaw), 5, 'a quarter of twenty')
    assert.equal(fish(stillSaw), fish(keenSaw))
    assert.equal(stillSaw.length, keenSaw.length)
  })

  await step('how it works is made of the settings that run', async () => {
    await keen.getByRole('link', { name: 'How Discover works' }).tap()
    const how = await stalls[0].owner.get('/v1/discover/how')
    await keen.getByText(how.sentences[0].text.en).waitFor()
    await keen.getByText(`Every new video is owed ${how.floor} shows`).waitFor()
    await assertAccessible(keen, 'how Discover works')
    await keen.getByRole('link', { name: 'Fairness report' }).tap()
    await keen.getByText('Shows', { exact: true }).first().waitFor()
    await assertAccessible(keen, 'the fairness report')
  })

  await step('the own time is reported, and quiet hours are kept', async () => {
    await keen.goto('/discover/settings')
    await keen.getByText(/minutes? in seven days/).waitFor()
    await assertAccessible(keen, 'the settings of Discover')
    const now = new Date()
    const at = (h) => new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(new Date(now.getTime() + h * 3_600_000))
    await keen.getByRole('switch', { name: /Quiet hours/ }).tap()
    await keen.getByLabel('From').fill(at(-6))
    await keen.getByLabel('To', { exact: true }).fill(at(6))
    await keen.getByLabel('To', { exact: true }).blur()
    await keen.goto('/discover')
    await keen.getByRole('heading', { name: 'These are your quiet hours.' }).waitFor()
  })

  keen.clean()
  still.clean()
})

test('what a viewer does not want goes, and stays away', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  await openFair(server, ['fish', 'books', 'courses', 'meat'])
  const viewer = await visit(browser, server)
  const step = steps(t, viewer)
  const slide = viewer.locator('.stop:not([inert]) article')

  await step('a video is refused, a shop muted, a topic muted, a video reported', async () => {
    await viewer.goto('/')
    await viewer.getByRole('link', { name: /Discover/ }).tap()
    for (const [choice, thanks] of [[/^This video/, 'Discover will not show it again.'], [/^Everything of/, /will not come up any more/], [/^The topic #number/, /will not come up any more/]]) {
      const name = await slide.getAttribute('aria-label')
      await slide.getByRole('button', { name: 'Not for me' }).tap()
      await viewer.getByRole('dialog').getByRole('button', { name: choice }).tap()
      await viewer.getByText(thanks).first().waitFor()
      await nextFills(viewer, name)
    }
    await slide.getByRole('button', { name: 'Not for me' }).tap()
    await viewer.getByRole('dialog').getByRole('button', { name: /^Report/ }).tap()
    await viewer.getByRole('radio', { name: 'Stolen pictures' }).check()
    await viewer.getByRole('button', { name: 'Send' }).tap()
    await viewer.getByRole('heading', { name: 'You have seen what is new.' }).waitFor()
  })

  await step('mutes are listed and taken back', async () => {
    await viewer.getByRole('link', { name: 'Your own time and quiet hours' }).tap()
    const muted = viewer.getByRole('region', { name: 'Muted' })
    await muted.getByRole('listitem').nth(1).waitFor()
    await muted.getByRole('button', { name: /Let Stall/ }).tap()
    await muted.getByRole('button', { name: /Let number/ }).tap()
    await muted.getByText(/^Nothing/).waitFor()
  })

  await step('a young viewer gets no taste and nothing that starts by itself', async () => {
    await viewer.getByRole('switch', { name: /Start videos by themselves/ }).check()
    await viewer.getByRole('switch', { name: /young viewer/ }).check()
    await viewer.getByRole('switch', { name: /Start videos by themselves/, disabled: true, checked: false }).waitFor()
    await viewer.getByRole('slider', { disabled: true }).waitFor()
  })

  viewer.clean()
})
