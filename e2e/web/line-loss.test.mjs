// The encoder's line drops for twenty seconds in the middle of a show.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Person, openStall, planShow } from './lib/api.mjs'
import { openBrowser, pictureGoesOn, timeToPicture, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Publisher } from './lib/publisher.mjs'
import { playlist } from './lib/replay.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('a show outlives a lost line', { timeout: 180_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  const publisher = await goLive(t, server, stall, show)
  const viewer = await visit(browser, server)
  const step = steps(t, viewer)
  const guest = new Person(server)

  await step('viewers are told and stay in the room', async () => {
    await timeToPicture(viewer, `/shows/${show.id}`)
    await viewer.evaluate(() => (globalThis.samePage = true))
    await publisher.cut()
    await viewer.getByText('Back in a moment').waitFor({ timeout: 20_000 })
    assert.equal((await guest.get(`/v1/shows/${show.id}`)).state, 'interrupted')
  })

  await step('after 20 s the same page has the picture again by itself', async (t) => {
    await new Promise((go) => setTimeout(go, 20_000)) // how long the line is away is the story, not a wait for something
    const from = Date.now()
    Publisher.start(t, server, show.key)
    await viewer.getByText('Back in a moment').waitFor({ state: 'detached', timeout: 20_000 })
    await pictureGoesOn(viewer, 2)
    t.diagnostic(`picture ${Date.now() - from} ms after the encoder was back`)
    assert.equal(await viewer.evaluate(() => globalThis.samePage), true, 'the page was not loaded again')
    assert.equal((await guest.get(`/v1/shows/${show.id}`)).state, 'live')
    await stall.owner.post(`${show.path}/end`)
  })

  await step('the recording is one replay with one marked gap', async (t) => {
    const whole = await until('the replay', async () => {
      const s = await guest.get(`/v1/shows/${show.id}`)
      return s.media.replay && s
    }, 30_000, 250)
    const { gaps, seconds } = await playlist(server, show)
    t.diagnostic(`show ${whole.duration_seconds} s, replay ${seconds.toFixed(1)} s, gaps ${gaps}`)
    assert.equal(gaps, 1)
    assert.ok(seconds > 4 && Math.abs(seconds - whole.duration_seconds) < 2, `${seconds} s of ${whole.duration_seconds} s`)
    await viewer.goto(`/shows/${show.id}`)
    await pictureGoesOn(viewer, 1)
  })

  viewer.clean()
})
