import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const { chromium, devices } = createRequire(new URL('../../../web/package.json', import.meta.url))('playwright-core')

export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, userAgent: devices['Pixel 7'].userAgent }
export const desktop = { viewport: { width: 1440, height: 900 } }

/** Chromium with a camera that is a test picture. It ends with the test. */
export async function openBrowser(t) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', '--autoplay-policy=no-user-gesture-required'],
  })
  t.after(() => browser.close())
  return browser
}

/**
 * A page of one person in a browser of their own. It collects every fault: console errors and warnings, page errors,
 * answers of 400 and above, answers that the document of the API does not describe, and requests to other hosts. `allowed`
 * are the statuses this story provokes, such as 401 for a comment without a name. A page that asks a server which the
 * story has ended is without fault.
 */
export async function visit(browser, server, { person, screen = phone, language = 'en', allowed = [] } = {}) {
  const context = await browser.newContext({ ...screen, locale: language === 'zh' ? 'zh-CN' : 'en-GB', permissions: ['camera', 'microphone'], baseURL: server.origin })
  if (person) await context.addCookies(person.cookies())
  const page = await context.newPage()
  const faults = []
  page.on('pageerror', (e) => faults.push(`page error: ${e.stack ?? e}`))
  page.on('console', (m) => {
    if (!['error', 'warning'].includes(m.type())) return
    const status = /the server responded with a status of (\d+)/.exec(m.text())?.[1]
    if (status) return // told by the response below, with its words
    if (server.wasAway && /net::ERR_(CONNECTION_|EMPTY_RESPONSE|SOCKET_NOT_CONNECTED)/.test(m.text())) return
    faults.push(`console ${m.type()}: ${m.text()} (${m.location().url})`)
  })
  page.on('response', async (r) => {
    const type = r.headers()['content-type'] ?? ''
    if (/json/.test(type)) {
      // A page that has gone takes the bodies of its answers with it.
      const body = await r.json().catch(() => undefined)
      if (body !== undefined) faults.push(...server.document.faults(r.request().method(), new URL(r.url()).pathname, r.status(), type, body))
    }
    if (r.status() < 400 || allowed.includes(r.status())) return
    const at = faults.push(`${r.status()} ${r.request().method()} ${r.url()}`) - 1
    faults[at] += ' ' + (await r.text().catch(() => ''))
  })
  page.on('request', (r) => {
    const { origin, protocol } = new URL(r.url())
    if (origin !== server.origin && !['blob:', 'data:'].includes(protocol)) faults.push(`request to another host: ${r.url()}`)
  })
  page.setDefaultTimeout(30_000)
  return Object.assign(page, { faults, clean: () => assert.deepEqual(faults, [], 'the page had faults') })
}

/** Milliseconds from opening the address until the picture has moved on by itself. */
export async function timeToPicture(page, path) {
  const from = Date.now()
  await page.goto(path, { waitUntil: 'commit' })
  await page.waitForFunction(() => {
    const v = document.querySelector('video')
    if (!v || v.readyState < 2 || v.currentTime === 0) return false
    globalThis.firstSeen ??= v.currentTime
    return v.currentTime > globalThis.firstSeen
  }, undefined, { polling: 20 })
  return Date.now() - from
}

/** Waits until the picture has gone on by `seconds`, and fails, telling what it is doing, when it stands still. */
export async function pictureGoesOn(page, seconds = 0.5) {
  const from = await page.locator('video').first().evaluate((v) => v.currentTime)
  try {
    await page.waitForFunction(({ from, seconds }) => document.querySelector('video').currentTime >= from + seconds, { from, seconds }, { polling: 50 })
  } catch (e) {
    const now = await page.locator('video').first().evaluate((v) => ({ at: v.currentTime, ready: v.readyState, paused: v.paused, buffered: [...Array(v.buffered.length).keys()].map((i) => [v.buffered.start(i), v.buffered.end(i)]) }))
    throw new Error(`the picture stands: from ${from} to ${JSON.stringify(now)}`, { cause: e })
  }
}

/** Signs in with the form that is on the page: a name where one is asked for, an address, the code. */
export async function signInHere(page, server, to, { name } = {}) {
  if (name) await page.getByLabel('Your name').last().fill(name)
  await page.getByLabel('E-mail or phone number').fill(to)
  await page.getByRole('button', { name: 'Send me a code' }).tap()
  await page.getByLabel('Six digits').waitFor()
  // The sixth digit sends the form, so there is no button to press.
  await page.getByLabel('Six digits').fill(await server.code(to))
}
