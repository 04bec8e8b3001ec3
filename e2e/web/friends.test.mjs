// Two people become friends; what one likes reaches the other, after a yes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStall, Person } from './lib/api.mjs'
import { openBrowser, visit } from './lib/browser.mjs'
import { Server } from './lib/server.mjs'
import { steps } from './lib/story.mjs'
import { until } from './lib/until.mjs'
import { film, postVideo } from './lib/video.mjs'

test('a like reaches a friend, and only by consent', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const file = await film(server.data, { seconds: 2 })
  const video = await postVideo(stall, file, { caption: 'How we fillet a mackerel', language: 'en', topics: ['fish'], place: 'Hamburg' })
  const rosa = await new Person(server).signIn('Rosa')
  const ben = await new Person(server).signIn('Ben')
  const idOf = async (p) => (await p.get('/v1/session')).person.id
  const hers = await visit(browser, server, { person: rosa })
  const his = await visit(browser, server, { person: ben })
  const step = steps(t, hers, his)
  const like = () => hers.getByRole('button', { name: 'Like', exact: true })

  await step('her page has a code, and he finds her by it', async () => {
    await hers.goto('/me')
    await hers.getByRole('link', { name: 'Friends' }).tap()
    await hers.getByRole('img', { name: 'QR code of your page' }).waitFor()
    await his.goto(`/people/${await idOf(rosa)}`)
    await his.getByRole('heading', { name: 'Rosa' }).waitFor()
    await his.getByRole('button', { name: 'Follow', exact: true }).tap()
    await his.getByText('When they follow back you are friends.').waitFor()
  })

  await step('she follows back, and they are friends', async () => {
    await hers.goto(`/people/${await idOf(ben)}`)
    await hers.getByText('Follows you.').waitFor()
    await hers.getByRole('button', { name: 'Follow', exact: true }).tap()
    await hers.getByText('You are friends.').waitFor()
  })

  await step('without consent her like stays hers', async () => {
    await hers.goto(`/videos/${video}`)
    await like().tap()
    await hers.getByRole('heading', { name: 'May friends see what you like?' }).waitFor()
    await hers.getByRole('button', { name: 'No, keep it to myself' }).tap()
    await hers.getByRole('heading', { name: 'May friends see what you like?' }).waitFor({ state: 'detached' })
    await his.goto('/?tab=friends')
    await his.getByText('Nothing yet.').waitFor()
  })

  await step('the question is asked once', async () => {
    await hers.reload()
    await hers.getByRole('button', { name: 'Like', pressed: true }).tap()
    await hers.getByRole('button', { name: 'Like', pressed: false }).tap()
    await hers.getByRole('button', { name: 'Like', pressed: true }).waitFor()
    assert.equal(await hers.getByRole('heading', { name: 'May friends see what you like?' }).count(), 0)
  })

  await step('with consent it comes to him', async () => {
    await hers.goto('/me/privacy')
    await hers.getByRole('switch', { name: /Friends see what I like/ }).tap()
    await hers.getByRole('switch', { name: /Friends see what I like/, checked: true }).waitFor()
    await his.getByRole('link', { name: 'Following', exact: true }).tap()
    await his.getByRole('link', { name: 'Friends', exact: true }).tap()
    await his.getByText('Rosa liked this').waitFor()
    assert.equal(await his.locator('video').count(), 0, 'nothing plays by itself')
    await his.getByRole('link', { name: 'Watch: How we fillet a mackerel' }).tap()
    await his.waitForURL(`**/videos/${video}`)
  })

  await step('he keeps it, and finds it by topic and by place', async () => {
    await his.getByRole('button', { name: 'Keep' }).tap()
    await his.getByRole('button', { name: 'Keep', pressed: true }).waitFor()
    await his.getByRole('link', { name: '#fish' }).tap()
    await his.getByRole('heading', { name: '#fish' }).waitFor()
    await his.getByRole('article', { name: 'How we fillet a mackerel' }).waitFor()
    await his.goto('/me/favourites')
    await his.getByRole('article', { name: 'How we fillet a mackerel' }).waitFor()
    await his.goto('/?tab=nearby')
    await his.getByRole('button', { name: 'Hamburg' }).tap()
    await his.getByRole('article', { name: 'How we fillet a mackerel' }).waitFor()
  })

  await step('somebody under 18 is seen by nobody', async () => {
    await hers.getByRole('switch', { name: /I am under 18/ }).tap()
    await hers.getByRole('switch', { name: /Friends see what I like/, checked: false, disabled: true }).waitFor()
    await hers.goto('/discover/settings')
    await hers.getByRole('slider', { disabled: true }).waitFor() // no taste for the young
    await hers.getByRole('link', { name: /You are under 18/ }).tap()
    await hers.waitForURL('**/me/privacy')
    await his.goto('/?tab=friends')
    await his.getByText('Nothing yet.').waitFor()
  })

  await step('the shops he follows come to him by turns', async () => {
    await his.goto('/')
    await his.getByText('Follow shops, and their videos').waitFor()
    await ben.put(`/v1/shops/${stall.shop.id}/follow`)
    await his.reload()
    const card = his.getByRole('region', { name: 'Following' }).getByRole('article', { name: 'How we fillet a mackerel' })
    await card.getByRole('button', { name: 'More: How we fillet a mackerel' }).tap()
    await his.getByRole('dialog').getByRole('button', { name: /^Report/ }).tap()
    await his.getByRole('radio', { name: 'Stolen pictures' }).check()
    await his.getByRole('button', { name: 'Send', exact: true }).tap()
    await card.waitFor({ state: 'detached' })
  })

  await step('whoever says something can be blocked, and is not heard any more', async () => {
    await rosa.post(`/v1/videos/${video}/comments`, { text: 'Do not buy here' })
    await ben.post(`/v1/videos/${video}/comments`, { text: 'Why not?' })
    await his.goto(`/videos/${video}`)
    await his.getByRole('button', { name: '2 comments' }).tap()
    await his.getByRole('link', { name: 'Rosa' }).tap()
    await his.waitForURL(`**/people/${await idOf(rosa)}`)
    await his.getByRole('button', { name: 'Block' }).tap()
    await his.getByText('You have blocked this person.').waitFor()
    await his.goto(`/videos/${video}`)
    await his.getByRole('button', { name: '2 comments' }).tap()
    await his.getByText('Why not?').waitFor()
    assert.equal(await his.getByText('Do not buy here').count(), 0)
  })

  await step('a block ends it', async () => {
    await his.goto(`/people/${await idOf(rosa)}`)
    await his.getByText('You have blocked this person.').waitFor()
    await his.goto('/me/friends')
    await his.getByText('No friends yet.').waitFor()
    await his.getByRole('heading', { name: 'Blocked' }).waitFor()
  })

  hers.clean()
  his.clean()
})

