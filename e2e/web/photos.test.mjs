// A stallholder posts photos from the phone; people swipe through them, find them and buy from them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStall } from './lib/api.mjs'
import { openBrowser, desktop, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { still } from './lib/video.mjs'

test('photos are posted and looked at', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const files = []
  for (const [name, picture] of [['landing', 'testsrc2=s=1200x900'], ['boxes', 'smptebars=s=900x1200'], ['stall', 'mandelbrot=s=800x800']]) files.push(await still(server.data, `${name}.jpg`, picture))
  const phone = await visit(browser, server, { person: stall.owner, allowed: [422] })
  const viewer = await visit(browser, server, { allowed: [401] })
  const step = steps(t, phone, viewer)
  phone.on('dialog', (d) => d.accept())

  await step('three photos are chosen, put in order and said something of', async () => {
    await phone.goto(`/sell/${stall.shop.id}/videos`)
    await phone.getByRole('link', { name: 'Post photos' }).tap()
    await phone.locator('input[type=file]').setInputFiles(files)
    await phone.getByRole('listitem', { name: 'Photo 3 of 3' }).waitFor()
    await phone.getByRole('button', { name: 'Move photo 3 forward' }).tap()
    await phone.getByRole('button', { name: 'Move photo 2 forward' }).tap()
    await phone.getByLabel('What is it about?').fill('The stall this morning')
    await phone.getByLabel('Topics').fill('stall')
    await phone.getByRole('checkbox', { name: 'Oyster' }).check({ force: true })
    await phone.getByRole('button', { name: 'Publish', exact: true }).tap()
    await phone.waitForURL('**/videos/vid_*')
    await phone.getByText('Shown to everybody').waitFor()
  })

  await step('a file that is no photo can be taken out again', async () => {
    await phone.locator('input[type=file]').setInputFiles({ name: 'note.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no photo') })
    const bad = phone.getByRole('listitem', { name: 'Photo 4 of 4' })
    await bad.getByRole('button', { name: 'Send again' }).waitFor()
    assert.equal(await phone.getByRole('button', { name: 'Save', exact: true }).isDisabled(), true)
    await phone.getByRole('button', { name: 'Take photo 4 out' }).tap()
    await phone.getByRole('button', { name: 'Take photo 2 out' }).tap()
    await phone.getByRole('button', { name: 'Save', exact: true }).tap()
    await phone.getByText('Saved', { exact: true }).waitFor()
  })

  await step('a viewer finds them in the shop, with a mark, and swipes through them', async () => {
    await viewer.goto(`/shops/${stall.shop.slug}?tab=videos`)
    const tile = viewer.getByRole('link', { name: 'The stall this morning' })
    await tile.getByText('2 photos').waitFor()
    await tile.tap()
    const slide = viewer.getByRole('article', { name: 'The stall this morning' })
    await slide.getByText('1 / 2').waitFor()
    await slide.getByRole('button', { name: 'Photo after' }).tap()
    await slide.getByText('2 / 2').waitFor()
    await slide.getByRole('group', { name: '2 photos' }).evaluate((el) => el.scrollTo({ left: 0 }))
    await slide.getByText('1 / 2').waitFor()
    const wide = await slide.getByRole('img', { name: 'Photo 1 of 2' }).evaluate((i) => i.naturalWidth)
    assert.ok(wide >= 700, `the photo is ${wide} wide`)
    assert.equal(await slide.getByRole('button', { name: 'Turn the sound on' }).count(), 0, 'photos have no sound')
    await slide.getByRole('region', { name: /Oyster/ }).getByRole('button', { name: 'Buy' }).tap()
    await viewer.getByRole('radio', { name: /Test payment/ }).waitFor()
  })

  await step('Discover, the search and a desk show them too', async () => {
    await viewer.goto('/discover')
    const slide = viewer.getByRole('article', { name: 'The stall this morning' })
    await slide.getByText('1 / 2').waitFor()
    const told = viewer.waitForRequest((r) => r.url().endsWith('/watch'))
    await slide.getByRole('button', { name: /Next one|To the end/ }).tap()
    assert.ok((await told).postDataJSON().seconds > 0)
    await viewer.goto('/search?q=stall')
    await viewer.getByText('Photos · Marlow\'s Fish · 2 photos').waitFor()
    const desk = await visit(browser, server, { screen: desktop, language: 'zh' })
    await desk.goto(`/shops/${stall.shop.slug}?tab=videos`)
    await desk.getByRole('link', { name: 'The stall this morning' }).click()
    await desk.getByRole('group', { name: '2 张照片' }).focus()
    await desk.keyboard.press('ArrowRight')
    await desk.getByText('2 / 2').waitFor()
    desk.clean()
  })

  phone.clean()
  viewer.clean()
})
