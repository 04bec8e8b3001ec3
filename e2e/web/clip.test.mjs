// After a show its host takes what was explained as a clip, with its goods, and posts it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStall, planShow } from './lib/api.mjs'
import { desktop, openBrowser, pictureGoesOn, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('a clip is made of a replay', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  const publisher = await goLive(t, server, stall, show)
  await stall.owner.post(`${show.path}/explain`, { number: 2 })
  const from = Date.now()
  await until('six seconds of explaining', () => Date.now() - from > 6000, 20_000, 200)
  await stall.owner.post(`${show.path}/explain`, { number: null })
  await stall.owner.post(`${show.path}/end`)
  await publisher.cut()
  await until('the replay', async () => (await stall.owner.get(`/v1/shows/${show.id}`)).media.replay, 30_000, 250)
  const phone = await visit(browser, server, { person: stall.owner })
  const desk = await visit(browser, server, { person: stall.owner, screen: desktop })
  const step = steps(t, phone, desk)

  await step('what was explained is the part, with its goods', async () => {
    await phone.goto(`/shows/${show.id}`)
    await phone.getByRole('link', { name: 'Make a clip' }).tap()
    await phone.getByRole('button', { name: 'Make a clip' }).waitFor()
    await phone.goto(`/sell/${stall.shop.id}/shows/${show.id}`)
    await phone.getByRole('link', { name: 'Make a clip' }).tap()
    await phone.getByRole('region', { name: 'What was explained' }).getByRole('button', { name: /Oyster/ }).waitFor()
    assert.equal(await phone.getByRole('checkbox', { name: 'Oyster' }).isChecked(), true)
    assert.equal(await phone.getByRole('checkbox', { name: 'Mackerel' }).isChecked(), false)
  })

  await step('it is looked at, and stops at its end', async () => {
    await phone.getByRole('slider', { name: /Lasts/ }).fill('2')
    await phone.getByText('Lasts 2 s').first().waitFor()
    await phone.getByRole('button', { name: 'Begin half a second later' }).tap()
    await phone.getByRole('button', { name: 'Play this part' }).tap()
    await pictureGoesOn(phone, 0.5)
    await phone.getByRole('button', { name: 'Play this part' }).waitFor()
  })

  await step('the clip opens as a draft within seconds and is published', async () => {
    await phone.getByLabel('What is it about?').fill('How to open an oyster')
    const made = Date.now()
    await phone.getByRole('button', { name: 'Make a clip' }).tap()
    await phone.waitForURL('**/videos/vid_*')
    await phone.getByText('Draft', { exact: true }).waitFor({ timeout: 30_000 })
    t.diagnostic(`the draft was there after ${Date.now() - made} ms`)
    assert.equal(await phone.getByLabel('What is it about?').inputValue(), 'How to open an oyster')
    const video = await stall.owner.get(`${stall.base}/videos/${phone.url().split('/').at(-1)}`)
    assert.ok(Math.abs(video.duration_ms - 2000) <= 80, `${video.duration_ms} ms`)
    assert.deepEqual(video.products.map((p) => p.title.en), ['Oyster'])
    await phone.getByRole('button', { name: 'Publish', exact: true }).tap()
    await phone.getByText('Shown to everybody').waitFor()
  })

  await step('the console leads there from the chapter', async () => {
    await desk.goto(`/console/${stall.shop.id}/shows/${show.id}`)
    await desk.getByRole('link', { name: 'Make a clip of Oyster' }).click()
    await desk.getByRole('button', { name: 'Make a clip' }).waitFor()
    await desk.getByRole('checkbox', { name: 'Oyster' }).waitFor({ state: 'attached' })
  })

  phone.clean()
  desk.clean()
})
