// What is on the market is found by its words, in English and in Chinese.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStall, Person, planShow } from './lib/api.mjs'
import { openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'
import { film, postVideo } from './lib/video.mjs'

test('a search finds goods, shops, videos, shows and people in two languages', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const file = await film(server.data, { seconds: 2 })
  const video = await postVideo(stall, file, { caption: '鲭鱼怎么切片 How we fillet', topics: ['recipe'] })
  await postVideo(stall, file, { caption: 'For friends of mackerel', visibility: 'friends' })
  const show = { ...(await planShow(stall)), title: { en: 'Evening landing', zh: '傍晚到港' } }
  await stall.owner.patch(show.path, { title: show.title, starts_at: new Date(Date.now() + 3_600_000).toISOString() })
  const rosa = await new Person(server).signIn('Rosa')
  await rosa.put('/v1/me/privacy', { likes_visible: 'off', minor: false, findable: true })
  await until('the index has heard of it all', async () => (await rosa.get('/v1/search?q=rosa')).items.length === 1 && (await rosa.get('/v1/search?q=landing')).items.length === 1)
  const page = await visit(browser, server)
  const chinese = await visit(browser, server, { language: 'zh' })
  const step = steps(t, page, chinese)
  const found = (p, name) => p.getByRole('list', { name })
  const names = async (p, list) => (await found(p, list).getByRole('link').locator('b').allInnerTexts()).sort()

  await step('the home page leads to it, and a word finds what bears it', async () => {
    await page.goto('/')
    await page.getByRole('link', { name: 'Search' }).tap()
    const field = page.getByRole('searchbox')
    await field.fill('mack')
    await field.press('Enter')
    await found(page, 'Found').waitFor()
    assert.deepEqual(await names(page, 'Found'), ['Mackerel'])
    await found(page, 'Found').getByRole('link', { name: /Mackerel.*Marlow/ }).tap()
    await page.waitForURL(`**/products/${stall.mackerel.id}`)
    await page.goBack()
    await found(page, 'Found').getByText('Mackerel').waitFor()
  })

  await step('kinds narrow it', async () => {
    await page.getByRole('searchbox').fill('marlow')
    await page.getByRole('button', { name: 'Search', exact: true }).tap()
    await found(page, 'Found').getByText('Evening landing').waitFor()
    await page.getByRole('button', { name: 'Shops', exact: true }).tap()
    await found(page, 'Found').getByText('Shop', { exact: true }).waitFor()
    assert.deepEqual(await names(page, 'Found'), ["Marlow's Fish"])
    await page.getByRole('button', { name: 'People', exact: true }).tap()
    await page.getByText('Nothing was found for “marlow”.').waitFor()
    await page.getByRole('searchbox').fill('ros')
    await page.keyboard.press('Enter')
    await found(page, 'Found').getByRole('link', { name: /Rosa/ }).tap()
    await page.getByRole('heading', { name: 'Rosa' }).waitFor()
  })

  await step('what is no word is an answer too', async () => {
    await page.goto('/search?q=' + encodeURIComponent('" OR * :; \\'))
    await page.getByText('Nothing was found').waitFor()
  })

  await step('one Chinese character finds what has it', async () => {
    await chinese.goto('/search?q=' + encodeURIComponent('鲭'))
    await found(chinese, '搜索结果').waitFor()
    assert.deepEqual(await names(chinese, '搜索结果'), ['鲭鱼', '鲭鱼怎么切片 How we fillet'].sort())
    await chinese.getByRole('searchbox').fill('鲭鱼 fill')
    await chinese.keyboard.press('Enter')
    await until('only the video is left', async () => (await names(chinese, '搜索结果').catch(() => [])).length === 1)
    await found(chinese, '搜索结果').getByRole('link').tap()
    await chinese.waitForURL(`**/videos/${video}`)
  })

  page.clean()
  chinese.clean()
})
