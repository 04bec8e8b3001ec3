// A stallholder posts a video from the phone over a line that is slow and goes away, and somebody buys from it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStall } from './lib/api.mjs'
import { openBrowser, pictureGoesOn, signInHere, visit } from './lib/browser.mjs'
import { Line } from './lib/line.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { film } from './lib/video.mjs'

test('a video is posted from a phone with a bad line', { timeout: 400_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const file = await film(server.data, { seconds: 8, kbps: 10_000, noise: 60, name: 'landing.mp4' })
  const line = await Line.start(t, server)
  const phone = await visit(browser, line, { person: stall.owner })
  const viewer = await visit(browser, server, { allowed: [401] })
  const step = steps(t, phone, viewer)
  const card = phone.getByRole('region', { name: 'Upload' })
  const percent = async () => Number(await card.getByRole('progressbar').getAttribute('value'))
  const uploads = []
  phone.on('response', (r) => r.request().method() === 'POST' && r.url().endsWith('/v1/uploads') && uploads.push(r.status()))
  phone.on('dialog', (d) => d.accept())
  let at = 0

  await step('the film is on its way while its words are written', async () => {
    await phone.goto(`/sell/${stall.shop.id}/videos`)
    await phone.getByText('No videos yet.').waitFor()
    await phone.getByRole('link', { name: 'Post a video' }).tap()
    await phone.getByText('Choose from this phone').waitFor()
    line.speed = 600_000
    await phone.locator('input[type=file]').setInputFiles(file)
    await phone.getByLabel('What is it about?').fill('The evening landing')
    await phone.waitForFunction(() => document.querySelector('[aria-label=Upload] progress')?.value >= 10)
  })

  await step('a line that goes away costs nothing', async () => {
    at = await percent()
    line.cut()
    await card.getByText('The line is gone.').waitFor()
    line.mend()
    await card.getByText('On its way.').waitFor()
    await phone.waitForFunction((n) => document.querySelector('[aria-label=Upload] progress')?.value > n, at)
  })

  await step('a pause stops it, and it goes on', async () => {
    await card.getByRole('button', { name: 'Pause' }).tap()
    await card.getByText('Paused.').waitFor()
    await card.getByRole('button', { name: 'Go on' }).tap()
    await card.getByText('On its way.').waitFor()
  })

  await step('after the page is loaded again the same file goes on where it was', async () => {
    const before = await percent()
    await phone.reload()
    await phone.getByText('“landing.mp4” has arrived in part.').waitFor()
    await phone.locator('input[type=file]').setInputFiles(file)
    await card.waitFor()
    await phone.waitForFunction((n) => document.querySelector('[aria-label=Upload] progress')?.value >= n, Math.max(1, before - 10), { timeout: 3000 })
    assert.deepEqual(uploads, [201], 'there is one upload')
  })

  await step('it is posted with its goods as soon as all of it is there', async () => {
    line.speed = Infinity
    await phone.getByLabel('What is it about?').fill('The evening landing')
    await phone.getByLabel('Topics').fill('fish, #landing')
    await phone.getByRole('checkbox', { name: 'Oyster' }).check({ force: true })
    await phone.getByRole('checkbox', { name: 'Somebody pays me for this' }).check()
    await phone.getByRole('button', { name: 'Publish', exact: true }).tap()
    await phone.waitForURL('**/videos/vid_*')
    await phone.getByText('Shown to everybody').waitFor({ timeout: 120_000 })
  })

  await step('the cover is one of its pictures', async () => {
    await phone.getByRole('button', { name: 'Cover from 0:02' }).tap()
    await phone.getByText('Cover changed').waitFor()
  })

  await step('a viewer watches it and buys from it', async () => {
    await viewer.goto(`/shops/${stall.shop.slug}?tab=videos`)
    await viewer.getByRole('link', { name: 'The evening landing' }).tap()
    await pictureGoesOn(viewer)
    const slide = viewer.getByRole('article', { name: 'The evening landing' })
    await slide.getByText('Ad', { exact: true }).waitFor()
    await slide.getByRole('region', { name: /Oyster/ }).getByRole('button', { name: 'Buy' }).tap()
    await viewer.getByRole('radio', { name: /Test payment/ }).check()
    await viewer.getByLabel('Your name').fill('Basil')
    await viewer.getByRole('checkbox').first().check()
    await pictureGoesOn(viewer)
    await viewer.getByRole('button', { name: 'Place order' }).tap()
    await signInHere(viewer, server, 'basil@example.org')
    await viewer.waitForURL('**/pay/test/**')
    await viewer.getByRole('button', { name: 'Pay', exact: true }).tap()
    await viewer.getByText('€3.00 paid').waitFor()
  })

  await step('withdrawn, it is gone for everybody', async () => {
    await phone.getByRole('button', { name: 'Withdraw' }).tap()
    await phone.getByText('Draft', { exact: true }).waitFor()
    await viewer.goto(`/shops/${stall.shop.slug}?tab=videos`)
    await viewer.getByText('No videos yet.').waitFor()
  })

  // The line that went away is the story.
  phone.faults.splice(0, Infinity, ...phone.faults.filter((f) => !/ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET/.test(f)))
  phone.clean()
  viewer.clean()
})
