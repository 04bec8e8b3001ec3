// A shopper lets this browser receive messages; one that arrives is shown, and opens the page it is about.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Person } from './lib/api.mjs'
import { openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('messages reach a browser that asked for them', { timeout: 90_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const rosa = await new Person(server).signIn('Rosa')
  const page = await visit(browser, server, { person: rosa })
  const step = steps(t, page)
  await page.context().grantPermissions(['notifications'], { origin: server.origin })
  const here = page.getByRole('switch', { name: /Messages on this device/ })

  // Chromium from Debian has no push service to register with. The service's part alone is stood in for: a subscription
  // with real keys. What is sent to such keys is tested beside the sender, which also refuses addresses like this machine's.
  await page.addInitScript(() => {
    let made = null
    const make = async (options) => {
      if (!options.userVisibleOnly || options.applicationServerKey.length !== 65) throw new Error('not a VAPID key')
      const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])
      const text = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
      const keys = { p256dh: text(await crypto.subtle.exportKey('raw', pair.publicKey)), auth: text(crypto.getRandomValues(new Uint8Array(16))) }
      const endpoint = 'https://push.example.org/send/' + text(crypto.getRandomValues(new Uint8Array(12)))
      return (made = { endpoint, toJSON: () => ({ endpoint, keys, expirationTime: null }), unsubscribe: async () => ((made = null), true) })
    }
    PushManager.prototype.subscribe = make
    PushManager.prototype.getSubscription = async () => made
  })

  await step('nothing comes to a browser that was not asked', async () => {
    await page.goto('/me/preferences')
    await here.waitFor()
    assert.equal(await here.isChecked(), false)
  })

  await step('the switch asks the browser and tells the server', async () => {
    const told = page.waitForRequest((r) => r.method() === 'PUT' && r.url().endsWith('/v1/me/push'))
    await here.tap()
    assert.equal((await (await told).response()).status(), 204)
    await until('the switch is on', () => here.isChecked())
  })

  await step('a message is shown with its words, and one about the same thing replaces it', async () => {
    const cdp = await page.context().newCDPSession(page)
    const registrations = new Map()
    cdp.on('ServiceWorker.workerRegistrationUpdated', (e) => e.registrations.forEach((r) => registrations.set(r.scopeURL, r.registrationId)))
    await cdp.send('ServiceWorker.enable')
    const registrationId = await until('the worker is known', () => registrations.get(server.origin + '/'))
    // What comes while the worker still starts is dropped, here as at a push service that delivers once.
    await page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready
      if (active.state !== 'activated') await new Promise((go) => active.addEventListener('statechange', () => active.state === 'activated' && go()))
    })
    const deliver = (notice) => cdp.send('ServiceWorker.deliverPushMessage', { origin: server.origin + '/', registrationId, data: JSON.stringify(notice) })
    const arrives = (what, notice, ask) => until(what, async () => (await deliver(notice), await ask()), 10_000, 500)
    const shown = () => page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((n) => [n.title, n.body, n.data.url]))
    await arrives('the message is shown', { title: 'Order A-1001', body: 'Packed. You can collect it.', url: '/orders/ord_1' }, async () => (await shown()).length === 1)
    assert.deepEqual(await shown(), [['Order A-1001', 'Packed. You can collect it.', '/orders/ord_1']])
    await arrives('the newer one stands in its place', { title: 'Order A-1001', body: 'Handed over. Enjoy.', url: '/orders/ord_1' }, async () => (await shown())[0]?.[1] === 'Handed over. Enjoy.')
    assert.equal((await shown()).length, 1)
  })

  await step('the switch ends it at the server too', async () => {
    const told = page.waitForRequest((r) => r.method() === 'DELETE' && r.url().includes('/v1/me/push?endpoint='))
    await here.tap()
    assert.equal((await (await told).response()).status(), 204)
    await until('the switch is off', async () => !(await here.isChecked()))
  })

  page.clean()
})
