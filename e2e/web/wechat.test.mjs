// A stall takes WeChat Pay: it gives its number, the market confirms it, a buyer scans a code on a desktop and pays on a phone.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Person, openStall } from './lib/api.mjs'
import { assertAccessible } from './lib/access.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** WeChat Pay, played by a program of its own; returns its address and the market's settings for it. */
async function fakeWechat(t) {
  const dir = mkdtempSync(join(tmpdir(), 'openstall-wechat-'))
  const program = join(dir, 'fakewechat')
  execFileSync('go', ['build', '-o', program, './internal/testsupport/fakewechat/cmd/fakewechat'], { cwd: repository })
  const child = spawn(program, ['-listen', '127.0.0.1:0', '-dir', dir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((go) => child.once('exit', go))
  t.after(async () => {
    child.kill()
    await ended
    rmSync(dir, { recursive: true, force: true })
  })
  let said = ''
  child.stdout.on('data', (b) => (said += b))
  await until('the settings', () => said.includes('LOGIN_URL='))
  const settings = [...said.matchAll(/^OPENSTALL_(WECHAT_\w+)=(.*)$/gm)].map(([, name, value]) => `--${name.toLowerCase().replaceAll('_', '-')}=${value}`)
  return { origin: /listening on (\S+);/.exec(said)[1], settings }
}

test('a stall takes WeChat Pay', { timeout: 240_000 }, async (t) => {
  const wechat = await fakeWechat(t)
  const server = await Server.start(t, ['--operator', 'op@example.org', '--currency', 'CNY'])
  const stall = await openStall(server)
  const { owner, base, oyster } = stall
  const operator = await new Person(server).signIn('Omar', 'op@example.org')
  const rosa = await new Person(server).signIn('Rosa')
  // A market with a public address shows no codes, so everybody has signed in before.
  await server.stop()
  server.args = [...server.args.filter((a) => a !== '--outbox' && a !== '--test-payment'), '--public-url', server.origin, ...wechat.settings]
  await server.up()
  const browser = await openBrowser(t)
  const desk = await visit(browser, server, { person: owner, screen: desktop, language: 'zh' })
  const market = await visit(browser, server, { person: operator, screen: desktop, language: 'zh' })
  const page = await visit(browser, server, { person: rosa, screen: desktop })
  const shots = process.env.SHOTS
  const shoot = async (p, name) => shots && p.screenshot({ path: join(shots, `${name}.png`), fullPage: true })
  const step = steps(t, desk, market, page)
  const ways = async () => (await rosa.quote(oyster.skus[0].id, 1)).payments.map((p) => p.code)

  await step('the owner gives a number; nobody is offered it yet', async () => {
    await desk.goto(`/console/${stall.shop.id}/settings`)
    const panel = desk.locator('section').filter({ has: desk.getByRole('heading', { name: '微信支付' }) })
    await panel.getByLabel('特约商户号').fill('12')
    await panel.getByRole('button', { name: '保存' }).click()
    await desk.getByText(/8 到 10 位|8 至 10 位/).waitFor()
    await panel.getByLabel('特约商户号').fill('1900000109')
    await panel.getByRole('button', { name: '保存' }).click()
    await panel.getByText('待确认').waitFor()
    await assertAccessible(desk, 'the number of a shop')
    await shoot(desk, 'wechat-number')
    assert.ok(!(await ways()).includes('wechat'))
  })

  await step('the market confirms it', async () => {
    await market.goto('/console/operator?tab=shops')
    await market.getByText('1900000109').waitFor()
    await market.getByRole('button', { name: '确认阿珍水产的商户号' }).click()
    await market.getByRole('region', { name: '微信支付商户号' }).getByText('已确认').waitFor()
    await assertAccessible(market, 'the numbers of shops')
    await shoot(market, 'wechat-shops')
    assert.ok((await ways()).includes('wechat'))
  })

  await step('a buyer scans the code and pays', async () => {
    await page.goto(`/products/${oyster.id}`)
    await page.getByRole('button', { name: 'Buy' }).first().click()
    await page.getByRole('radio', { name: /WeChat Pay/ }).check()
    for (const box of await page.getByRole('checkbox').all()) await box.check()
    await page.getByRole('button', { name: 'Place order' }).click()
    await page.waitForURL('**/pay/wechat/**')
    await page.getByRole('img').waitFor()
    await shoot(page, 'wechat-code')
    const [number] = /\d+(?= NATIVE)|(?<=value=")[^"]+/.exec(await (await fetch(wechat.origin)).text())
    assert.match(await (await fetch(wechat.origin, { method: 'POST', body: new URLSearchParams({ number }) })).text(), /<p>paid</)
    await page.waitForURL('**/orders/ord_*')
    await until('the order is paid', async () => (await rosa.get(`/v1/orders/${new URL(page.url()).pathname.split('/').at(-1)}`)).pay_state === 'paid')
    await shoot(page, 'wechat-paid')
  })

  await step('the books agree, and nobody saw an error', async () => {
    const id = new URL(page.url()).pathname.split('/').at(-1)
    assert.equal((await rosa.get(`/v1/orders/${id}`)).pay_state, 'paid')
    assert.doesNotMatch(await server.check(), /BROKEN/)
    market.clean()
    page.clean()
  })
})
