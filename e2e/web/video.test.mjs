// A shop's short video: watched by swiping, liked, talked about, and bought from.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStall } from './lib/api.mjs'
import { openBrowser, pictureGoesOn, signInHere, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { film, postVideo } from './lib/video.mjs'

test('a viewer swipes through the videos of a shop and buys from one', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const file = await film(server.data, { seconds: 12 })
  const first = await postVideo(stall, file, { caption: 'How we fillet a mackerel', language: 'en', products: [stall.mackerel.id] })
  const second = await postVideo(stall, file, { caption: 'Opening oysters', language: 'en', products: [stall.oyster.id, stall.mackerel.id], topics: ['oyster'], place: 'Hall 2', ad: true })
  const viewer = await visit(browser, server, { allowed: [401] })
  const step = steps(t, viewer)
  const slide = (name) => viewer.getByRole('article', { name })

  await step('the shop shows its videos, the newest first', async () => {
    await viewer.goto(`/shops/${stall.shop.slug}`)
    await viewer.getByRole('tab', { name: 'Videos' }).tap()
    const links = viewer.getByRole('link', { name: /mackerel|oysters/ })
    await links.first().waitFor()
    assert.deepEqual(await links.evaluateAll((all) => all.map((a) => a.getAttribute('aria-label'))), ['Opening oysters', 'How we fillet a mackerel'])
  })

  await step('a tap plays the video that was tapped', async () => {
    await viewer.getByRole('link', { name: 'Opening oysters' }).tap()
    await viewer.waitForURL(`**/videos/${second}`)
    await pictureGoesOn(viewer)
    await slide('Opening oysters').getByText('Ad', { exact: true }).waitFor()
  })

  await step('a swipe brings the next one, which waits for a tap', async () => {
    await slide('Opening oysters').getByRole('button', { name: 'Next one' }).tap()
    await viewer.waitForURL(`**/videos/${first}`)
    const play = slide('How we fillet a mackerel').getByRole('button', { name: 'Play', exact: true })
    await play.waitFor()
    assert.deepEqual(await viewer.locator('video').evaluateAll((all) => all.map((v) => v.paused)), [true])
    await play.tap()
    await pictureGoesOn(viewer)
  })

  await step('a like needs a name, and counts once', async () => {
    const like = slide('How we fillet a mackerel').getByRole('button', { name: 'Like' })
    await like.tap()
    await signInHere(viewer, server, 'rosa@example.org', { name: 'Rosa' })
    await slide('How we fillet a mackerel').getByRole('button', { name: 'Like', pressed: true }).waitFor()
    await viewer.getByRole('button', { name: 'No, keep it to myself' }).tap()
    await viewer.getByRole('button', { name: 'No, keep it to myself' }).waitFor({ state: 'detached' })
    assert.equal((await stall.owner.get(`/v1/videos/${first}`)).likes, 1)
  })

  await step('what is said is answered by the shop', async () => {
    await slide('How we fillet a mackerel').getByRole('button', { name: '0 comments' }).tap()
    await viewer.getByLabel('Say something…').fill('Which knife is that?')
    await viewer.getByRole('button', { name: 'Send', exact: true }).tap()
    const said = viewer.getByRole('list', { name: 'Comments' })
    await said.getByText('Which knife is that?').waitFor()
    const { items } = await stall.owner.get(`/v1/videos/${first}/comments`)
    await stall.owner.post(`/v1/videos/${first}/comments`, { text: 'A thin one, 18 cm', parent: items[0].id })
    await viewer.getByRole('button', { name: 'Close', exact: true }).tap()
    await slide('How we fillet a mackerel').getByRole('button', { name: '1 comment', exact: true }).tap()
    await viewer.getByRole('button', { name: '1 answer' }).tap()
    await said.getByText('A thin one, 18 cm').waitFor()
    await viewer.getByRole('button', { name: 'Close', exact: true }).tap()
  })

  await step('a shared link opens the video and remembers who shared it', async () => {
    const { url } = await stall.owner.post('/v1/shares', { kind: 'video', target: second })
    await viewer.goto(new URL(url).pathname)
    await viewer.waitForURL(`**/videos/${second}`)
    await slide('Opening oysters').getByRole('button', { name: 'Play', exact: true }).waitFor()
    assert.ok((await viewer.context().cookies()).some((c) => url.endsWith(c.value)), 'the way here is remembered')
  })

  await step('three taps lead from the video to the payment page', async () => {
    await slide('Opening oysters').getByRole('button', { name: 'Play', exact: true }).tap()
    await slide('Opening oysters').getByRole('region', { name: /Oyster/ }).getByRole('button', { name: 'Buy' }).tap()
    await viewer.getByRole('radio', { name: /Test payment/ }).check()
    await pictureGoesOn(viewer)
    await viewer.getByRole('checkbox').first().check()
    await viewer.getByRole('button', { name: 'Place order' }).tap()
    await viewer.waitForURL('**/pay/test/**')
    assert.match(await viewer.locator('.sum').innerText(), /3\.00/)
    await viewer.getByRole('button', { name: 'Pay', exact: true }).tap()
    await viewer.getByText('€3.00 paid').waitFor()
  })

  await step('keys lead through the videos, and the list has an end', async () => {
    await viewer.goto(`/videos/${second}`)
    await slide('Opening oysters').waitFor()
    await viewer.getByRole('button', { name: 'Close the video' }).focus()
    await viewer.keyboard.press('ArrowDown')
    await viewer.waitForURL(`**/videos/${first}`)
    await viewer.keyboard.press('ArrowDown')
    await viewer.getByText("These are all videos of Marlow's Fish.").waitFor()
  })

  viewer.clean()
})
