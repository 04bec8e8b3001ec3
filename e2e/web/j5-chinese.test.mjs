// The same purchase by somebody who reads Chinese: every word of the app's own is Chinese.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStall, planShow } from './lib/api.mjs'
import { openBrowser, visit } from './lib/browser.mjs'
import { goLive } from './lib/live.mjs'
import { Server } from './lib/server.mjs'

// What people typed in, and words that stay as they are.
const names = /Nell Marlow Fishmonger|nell@example\.org|mei@example\.org|Nell|Openstall|Scomber scombrus|North Sea|OPN|EUR|Hall 2|\bkg\b|\bfish\b/g

/** Fails on words in Latin letters that nobody typed. */
async function chinese(page, where, also = '') {
  const words = await page.evaluate(() => [document.body.innerText, ...[...document.querySelectorAll('[aria-label],[placeholder],[title]')].map((e) => [e.ariaLabel, e.getAttribute('placeholder'), e.getAttribute('title')].join(' '))].join('\n'))
  assert.deepEqual(words.replace(names, '').replaceAll(also, '').match(/[A-Za-z]{3,}/g) ?? [], [], `English words ${where}`)
}

test('a purchase in Chinese has no English words', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t, ['--name-zh', '集市'])
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const show = await planShow(stall)
  await goLive(t, server, stall, show)
  await stall.owner.post(`${show.path}/pin`, { number: 2 })
  const page = await visit(browser, server, { language: 'zh' })

  await page.goto(`/shows/${show.id}`)
  const card = page.getByRole('region', { name: '正在展示：生蚝' })
  await card.waitFor()
  await chinese(page, 'in the room')
  await card.getByRole('button', { name: '购买' }).tap()
  await page.getByRole('radio', { name: /测试支付/ }).check()
  await page.getByLabel('你的名字').fill('小梅')
  await page.getByRole('checkbox').first().check()
  await chinese(page, 'in the checkout')
  await page.getByRole('button', { name: '下单', exact: true }).tap()
  await page.getByLabel('邮箱或手机号').fill('mei@example.org')
  await page.getByRole('button', { name: '发送验证码' }).tap()
  await page.getByLabel('六位验证码').fill(await server.code('mei@example.org'))
  await page.waitForURL('**/pay/test/**')
  await chinese(page, 'at the bank')
  await page.getByRole('button', { name: '付款', exact: true }).tap()
  await page.getByText('已付').waitFor()
  const { fulfilment } = await (await page.request.get(`/v1${new URL(page.url()).pathname}`)).json()
  await chinese(page, 'on the order', fulfilment.code)
  page.clean()
})
