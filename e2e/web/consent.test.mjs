// A buyer lets a shop write, and takes it back: in the account, and by the link in a letter.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Person, openStall } from './lib/api.mjs'
import { openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/until.mjs'

test('messages from a shop end with one tap', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const { owner, base, oyster } = stall
  const rosa = await new Person(server).signIn('Rosa')
  const agree = async () => {
    const quote = await rosa.quote(oyster.skus[0].id, 1)
    const { consents, ...order } = rosa.orderOf(quote, 'pickup')
    await rosa.write('/v1/orders', { ...order, consents: [...consents, 'marketing'] })
    await until('the shop may write', async () => (await owner.get(`${base}/contacts`)).items[0]?.consent.marketing)
  }
  const consent = async () => (await owner.get(`${base}/contacts`)).items[0].consent

  await agree()
  const page = await visit(browser, server, { person: rosa })
  await page.goto('/me')
  await page.getByRole('link', { name: 'Messages from shops' }).tap()
  await page.getByRole('link', { name: "Marlow's Fish" }).waitFor()
  await page.getByRole('button', { name: "No messages from Marlow's Fish" }).tap()
  await page.getByText('No shop may write to you about anything but your orders.').waitFor()
  assert.equal((await consent()).marketing, false)

  await agree()
  const csv = await owner.get(`${base}/contacts.csv`)
  const link = /\/stop-shop\/\S+/.exec(csv)?.[0]
  assert.ok(link, csv)
  const stranger = await visit(browser, server, { allowed: [404] })
  await stranger.goto(link)
  await stranger.getByText("Stop these messages: Marlow's Fish, all but your orders").waitFor()
  assert.equal((await consent()).marketing, true, 'looking at the link stops nothing: mail programs do')
  await stranger.getByRole('button', { name: 'No messages' }).tap()
  await stranger.getByText("Done. You get no more of these: Marlow's Fish, all but your orders").waitFor()
  assert.equal((await consent()).marketing, false)
  await stranger.goto(`${link}x`)
  await stranger.getByText('There is nothing at this address.').waitFor()

  const { id } = (await owner.get(`${base}/contacts`)).items[0]
  const log = (await owner.get(`${base}/contacts/${id}/consents`)).items
  assert.deepEqual(log.map((e) => `${e.way} ${e.marketing}`), ['order true', 'account false', 'order true', 'link false'])
  page.clean()
  stranger.clean()
})
