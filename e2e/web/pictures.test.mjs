// Whoever wants to see the goods closely taps their picture: it fills the screen, is pinched, turned and put away.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { openStall } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'
import { still } from './lib/video.mjs'

test('a picture of the goods is looked at closely', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t)
  const stall = await openStall(server)
  const images = []
  for (const [name, picture] of [['a.jpg', 'testsrc2=s=1600x1200'], ['b.jpg', 'mandelbrot=s=900x1200']]) {
    const body = new FormData()
    body.append('file', new Blob([await readFile(await still(server.data, name, picture))]), name)
    images.push((await stall.owner.call('POST', `${stall.base}/images`, { body })).body.id)
  }
  await stall.owner.patch(`${stall.base}/products/${stall.mackerel.id}`, { images })
  const browser = await openBrowser(t)
  const page = await visit(browser, server)
  const wide = await visit(browser, server, { screen: desktop, language: 'zh' })
  const step = steps(t, page, wide)
  const shots = process.env.SHOTS
  const viewer = page.getByRole('dialog', { name: 'Pictures' })

  await step('a tap shows it over the whole screen, sharp enough to come nearer', async () => {
    await page.goto(`/products/${stall.mackerel.id}`)
    await page.getByRole('button', { name: 'Photo 1' }).tap()
    await viewer.getByText('1 / 2').waitFor()
    await until('the picture is there', () => viewer.locator('img').first().evaluate((i) => i.complete && i.naturalWidth >= 1200))
    if (shots) await page.screenshot({ path: `${shots}/viewer-en-390.png` })
  })

  await step('two fingers make it larger, a swipe shows the next', async () => {
    const cdp = await page.context().newCDPSession(page)
    const touch = (type, ...points) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) })
    const width = () => viewer.locator('img').first().evaluate((i) => i.getBoundingClientRect().width)
    const before = await width()
    await touch('touchStart', [180, 420], [210, 420])
    for (let d = 10; d <= 60; d += 10) await touch('touchMove', [180 - d, 420], [210 + d, 420])
    await touch('touchEnd')
    await until('the picture is larger', async () => (await width()) > before * 1.5)
    await page.getByRole('button', { name: 'Close' }).tap()
    await viewer.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Photo 1' }).tap()
    await viewer.getByText('1 / 2').waitFor()
    await touch('touchStart', [320, 420])
    for (let x = 300; x >= 60; x -= 40) await touch('touchMove', [x, 420])
    await touch('touchEnd')
    await viewer.getByText('2 / 2').waitFor()
  })

  await step("the phone's back button puts it away and stays on the page", async () => {
    await page.goBack()
    await viewer.waitFor({ state: 'detached' })
    assert.equal(new URL(page.url()).pathname, `/products/${stall.mackerel.id}`)
    await page.getByRole('button', { name: /^Buy/ }).waitFor()
  })

  await step('keys turn it and close it, and go on where they were', async () => {
    await wide.goto(`/products/${stall.mackerel.id}`)
    const first = wide.getByRole('button', { name: '照片 1' })
    await first.focus()
    await wide.keyboard.press('Enter')
    const shown = wide.getByRole('dialog', { name: '图片' })
    await shown.getByText('1 / 2').waitFor()
    await wide.keyboard.press('ArrowRight')
    await shown.getByText('2 / 2').waitFor()
    await until('it stands still', () => shown.locator('img').nth(1).evaluate((i) => Math.abs(i.getBoundingClientRect().x) < 1))
    if (shots) await wide.screenshot({ path: `${shots}/viewer-zh-1440.png` })
    await wide.keyboard.press('Tab')
    assert.equal(await shown.getByRole('button', { name: '关闭' }).evaluate((b) => b === document.activeElement), true)
    await wide.keyboard.press('Escape')
    await shown.waitFor({ state: 'detached' })
    assert.equal(await first.evaluate((b) => b === document.activeElement), true)
  })

  for (const p of [page, wide]) p.clean()
})
