// Somebody is blocked: a viewer no longer hears them in a room, and an owner's block keeps them silent there.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Person, openStall, planShow } from './lib/api.mjs'
import { openBrowser, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'

test('a block counts in a live room', { timeout: 200_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  await goLive(t, server, stall, show)
  const [loud, ben, rosa] = [await new Person(server).signIn('Loud'), await new Person(server).signIn('Ben'), await new Person(server).signIn('Rosa')]
  const id = (await loud.get('/v1/session')).person.id
  await ben.put(`/v1/people/${id}/block`)
  const his = await visit(browser, server, { person: ben })
  const hers = await visit(browser, server, { person: rosa })
  const step = steps(t, his, hers)

  await step('one hears what the other does not', async () => {
    const known = his.waitForResponse((r) => r.url().endsWith('/blocked'))
    await his.goto(`/shows/${show.id}`)
    await hers.goto(`/shows/${show.id}`)
    await known
    await loud.post(`/v1/shows/${show.id}/comments`, { text: 'Do not buy here' })
    await rosa.post(`/v1/shows/${show.id}/comments`, { text: 'Is it fresh?' })
    await hers.getByText('Do not buy here').waitFor()
    await hers.getByText('Is it fresh?').waitFor()
    await his.getByText('Is it fresh?').waitFor()
    assert.equal(await his.getByText('Do not buy here').count(), 0)
    await his.reload()
    await his.getByText('Is it fresh?').waitFor()
    await his.getByText('Do not buy here').waitFor({ state: 'detached' })
  })

  await step('one hears no more of somebody by a tap on what they say', async () => {
    await hers.getByRole('button', { name: 'Loud Do not buy here' }).click()
    if (process.env.SHOTS) await hers.screenshot({ path: `${process.env.SHOTS}/speaker.png` })
    await hers.getByRole('button', { name: 'Block Loud' }).click()
    await hers.getByRole('button', { name: 'Loud Do not buy here' }).waitFor({ state: 'detached' })
    await hers.getByText('You hear nothing more of Loud.').waitFor()
    await hers.reload()
    await hers.getByText('Is it fresh?').waitFor()
    await hers.getByText('Do not buy here').waitFor({ state: 'detached' })
    const { items } = await rosa.get('/v1/me/blocked')
    assert.deepEqual(items.map((p) => p.id), [id])
  })

  await step('blocked by the owner, nobody hears them', async () => {
    await stall.owner.put(`/v1/people/${id}/block`)
    const answer = await loud.call('POST', `/v1/shows/${show.id}/comments`, { body: { text: 'Hello?' } })
    assert.equal(answer.body.code, 'chat.muted')
  })

  his.clean()
  hers.clean()
})
