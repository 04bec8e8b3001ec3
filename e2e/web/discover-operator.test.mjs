// Reports freeze a video of Discover until the operator has looked; what was shown is proved from the log, also after
// the process was killed.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { assertAccessible } from './lib/access.mjs'
import { Person } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { openFair } from './lib/fair.mjs'
import { Server, binary } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

test('the operator looks at what viewers report', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t, ['--operator', 'op@example.org'])
  const browser = await openBrowser(t)
  const [good, bad] = await openFair(server, ['books', 'fish'])
  const operator = await new Person(server).signIn('Omar', 'op@example.org')
  const console_ = await visit(browser, server, { person: operator, screen: desktop })
  const step = steps(t, console_)
  const shown = async (person) => (await person.post('/v1/discover/pages')).items.map((i) => i.video.id)
  const guest = async () => {
    const p = new Person(server)
    await p.get('/v1/session')
    return p
  }

  await step('a tenth of those who saw it report a video, and it rests', async () => {
    const people = []
    for (let i = 0; i < 32; i++) {
      const p = await guest()
      assert.deepEqual((await shown(p)).sort(), [good.video, bad.video].sort())
      people.push(p)
    }
    for (const p of people.slice(0, 4)) await p.call('POST', `/v1/videos/${bad.video}/reports`, { body: { reason: 'copied', words: 'That is my stall' } })
    assert.deepEqual(await shown(await guest()), [good.video])
  })

  await step('the console tells how the floor stands, and the words of the reports', async () => {
    await console_.goto('/console/operator')
    await console_.getByRole('button', { name: 'Discover', exact: true }).click()
    await console_.getByText('Every new video gets its 100 shows.').waitFor()
    // Written within a second.
    await until('the operator is told', async () => (await operator.get('/v1/operator/discover')).stopped.length === 1)
    await console_.reload()
    await console_.getByRole('button', { name: 'Discover', exact: true }).click()
    const row = console_.getByRole('article')
    await row.getByText('frozen by reports').waitFor()
    await row.getByText('Stolen pictures: That is my stall').first().waitFor()
    await assertAccessible(console_, 'Discover in the console')
    await row.getByRole('button', { name: 'Show again' }).click()
    await console_.getByText('Nothing is kept out.').waitFor()
    assert.deepEqual((await shown(await guest())).sort(), [good.video, bad.video].sort())
  })

  await step('the log proves what was shown, and a killed process goes on with it', async () => {
    const seen = await guest()
    await shown(seen)
    const prove = () => promisify(execFile)(binary, ['admin', 'fairness', '--data', server.data])
    await until('the last show is written', async () => / 69 shows to 35 viewers/.test((await prove()).stdout))
    await server.crash()
    await server.up()
    assert.deepEqual(await shown(seen), [], 'nobody is shown a video twice')
    assert.deepEqual((await shown(await guest())).sort(), [good.video, bad.video].sort())
    assert.match((await prove()).stdout, /owed +ok/)
  })

  console_.clean()
})
