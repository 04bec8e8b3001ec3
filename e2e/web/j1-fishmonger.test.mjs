// A fishmonger who has never sold online goes live from a phone, by the screen alone.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { Person } from './lib/api.mjs'
import { openBrowser, pictureGoesOn, signInHere, timeToPicture, visit } from './lib/browser.mjs'
import { hasPicture } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until, within } from './lib/until.mjs'

test('a fishmonger goes live from a phone for the first time', { timeout: 240_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const host = await visit(browser, server, { allowed: [409] })
  const viewer = await visit(browser, server, { allowed: [404] })
  const step = steps(t, host, viewer)
  const photo = join(server.data, 'crab.jpg')
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=1200x900', '-frames:v', '1', photo])
  const button = (name, exact = true) => host.getByRole('button', { name, exact })
  const fill = (label, text) => host.getByLabel(label).fill(text)
  const shop = () => new URL(host.url()).pathname.split('/')[2]
  let show = ''

  await step('signs in with a code and opens a shop for fish', async () => {
    await host.goto('/sell')
    await signInHere(host, server, 'nell@example.org')
    await host.getByRole('heading', { name: 'What do you sell?' }).waitFor()
    await host.getByRole('radio', { name: 'Fish' }).tap()
    await button('Go on with Fish').tap()
    await fill('Name of the shop', "Marlow's Fish")
    await fill('Stall number', '12')
    await fill('Your name or firm', 'Nell Marlow Fishmonger')
    await fill('How buyers reach you', 'nell@example.org')
    await button('Open the shop').tap()
    await host.getByRole('heading', { name: 'Your first goods' }).waitFor()
  })

  await step('puts mackerel on the counter with what the trade asks for', async () => {
    await host.getByLabel('Photo').setInputFiles(photo)
    await host.getByLabel('Name', { exact: true }).fill('Mackerel')
    await fill('Price for 1 kg', '12.50')
    await fill('Kilograms for sale', '40')
    await fill('Species', 'Scomber scombrus')
    await host.getByLabel('Caught or farmed').selectOption('wild')
    await fill('Origin', 'North Sea')
    await button('Put it on the counter').tap()
    await host.getByText('The fields with a red edge are missing').waitFor()
    await fill('Allergens', 'fish')
    await button('Put it on the counter').tap()
    await button('Go on').tap()
    await host.getByRole('heading', { name: 'When can people collect?' }).waitFor()
    await button('Done').tap()
    await host.getByRole('heading', { name: "Marlow's Fish" }).waitFor()
  })

  await step('takes goods off the counter and puts them back', async () => {
    await host.getByRole('navigation', { name: 'My shop' }).getByRole('link', { name: 'Goods' }).tap()
    await button('Mackerel', false).tap()
    await button('Take off the counter').tap()
    await host.getByText('hidden', { exact: true }).waitFor()
    await button('Mackerel', false).tap()
    await button('Put back on the counter').tap()
    await host.getByText('hidden', { exact: true }).waitFor({ state: 'detached' })
  })

  await step('plans a show and fills its bag', async () => {
    await host.goto(`/sell/${shop()}/shows`)
    await button('Plan a show').tap()
    await fill('Title', 'Evening landing')
    await fill('Who is on air', 'Nell')
    await host.getByLabel('Start when I am ready').check()
    await button('Make the show').tap()
    await host.waitForURL('**/shows/shw_*')
    show = new URL(host.url()).pathname.split('/').at(-1)
    await host.getByText('Mackerel').tap()
    await host.getByRole('checkbox', { name: /Mackerel/ }).isChecked()
    await host.getByRole('link', { name: 'To the camera' }).tap()
  })

  await step('practises with the camera and nobody else sees it', async () => {
    await button('Practice').tap()
    await host.getByText('Practice: only you see this').waitFor()
    await host.getByText('Line good').waitFor()
    const outsider = new Person(server)
    await until('the practice is a stream', async () => (await fetchAs(host, `/live/practice-${show}/index.m3u8`)) === 200)
    for (const path of [`/live/practice-${show}/index.m3u8`, `/live/practice-${show}/media.m3u8`, `/live/${show}/index.m3u8`]) {
      const { status } = await outsider.call('GET', path)
      assert.ok([403, 404].includes(status), `${path} answered ${status}`)
    }
    await viewer.goto(`/shows/${show}`)
    await viewer.getByText('There is nothing at this address.').waitFor()
    assert.equal(await viewer.locator('video').count(), 0, 'no picture for outsiders')
  })

  await step('goes live, and a second browser has the picture within 3 s', async (t) => {
    await button('Go live').tap()
    await host.getByText(/On air/).waitFor()
    await hasPicture(server, { id: show })
    await within(t, 'picture', 3000, () => timeToPicture(viewer, `/shows/${show}`))
    await viewer.getByRole('button', { name: 'Sold by Nell Marlow Fishmonger' }).waitFor()
  })

  await step('lists a crab in less than 15 s and explains it', async (t) => {
    const from = Date.now()
    await button('Quick listing').tap()
    await host.getByLabel('Photo').setInputFiles(photo)
    await host.getByLabel('Name', { exact: true }).fill('Crab')
    await host.getByLabel('By piece').check()
    await fill('Price, EUR', '9')
    await fill('Pieces for sale', '5')
    await button('Put on the counter').tap()
    await host.getByText('Listed as no. 2').waitFor()
    const ms = Date.now() - from
    t.diagnostic(`listed after ${ms} ms`)
    assert.ok(ms < 15_000)
    await button('Pin').tap()
    await viewer.getByRole('region', { name: 'On the counter: Crab' }).waitFor()
    await button('Explain').tap()
    await viewer.getByText('Explaining now').waitFor()
    await host.getByRole('timer').getByText('No. 2, explaining').waitFor()
    await pictureGoesOn(viewer, 2)
    await button('Stop explaining').tap()
    await viewer.getByText('Explaining now').waitFor({ state: 'detached' })
  })

  let code = ''
  await step('a viewer reserves a crab and pays at the stall', async () => {
    await viewer.getByRole('region', { name: 'On the counter: Crab' }).getByRole('button', { name: 'Buy' }).tap()
    await viewer.getByRole('radio', { name: /Cash or card/ }).check()
    await viewer.getByLabel('Your name').fill('Rosa')
    await viewer.getByRole('checkbox', { name: /no return/ }).check()
    await viewer.getByRole('button', { name: 'Place order' }).tap()
    await signInHere(viewer, server, 'rosa@example.org')
    await viewer.getByText('Your order is placed').waitFor()
    await pictureGoesOn(viewer)
    await host.getByText('reserved no. 2').waitFor()
    await viewer.getByRole('button', { name: 'See the order' }).tap()
    code = await viewer.getByText('Say this').locator('xpath=following-sibling::b').innerText()
  })

  await step('ends, and the report tells what to pack', async () => {
    await button('End show').tap()
    await host.getByText('The show ends for everybody').waitFor()
    await button('End show').last().tap()
    await host.waitForURL('**/report')
    await host.getByRole('heading', { name: 'To pack' }).waitFor()
    await host.getByText('Crab').first().waitFor()
    await host.getByRole('heading', { name: 'Explained' }).waitFor()
  })

  await step('the replay has one chapter for what was explained, and says who sells', async () => {
    await until('the replay', async () => (await new Person(server).get(`/v1/shows/${show}`)).media.replay, 30_000, 250)
    await viewer.goto(`/shows/${show}`)
    await viewer.getByRole('button', { name: 'Sold by Nell Marlow Fishmonger' }).waitFor()
    const chapters = viewer.getByRole('navigation', { name: 'Chapters' }).getByRole('button')
    await chapters.first().waitFor()
    assert.equal(await chapters.count(), 1)
    await pictureGoesOn(viewer)
  })

  await step('hands the order over once', async () => {
    await host.goto(`/sell/${shop()}/hand-over`)
    for (const said of ['handed over', 'This order was handed over before.']) {
      await fill('Code the buyer says', code)
      await button('Hand over').tap()
      await host.getByText(said).waitFor()
    }
  })

  host.clean()
  viewer.clean()
  assert.doesNotMatch(await server.check(), /BROKEN/)
})

const fetchAs = (page, path) => page.evaluate(async (path) => (await fetch(path)).status, path)
