// A person adds a passkey to their account and signs in with it, in a browser with an authenticator of its own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openBrowser, signInHere, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'

/** A platform authenticator that says yes (WebDriver virtual authenticators, WebAuthn Level 3, 11). */
async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  })
  return {
    keys: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    forget: () => cdp.send('WebAuthn.clearCredentials', { authenticatorId }),
  }
}

test('a passkey is made in the account and opens it', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  // WebAuthn knows names, not numbers: an address such as 127.0.0.1 is no relying party.
  const named = { origin: server.origin.replace('127.0.0.1', 'localhost'), document: server.document }
  const page = await visit(browser, named)
  const device = await authenticator(page)
  const step = steps(t, page)
  const button = (name) => page.getByRole('button', { name, exact: true })
  const to = 'rosa@example.org'
  let kept

  await step('adds a passkey after signing in with a code', async () => {
    await page.goto('/sign-in?back=/me/devices')
    await signInHere(page, server, to)
    await button('Add a passkey').tap()
    await page.getByText('since').waitFor()
    const keys = await device.keys()
    assert.equal(keys.length, 1)
    assert.equal(keys[0].rpId, 'localhost')
    assert.ok(keys[0].isResidentCredential, 'it must be found without a name typed')
    kept = keys[0]
  })

  await step('signs out, and in again with the passkey alone', async () => {
    await page.goto('/me')
    await button('Sign out').tap()
    await page.waitForURL(named.origin + '/')
    await page.goto('/sign-in?back=/me')
    await button('Use a passkey').tap()
    await page.getByText(to).waitFor()
    const [now] = await device.keys()
    assert.ok(now.signCount > kept.signCount, 'the key was used')
  })

  await step('the passkey also opens the console', async () => {
    await page.goto('/me')
    await button('Sign out').tap()
    await page.waitForURL(named.origin + '/')
    await page.goto('/console/sign-in')
    await page.getByRole('link', { name: 'Use a passkey' }).tap()
    await page.waitForURL('**/sign-in?back=/console/')
    await button('Use a passkey').tap()
    await page.getByText('You have no shop yet.').waitFor()
  })

  await step('a passkey that was removed opens nothing, and says so', async () => {
    await page.goto('/me/devices')
    await button('Remove').tap()
    await page.getByText('A passkey signs you in').waitFor()
    await page.goto('/me')
    await button('Sign out').tap()
    await page.waitForURL(named.origin + '/')
    page.clean()
    await page.goto('/sign-in')
    await button('Use a passkey').tap()
    await page.getByRole('alert').waitFor()
    await page.goto('/me')
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    const refused = page.faults.splice(0)
    assert.equal(refused.length, 1, refused.join('\n'))
    assert.match(refused[0], /^422 POST .*account.passkey/)
  })

  await step('a device without a passkey says so in words', async () => {
    await device.forget()
    await page.goto('/sign-in')
    await button('Use a passkey').tap()
    await page.getByText('No passkey was used. You can sign in with a code.').waitFor()
  })

  page.clean()
})
