// A teacher sells a course; a learner sees the preview, buys, learns on two devices and gives it back by progress.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Person } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'
import { film } from './lib/video.mjs'

const captions = 'WEBVTT\n\n00:00.000 --> 00:05.000\nHalf of a loaf.\n'

test('a course is bought, learnt and given back by progress', { timeout: 240_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const clip = await film(server.data, { seconds: 12, name: 'lesson.mp4', kbps: 200 })
  const ngozi = await new Person(server).signIn('Ngozi')
  const shop = await ngozi.post('/v1/merchant/shops', { name: { en: 'Sums', zh: '算术课' }, pack: 'courses' })
  const base = `/v1/merchant/shops/${shop.id}`
  const rosa = await new Person(server).signIn('Rosa')
  const teacher = await visit(browser, server, { person: ngozi })
  const desk = await visit(browser, server, { person: ngozi, screen: desktop })
  const page = await visit(browser, server, { person: rosa, allowed: [403] })
  const other = await visit(browser, server, { person: rosa, screen: desktop, allowed: [403] })
  const guest = await visit(browser, server, { allowed: [401, 403] })
  const step = steps(t, teacher, desk, page, other, guest)
  let product, lessons, order, course

  await step('the teacher writes the course on a phone', async () => {
    await teacher.goto(`/sell/${shop.id}/products`)
    await teacher.getByRole('button', { name: 'Add goods' }).click()
    const sheet = teacher.getByRole('dialog')
    await sheet.getByLabel('Name', { exact: true }).fill('Fractions with bread')
    await sheet.getByLabel('Price (EUR)').fill('48.01')
    await sheet.getByLabel('Level').selectOption('beginner')
    await sheet.getByLabel('Teacher').fill('Ngozi Okafor')
    await sheet.getByLabel(/^Access/).fill('90')
    await sheet.getByRole('button', { name: 'Save' }).click()
    await teacher.waitForURL('**/lessons')
    product = teacher.url().split('/').at(-2)
    for (const title of ['What is a half?', 'Quarters']) {
      await teacher.getByLabel('Title of a new lesson').fill(title)
      await teacher.getByRole('button', { name: 'Add lesson' }).click()
      const form = teacher.getByRole('form', { name: title })
      await form.getByLabel('Choose a film').setInputFiles(clip)
      await form.getByText(/The film is being made/).or(form.getByText('Another film')).first().waitFor()
    }
    await until('the films are made', async () => {
      lessons = (await ngozi.get(`${base}/products/${product}/lessons`)).items
      return lessons.length === 2 && lessons.every((l) => l.ready)
    }, 120_000, 500)
  })

  await step('makes the first a preview at the desk and gives the second captions', async () => {
    await desk.goto(`/console/${shop.id}/goods/${product}/lessons`)
    await desk.getByRole('button', { name: /What is a half/ }).first().click()
    await desk.getByRole('switch').check()
    await desk.getByText('Free preview').first().waitFor()
    await desk.getByRole('button', { name: /Quarters/ }).first().click()
    await desk.getByLabel('Add captions (WebVTT)').setInputFiles({ name: 'en.vtt', mimeType: 'text/vtt', buffer: Buffer.from(captions) })
    await desk.getByText('Other captions (WebVTT)').waitFor()
  })

  await step('a visitor plays the preview and nothing else', async () => {
    await guest.goto(`/products/${product}`)
    const list = guest.getByRole('region', { name: 'Lessons' })
    assert.equal(await list.getByRole('button', { name: /Quarters/ }).isDisabled(), true)
    await guest.getByText('price × (1 − progress)').waitFor()
    await list.getByRole('button', { name: /What is a half/ }).click()
    const video = guest.getByRole('dialog').locator('video')
    await video.evaluate((v) => ((v.muted = true), v.play()))
    await until('the preview plays', () => video.evaluate((v) => v.currentTime > 0.5))
    const refused = await new Person(server).call('POST', `/v1/lessons/${lessons[1].id}/watch`)
    assert.deepEqual([refused.status, refused.body.code], [403, 'course.locked'])
    const stolen = await fetch(`${server.origin}/media/lessons/${lessons[1].id}.preview.zzzzzz.AAAA/master.m3u8`)
    assert.equal(stolen.status, 403)
  })

  await step('the learner pays with the test provider and is in at once', async () => {
    await page.goto(`/products/${product}`)
    await page.getByRole('button', { name: /^Buy/ }).click()
    await page.getByRole('radio', { name: /Test payment/ }).check()
    await page.getByText('Access begins as soon as you have paid').locator('xpath=ancestor-or-self::label').locator('input').check()
    await page.getByRole('button', { name: 'Place order' }).click()
    await page.waitForURL('**/pay/test/**')
    await page.getByRole('button', { name: 'Pay', exact: true }).click()
    await page.waitForURL('**/orders/ord_*')
    await page.getByRole('link', { name: 'Start the course' }).waitFor()
    order = await rosa.get(`/v1/orders/${page.url().split('/').pop().split('?')[0]}`)
    assert.deepEqual([order.fulfilment.kind, order.state], ['online', 'placed'])
    await page.getByRole('link', { name: 'Start the course' }).click()
    await page.waitForURL('**/me/courses/enr_*')
    course = page.url().split('/').pop().split('?')[0]
  })

  await step('learns a part, and goes on at the desk where the phone stopped', async () => {
    await page.getByRole('button', { name: /Quarters/ }).first().click()
    const film = page.locator('video')
    await film.waitFor()
    await film.evaluate((v) => ((v.muted = true), v.play()))
    await until('it plays', () => film.evaluate((v) => v.currentTime > 4), 30_000)
    await film.evaluate((v) => v.pause())
    const at = await film.evaluate((v) => v.currentTime)
    await until('the server knows', async () => (await rosa.get(`/v1/me/courses/${course}`)).standing.seen_ms > 3000)
    assert.equal((await rosa.get(`/v1/orders/${order.id}`)).state, 'completed')
    await other.goto(`/me/courses/${course}?lesson=${lessons[1].id}`)
    await until('the film goes on there', () => other.locator('video').evaluate((v) => v.currentTime).then((s) => Math.abs(s - at) < 1), 20_000)
    assert.equal(await other.locator('video').evaluate((v) => v.textTracks.length), 1)
  })

  await step('gives it back: the price less what was seen', async () => {
    await other.goto('/')
    await page.goto(`/orders/${order.id}/problem`)
    await page.getByText('I do not want it any more').click()
    await page.getByText(/come back\. The course is closed/).waitFor()
    const p = (await rosa.get(`/v1/orders/${order.id}/problem`)).lines[0].progress
    assert.equal(p.back.minor, Math.floor((4801 * (1e6 - p.used) + 5e5) / 1e6))
    await page.getByRole('button', { name: /Ask for .* back/ }).click()
    await page.waitForURL('**/cases/cas_*')
    await page.goto(`/me/courses/${course}`)
    await page.getByText('You are giving this course back').first().waitFor()
    const c = (await ngozi.get(`${base}/cases`)).items[0]
    assert.deepEqual([c.ask.worth.minor, c.ask.lines[0].used], [p.back.minor, p.used])
    await desk.goto(`/console/${shop.id}/cases`)
    await desk.getByText(/was seen when it was asked for/).first().waitFor()
    await ngozi.write(`${base}/cases/${c.id}/steps`, { event: 'agree', seen: c.version })
    await until('it is closed', async () => (await rosa.get(`/v1/me/courses/${course}`)).state === 'ended')
  })

  await step('the roster says who and how far, and no more', async () => {
    await desk.goto(`/console/${shop.id}/goods/${product}/lessons`)
    await desk.getByRole('button', { name: 'Learners' }).click()
    await desk.getByText('Given back').waitFor()
    const [l] = (await ngozi.get(`${base}/products/${product}/learners`)).items
    assert.equal(JSON.stringify(l).includes('@'), false)
  })

  for (const p of [teacher, desk, page, other, guest]) p.clean()
})
