// A stallholder puts posts in an order; people go from part to part, by a tap only.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStall } from './lib/api.mjs'
import { openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { film, postPhotos, postVideo, still } from './lib/video.mjs'

test('a series is made and watched', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const second = await postVideo(stall, await film(server.data, { seconds: 2 }), { caption: 'Cut along the back' })
  const first = await postPhotos(stall, [await still(server.data, 'a.jpg')], { caption: 'Sharpen the knife' })
  const phone = await visit(browser, server, { person: stall.owner })
  const viewer = await visit(browser, server, { allowed: [401] })
  const step = steps(t, phone, viewer)

  await step('two posts become a series in their order', async () => {
    await phone.goto(`/sell/${stall.shop.id}/videos`)
    await phone.getByRole('link', { name: 'Series' }).tap()
    await phone.getByText('No series yet.').waitFor()
    await phone.getByRole('link', { name: 'New series' }).tap()
    await phone.getByLabel('Title').fill('Filleting')
    await phone.getByRole('region', { name: 'Your videos' }).getByRole('button', { name: 'Cut along the back' }).tap()
    await phone.getByRole('region', { name: 'Your videos' }).getByRole('button', { name: 'Sharpen the knife' }).tap()
    await phone.getByRole('button', { name: 'Move part 2 up' }).tap()
    assert.deepEqual(await phone.getByRole('region', { name: 'In this series' }).getByRole('listitem').evaluateAll((all) => all.map((li) => li.getAttribute('aria-label'))), ['Sharpen the knife', 'Cut along the back'])
    await phone.getByRole('button', { name: 'Save', exact: true }).tap()
    await phone.getByRole('link', { name: 'Filleting' }).getByText('2 parts').waitFor()
  })

  await step('it is found on the shop’s page and goes from part to part', async () => {
    await viewer.goto(`/shops/${stall.shop.slug}?tab=videos`)
    await viewer.getByRole('region', { name: 'Series' }).getByRole('link', { name: 'Filleting' }).tap()
    await viewer.getByRole('link', { name: 'Sharpen the knife' }).tap()
    await viewer.waitForURL(`**/videos/${first}`)
    await viewer.getByText('Part 1 of 2').waitFor()
    await viewer.getByRole('link', { name: 'Part after' }).tap()
    await viewer.waitForURL(`**/videos/${second}`)
    const slide = viewer.getByRole('article', { name: 'Cut along the back' })
    await slide.getByText('Part 2 of 2').waitFor()
  })

  await step('a film that has ended waits for a tap', async () => {
    await viewer.waitForFunction(() => document.querySelector('video')?.ended || document.querySelector('video')?.paused && document.querySelector('video').currentTime > 1)
    assert.ok(viewer.url().endsWith(second))
    await viewer.getByRole('link', { name: 'Part before' }).tap()
    await viewer.waitForURL(`**/videos/${first}`)
    await viewer.getByRole('link', { name: 'Filleting Part 1 of 2' }).tap()
    await viewer.getByRole('heading', { name: 'Filleting' }).waitFor()
  })

  await step('taken apart, the posts stay', async () => {
    await phone.getByRole('link', { name: 'Filleting' }).tap()
    await phone.getByRole('button', { name: 'Take the series apart' }).tap()
    await phone.getByRole('dialog').getByRole('button', { name: 'Take the series apart' }).tap()
    await phone.getByText('No series yet.').waitFor()
    await viewer.goto(`/videos/${first}`)
    await viewer.getByRole('article', { name: 'Sharpen the knife' }).waitFor()
    assert.equal(await viewer.getByText('Part 1 of').count(), 0)
  })

  phone.clean()
  viewer.clean()
})