test('a video is sent to a friend and to a group', { timeout: 300_000 }, async (t) => {
  const server = await Server.start(t)
  const browser = await openBrowser(t)
  const stall = await openStall(server)
  const file = await film(server.data, { seconds: 2 })
  const video = await postVideo(stall, file, { caption: 'How we fillet a mackerel', language: 'en' })
  const [rosa, ben, lena] = [await new Person(server).signIn('Rosa'), await new Person(server).signIn('Ben'), await new Person(server).signIn('Lena')]
  const idOf = async (p) => (await p.get('/v1/session')).person.id
  for (const p of [ben, lena]) {
    await rosa.put(`/v1/people/${await idOf(p)}/follow`)
    await p.put(`/v1/people/${await idOf(rosa)}/follow`)
  }
  const hers = await visit(browser, server, { person: rosa })
  const his = await visit(browser, server, { person: ben })
  const step = steps(t, hers, his)

  await step('she makes a group of her friends', async () => {
    await hers.goto('/me/friends')
    await hers.getByRole('button', { name: 'New group' }).tap()
    await hers.getByLabel('Name of the group').fill('Cooks')
    await hers.getByRole('checkbox', { name: 'Ben' }).check()
    await hers.getByRole('checkbox', { name: 'Lena' }).check()
    await hers.getByRole('button', { name: 'Save' }).tap()
    await hers.getByText('Ben, Lena').waitFor()
  })

  await step('his inbox has nothing to tell', async () => {
    await his.goto('/')
    await his.getByRole('link', { name: 'Me', exact: true }).waitFor()
  })

  await step('she sends a video to the group, with a word', async () => {
    await hers.goto(`/videos/${video}`)
    await hers.getByRole('button', { name: 'Share' }).tap()
    await hers.getByRole('button', { name: 'QR code' }).tap()
    await hers.getByRole('img', { name: 'QR code that opens “How we fillet a mackerel”' }).waitFor()
    await hers.getByRole('checkbox', { name: 'Cooks (3)' }).check()
    await hers.getByLabel('A word with it').fill('On Friday?')
    await hers.getByRole('button', { name: 'Send', exact: true }).tap()
    await hers.getByText('Sent to 2 people').waitFor()
  })

  await step('he is told, and opens it by her link', async () => {
    await until('the notice', async () => (await ben.get('/v1/me/notices')).items.some((n) => n.title.en === 'Rosa sent you a video'))
    await his.getByRole('link', { name: 'Me 1 unread' }).tap()
    await his.getByRole('link', { name: /Inbox/ }).getByText('1 unread').waitFor()
    await his.goto('/me/notices')
    await his.getByRole('link', { name: /Rosa sent you a video/ }).tap()
    const letter = his.getByRole('article', { name: 'From Rosa' })
    await letter.getByText('On Friday?').waitFor()
    await letter.getByText('Cooks').waitFor()
    await his.getByRole('button', { name: 'Back' }).tap()
    await his.goto('/')
    await his.getByRole('link', { name: 'Me', exact: true }).waitFor()
    await his.goto('/me/inbox')
    await letter.getByRole('link', { name: /How we fillet/ }).tap()
    await his.waitForURL(`**/videos/${video}`)
    const { url } = await rosa.post('/v1/shares', { kind: 'video', target: video })
    assert.ok((await his.context().cookies()).some((c) => url.endsWith(`/s/${c.value}`)), 'the way here is remembered')
  })

  await step('he leaves the group', async () => {
    await his.goto('/me/friends')
    await his.getByRole('button', { name: 'Leave' }).tap()
    await his.getByRole('button', { name: 'Leave' }).waitFor({ state: 'detached' })
    assert.equal((await ben.get('/v1/me/groups')).items.length, 0)
  })

  hers.clean()
  his.clean()
})
