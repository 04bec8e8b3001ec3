// A stallholder records a video in the browser.
import { test } from 'node:test'
import { openStall } from './lib/api.mjs'
import { openBrowser, pictureGoesOn, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'

test('a video is recorded in the browser', { timeout: 240_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const phone = await visit(browser, server, { person: stall.owner })
  const step = steps(t, phone)

  await step('the camera opens on the page, and what it sees is kept', async () => {
    await phone.goto(`/sell/${stall.shop.id}/videos/new`)
    await phone.getByRole('button', { name: 'Record a video' }).tap()
    await phone.getByRole('button', { name: 'Start recording' }).tap()
    await phone.getByRole('timer').getByText('0:03').waitFor()
    await phone.getByRole('button', { name: 'Stop recording' }).tap()
    await phone.getByRole('region', { name: 'Upload' }).getByText('Arrived').waitFor()
  })

  await step('as a draft it is the shop’s alone', async () => {
    await phone.getByRole('button', { name: 'Keep as draft' }).tap()
    await phone.waitForURL('**/videos/vid_*')
    await phone.getByText('Draft', { exact: true }).waitFor({ timeout: 120_000 })
  })

  await step('planned and withdrawn, it is a draft again', async () => {
    await phone.getByRole('button', { name: 'Plan', exact: true }).tap()
    await phone.getByRole('dialog').getByRole('button', { name: 'Plan', exact: true }).tap()
    await phone.getByText(/^Shown \d/).waitFor()
    await phone.getByRole('button', { name: 'Withdraw' }).tap()
    await phone.getByText('Draft', { exact: true }).waitFor()
  })

  await step('the shop watches it before anybody else', async () => {
    await phone.getByRole('link', { name: 'As viewers see it' }).tap()
    await pictureGoesOn(phone)
  })

  phone.clean()
})
