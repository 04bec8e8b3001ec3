// A link passed on outside has a preview, opens without an account, and the order that follows says whose link it was.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStall, Person } from './lib/api.mjs'
import { openBrowser, signInHere, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { film, postVideo } from './lib/video.mjs'

test('a shared video leads a stranger to an order that remembers the link', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const file = await film(server.data, { seconds: 6 })
  const video = await postVideo(stall, file, { caption: 'Opening oysters', language: 'en', products: [stall.oyster.id] })
  const rosa = await new Person(server).signIn('Rosa')
  const { url } = await rosa.post('/v1/shares', { kind: 'video', target: video })
  const code = url.split('/').at(-1)
  const stranger = await visit(browser, server, { allowed: [401] })
  const step = steps(t, stranger)

  await step('other programs show a card', async () => {
    const page = await (await fetch(url)).text()
    const said = (name) => new RegExp(`<meta property="${name}" content="([^"]*)"`).exec(page)?.[1]
    assert.equal(said('og:title'), 'Opening oysters')
    assert.equal(said('og:description'), 'Marlow&#39;s Fish')
    const picture = await fetch(said('og:image'))
    assert.equal(picture.headers.get('Content-Type'), 'image/jpeg')
    await picture.arrayBuffer()
  })

  await step('a stranger watches and buys', async () => {
    await stranger.goto(new URL(url).pathname)
    await stranger.waitForURL(`**/videos/${video}`)
    await stranger.getByRole('region', { name: /Oyster/ }).getByRole('button', { name: 'Buy' }).tap()
    await stranger.getByRole('radio', { name: /Test payment/ }).check()
    await stranger.getByLabel('Your name').fill('Lena')
    await stranger.getByRole('checkbox').first().check()
    await stranger.getByRole('button', { name: 'Place order' }).tap()
    await stranger.getByText('Who are you?').waitFor()
    await signInHere(stranger, server, 'lena@example.org')
    await stranger.waitForURL('**/pay/test/**')
    await stranger.getByRole('button', { name: 'Pay', exact: true }).tap()
    await stranger.getByText('€3.00 paid').waitFor()
  })

  await step('the order says whose link it was', async () => {
    const { items } = await stall.owner.get(`${stall.base}/orders`)
    assert.equal(items.length, 1)
    assert.equal((await stall.owner.get(`${stall.base}/orders/${items[0].id}`)).source, code)
  })

  stranger.clean()
})
