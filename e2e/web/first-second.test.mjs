// Who waits in a room when its show begins sees the picture, without a failed request, as soon as there is one.
import { test } from 'node:test'
import { openStall, planShow } from './lib/api.mjs'
import { openBrowser, pictureGoesOn, visit } from './lib/browser.mjs'
import { Publisher } from './lib/publisher.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'

test('a show begins before its first picture', { timeout: 90_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  const waiting = await visit(browser, server)
  const step = steps(t, waiting)

  await step('a viewer opens the room in the moment of Go live, and the encoder comes later', async () => {
    await stall.owner.post(`${show.path}/start`)
    const asked = waiting.waitForRequest('**/live/*/index.m3u8')
    await waiting.goto(`/shows/${show.id}`)
    await asked
    Publisher.start(t, server, show.key)
    await waiting.getByRole('button', { name: 'Sold by Nell Marlow Fishmonger' }).waitFor()
    await waiting.waitForFunction(() => document.querySelector('video')?.readyState >= 2, undefined, { polling: 50 })
    await pictureGoesOn(waiting)
  })

  // No 404, no warning, nothing in the browser's console.
  waiting.clean()
})
