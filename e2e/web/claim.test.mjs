// "Comment 7 to take this piece": the first has it, the second waits, gets it when the first lets go, and orders it.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertAccessible } from './lib/access.mjs'
import { Person, openStall } from './lib/api.mjs'
import { desktop, openBrowser, visit } from './lib/browser.mjs'
import { hasPicture } from './lib/live.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'

test('a piece goes to who writes the keyword first, then to who waits', { timeout: 120_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const { owner, shop, base, mackerel, oyster } = await openStall(server)
  const show = await owner.post(`${base}/shows`, { title: { en: 'Evening landing', zh: '傍晚到港' }, host_name: 'Nell' })
  const path = `${base}/shows/${show.id}`
  await owner.put(`${path}/bag`, { items: [{ number: 1, product: mackerel.id }, { number: 7, product: oyster.id }] })
  const rosa = await new Person(server).signIn('Rosa')
  const ben = await new Person(server).signIn('Ben')
  const host = await visit(browser, server, { person: owner })
  const one = await visit(browser, server, { person: rosa })
  const two = await visit(browser, server, { person: ben, language: 'zh' })
  const guest = await visit(browser, server, { allowed: [401] })
  const desk = await visit(browser, server, { person: owner, screen: desktop, language: 'zh' })
  const step = steps(t, host, one, two, guest, desk)
  const shots = process.env.SHOTS
  const shoot = async (p, name) => shots && p.screenshot({ path: join(shots, `claim-${name}.png`) })
  const box = (page, name = 'Claim by comment') => page.getByRole('region', { name })
  const write = async (page, label, words) => {
    await page.getByRole('textbox', { name: label }).fill(words)
    await page.keyboard.press('Enter')
  }

  await step('the host opens it from the goods with two taps', async () => {
    await host.goto(`/sell/${shop.id}/shows/${show.id}/host`)
    await host.getByRole('button', { name: 'Go live' }).tap()
    await hasPicture(server, show)
    await host.getByRole('button', { name: 'No. 1, Mackerel' }).tap()
    assert.equal(await host.getByRole('button', { name: 'Claim by comment' }).count(), 0, 'what is weighed has no pieces')
    await host.getByRole('button', { name: 'No. 7, Oyster' }).tap()
    await host.getByRole('button', { name: 'Claim by comment' }).tap()
    const sheet = host.getByRole('dialog', { name: 'Claim by comment' })
    assert.equal(await sheet.getByLabel('Comment').inputValue(), '7', 'the number in the bag')
    await assertAccessible(host, 'the form of a claim')
    await shoot(host, 'form-en')
    await sheet.getByRole('button', { name: 'Open', exact: true }).tap()
    await sheet.getByText('“7” is open').waitFor()
    await sheet.getByText('Nobody has written it yet').waitFor()
  })

  await step('the room says what to write, also to guests, who need a name', async () => {
    await Promise.all([one, two, guest].map((p) => p.goto(`/shows/${show.id}`)))
    await box(one).getByText('Write “7” to have it, 1 left').waitFor()
    await box(two, '评论扣号').getByText('评论“7”即可扣下，还剩 1 件').waitFor()
    await box(guest).getByRole('button', { name: 'Write “7” in the chat' }).tap()
    await guest.getByRole('dialog', { name: 'Sign in to claim' }).waitFor()
    await shoot(two, 'room-zh')
  })

  await step('the first has it for ten minutes, the second waits', async () => {
    await write(one, 'Ask the stall…', ' ７ ')
    await box(one).getByText(/^Yours until \d\d:\d\d$/).waitFor()
    await box(one).getByText('€3.00 now').waitFor()
    await box(two, '评论扣号').getByText('已被扣完，评论“7”排候补。').waitFor()
    await box(two, '评论扣号').getByRole('button', { name: '在评论里发“7”' }).tap()
    await box(two, '评论扣号').getByText('候补第 1 位').waitFor()
    await assertAccessible(one, 'a held claim')
    await shoot(one, 'held-en')
    await shoot(two, 'waiting-zh')
    const sheet = host.getByRole('dialog', { name: 'Claim by comment' })
    await sheet.getByRole('list', { name: 'Who wrote it' }).getByText('Rosa').waitFor()
    await sheet.getByText('1 in all: 1 held, 0 ordered, 1 waiting').waitFor()
    await shoot(host, 'list-en')
  })

  await step('the first lets it go, and the second orders it', async () => {
    await box(one).getByRole('button', { name: 'Let go of Oyster' }).tap()
    await box(two, '评论扣号').getByText(/^为你保留到 \d\d:\d\d$/).waitFor()
    await shoot(two, 'turn-zh')
    await box(two, '评论扣号').getByRole('button', { name: '立即下单' }).tap()
    await two.getByRole('checkbox').first().check()
    await two.getByRole('radio', { name: /到摊付款/ }).check()
    await two.getByRole('button', { name: '下单', exact: true }).tap()
    await two.getByRole('button', { name: '查看订单' }).waitFor()
    await shoot(two, 'ordered-zh')
    const calls = (await owner.get(`${path}/claim-calls`)).items
    assert.deepEqual(calls[0].claims.map((k) => [k.name, k.state]), [['Rosa', 'released'], ['Ben', 'ordered']])
    const [mine] = (await ben.get('/v1/orders')).items
    assert.equal(mine.id, calls[0].claims[1].order)
  })

  await step('the notice leads to the claim, and the desk sees it too', async () => {
    await Promise.all([two.goto('/me/notices'), desk.goto(`/console/${shop.id}/air/${show.id}`)])
    await two.getByText(/为你保留到/).first().tap()
    await two.waitForURL('**/claims/*')
    await two.getByText('已下单').waitFor()
    await assertAccessible(two, 'a claim by itself')
    await shoot(two, 'page-zh')
    await desk.getByRole('row', { name: /生蚝/ }).getByRole('button', { name: '扣号' }).click()
    const sheet = desk.getByRole('dialog', { name: '评论扣号' })
    await sheet.getByText('共 1 件：锁定 0，已下单 1，候补 0').waitFor()
    await assertAccessible(desk, 'the claims at the desk')
    await shoot(desk, 'desk-zh')
    await sheet.getByRole('button', { name: '结束扣号' }).click()
    await sheet.getByRole('button', { name: '开始扣号' }).waitFor()
    await box(one).waitFor({ state: 'detached' })
  })

  for (const p of [host, one, two, guest, desk]) p.clean()
})
