// A stall takes its goods out as a table, changes them in a spreadsheet and takes them in again.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertAccessible } from './lib/access.mjs'
import { openStall } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'

test('goods go out as a table and come back', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const { owner, base, shop, oyster, mackerel } = await openStall(server)
  const desk = await visit(browser, server, { person: owner, screen: desktop, language: 'zh', allowed: [422] })
  const shoot = async (name) => process.env.SHOTS && desk.screenshot({ path: join(process.env.SHOTS, `${name}.png`) })
  const step = steps(t, desk)
  const file = (text) => ({ name: 'goods.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
  const drawer = desk.getByRole('dialog')
  let table = ''

  await step('the table has every variant, under Chinese headings', async () => {
    await desk.goto(`/console/${shop.id}/goods`)
    await desk.getByRole('button', { name: '表格' }).click()
    const [download] = await Promise.all([desk.waitForEvent('download'), drawer.getByRole('link', { name: '下载商品表' }).click()])
    table = readFileSync(await download.path(), 'utf8')
    assert.match(table, /^\uFEFF商品编号,规格编号,名称（英文）/)
    assert.ok(table.includes(oyster.skus[0].id) && table.includes(mackerel.skus[0].id))
    await assertAccessible(desk, 'goods as a table')
  })

  await step('the same table changes nothing', async () => {
    await drawer.locator('input[type=file]').setInputFiles(file(table))
    await drawer.getByText('内容与现在相同，无需改动。').waitFor()
  })

  await step('what does not fit is named by its line, and nothing is changed', async () => {
    await drawer.locator('input[type=file]').setInputFiles(file(`名称（英文）,价格,库存\nCrab,7.50,3\nShrimp,cheap,\n`))
    await drawer.getByText('没有任何改动。有 1 行不合要求：').waitFor()
    await drawer.getByText('第 3 行，价格').waitFor()
    await shoot('goods-file-faults')
    assert.equal((await owner.get(`${base}/products`)).items.length, 2)
    await drawer.locator('input[type=file]').setInputFiles({ name: 'goods.csv', mimeType: 'text/csv', buffer: Buffer.from([0x50, 0x4b, 3, 4, 0xff]) })
    await desk.getByText('请在表格软件里另存为“CSV UTF-8”').waitFor()
  })

  await step('a look, a tap, and the goods are there with their stock', async () => {
    await drawer.locator('input[type=file]').setInputFiles(file(`规格编号,价格,库存,名称（英文）,名称（中文）,计量\n${oyster.skus[0].id},"1,80",12,,,\n,7.50,3,Crab,螃蟹,件\n`))
    await drawer.getByRole('button', { name: '导入' }).waitFor()
    assert.deepEqual(await drawer.locator('dd').allTextContents(), ['1', '1', '2', '0'])
    await shoot('goods-file')
    await drawer.getByRole('button', { name: '导入' }).click()
    await desk.getByText('螃蟹').waitFor()
    const all = (await owner.get(`${base}/products`)).items
    const now = all.find((p) => p.id === oyster.id).skus[0]
    assert.equal(now.price.amount.minor, 180)
    const stock = (await owner.get(`${base}/stock`)).items
    assert.equal(stock.find((s) => s.sku === oyster.skus[0].id).on_hand, 12)
    const crab = all.find((p) => p.title.en === 'Crab')
    assert.equal(crab.state, 'draft')
    assert.equal(stock.find((s) => s.sku === crab.skus[0].id).on_hand, 3)
  })

  desk.clean()
})
