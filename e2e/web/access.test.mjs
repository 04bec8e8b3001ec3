// People who use a keyboard or a screen reader: each page tells its parts, and a purchase needs no pointer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAccessible, focused, tabTo } from './lib/access.mjs'
import { openStall, Person, planShow } from './lib/api.mjs'
import { desktop, openBrowser, phone, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'
import { film, postPhotos, postVideo, still } from './lib/video.mjs'

test('pages can be read and used without seeing or pointing', { timeout: 240_000 }, async (t) => {
  const server = await Server.start(t, ['--operator', 'op@example.org'])
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  await goLive(t, server, stall, show)
  const later = await stall.owner.post(`${stall.base}/shows`, { title: { en: 'Morning landing', zh: '早市' }, host_name: 'Nell', starts_at: new Date(Date.now() + 20 * 3600_000).toISOString() })
  const video = await postVideo(stall, await film(server.data, { seconds: 3 }), { caption: 'Opening oysters', language: 'en', products: [stall.oyster.id], place: 'Hall 2', ad: true })
  const photos = await postPhotos(stall, [await still(server.data, 'a.jpg'), await still(server.data, 'b.jpg', 'smptebars=s=900x1200')], { caption: 'The stall this morning' })
  const series = await stall.owner.post(`${stall.base}/series`, { title: 'Oysters', parts: [video, photos] })
  const rosa = await new Person(server).signIn('Rosa')
  const operator = await new Person(server).signIn('Omar', 'op@example.org')
  const quote = await rosa.quote(stall.oyster.skus[0].id, 2, { show: show.id })
  const order = await rosa.write('/v1/orders', rosa.orderOf(quote, 'pickup'))
  const shop = `/sell/${stall.shop.id}`
  const desk = `/console/${stall.shop.id}`

  const pages = {
    shopper: [rosa, phone, ['/', `/shops/${stall.shop.slug}`, `/products/${stall.mackerel.id}`, `/shows/${show.id}`, `/shows/${later.id}`, `/videos/${video}`, '/orders', `/orders/${order.id}`, `/orders/${order.id}/receipt`, '/me', '/me/devices', '/me/addresses', '/me/preferences', '/me/notices', '/nothing/here', '/market', '/?tab=friends', '/?tab=nearby', '/me/friends', '/me/inbox', '/search', '/search?q=mackerel', '/me/favourites', '/me/privacy', '/topics/fish', `/videos/${photos}`, `/series/${series.id}`, `/shops/${stall.shop.slug}?tab=videos`, '/discover/settings']],
    guest: [undefined, phone, ['/', '/sign-in', '/me', `/shows/${show.id}`]],
    'shopper at a large screen': [rosa, desktop, ['/', `/shows/${show.id}`, `/products/${stall.mackerel.id}`, `/videos/${video}`]],
    seller: [stall.owner, phone, [shop, `${shop}/profile`, `${shop}/stock`, `${shop}/products`, `${shop}/pickup`, `${shop}/licence`, `${shop}/stream-key`, `${shop}/hand-over`, `${shop}/shows`, `${shop}/shows/${later.id}`, `${shop}/shows/${later.id}/poster`, `${shop}/shows/${later.id}/host`, `${shop}/videos`, `${shop}/videos/new`, `${shop}/videos/${video}`, `${shop}/videos/${photos}`, `${shop}/photos/new`, `${shop}/series`, `${shop}/series/new`, `${shop}/series/${series.id}`, `${shop}/shows/${show.id}/clip`]],
    'seller at the desk': [stall.owner, desktop, [`${desk}/air/${show.id}`, `${desk}/shows`, `${desk}/shows/${later.id}`, `${desk}/orders`, `${desk}/goods`, `${desk}/contacts`, `${desk}/figures`, `${desk}/settings`, '/console/account']],
    operator: [operator, desktop, ['/console/operator']],
  }
  for (const [who, [person, screen, paths]] of Object.entries(pages)) {
    await t.test(`what the ${who} opens has names, contrast and order`, async (t) => {
      for (const look of ['light', 'dark']) {
        const page = await visit(browser, server, { person, screen })
        await page.emulateMedia({ colorScheme: look, reducedMotion: 'reduce' })
        for (const path of paths) {
          await page.goto(path)
          await page.locator('h1').first().waitFor({ state: 'attached' })
          await page.waitForFunction(() => !document.querySelector('.os-skeleton') && !document.getAnimations().some((a) => a.playState === 'running'))
          await page.evaluate(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go))))
          await t.test(`${path.replace(/(shp|shw|prd|ord|vid|ser)_\w+/g, '$1')} ${look}`, () => assertAccessible(page, path))
        }
        await page.context().close()
      }
    })
  }

  const page = await visit(browser, server, { screen: desktop })
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const step = steps(t, page)

  await step('a purchase by keyboard alone, from the first page to the order', async () => {
    await page.goto(`/products/${stall.oyster.id}`)
    await page.getByRole('heading', { name: 'Oyster' }).waitFor()
    await tabTo(page, /^Buy/)
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: /Order from/ })
    await dialog.waitFor()
    assert.ok((await focused(page)).inDialog, 'the focus goes into the dialog')
    await page.getByRole('button', { name: 'Place order' }).waitFor()
    await assertAccessible(page, 'the checkout')
    await tabTo(page, /Your name/, { inDialog: true })
    await page.keyboard.type('Rosa')
    await tabTo(page, /no return/, { inDialog: true })
    await page.keyboard.press('Space')
    await tabTo(page, 'Place order', { inDialog: true })
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByLabel('E-mail or phone number').waitFor()
    await tabTo(page, /E-mail or phone number/, { inDialog: true })
    const to = 'keys@example.org'
    await page.keyboard.type(to)
    await page.keyboard.press('Enter')
    await page.getByLabel('Six digits').waitFor()
    await page.keyboard.type(await server.code(to))
    await page.getByText('Your order is placed').waitFor()
  })

  await step('arrows choose a pickup time, and Tab passes the group in one stop', async () => {
    await page.goto(`/products/${stall.oyster.id}`)
    await page.getByRole('button', { name: /^Buy/ }).press('Enter')
    const times = page.getByRole('radiogroup', { name: 'Collect at the stall' }).getByRole('radio')
    await times.first().waitFor()
    await tabTo(page, /\d\d:\d\d/, { inDialog: true })
    await page.keyboard.press('ArrowRight')
    await page.waitForFunction(() => document.querySelectorAll('[role=dialog] [role=radio]')[1].getAttribute('aria-checked') === 'true')
    await until('the second time has the focus', () => times.nth(1).evaluate((b) => b === document.activeElement))
    await page.keyboard.press('Tab')
    assert.doesNotMatch((await focused(page)).name, /\d\d:\d\d/)
  })

  await step('Escape closes the bag and gives the focus back', async () => {
    const small = await visit(browser, server, { screen: { viewport: { width: 390, height: 844 } } })
    await small.emulateMedia({ reducedMotion: 'reduce' })
    await small.goto(`/shows/${show.id}`)
    const bag = small.getByRole('button', { name: /Bag|bag/ }).last()
    await bag.focus()
    await small.keyboard.press('Enter')
    await small.getByRole('dialog').waitFor()
    await assertAccessible(small, 'the bag')
    for (let i = 0; i < 25; i++) {
      await small.keyboard.press('Tab')
      assert.ok((await focused(small))?.inDialog, 'the focus stays in the bag')
    }
    await small.keyboard.press('Escape')
    await small.getByRole('dialog').waitFor({ state: 'detached' })
    await until('the bag has the focus again', () => bag.evaluate((b) => b === document.activeElement))
    small.clean()
  })

  page.clean()
})
