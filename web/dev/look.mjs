// Takes pictures of pages: node dev/look.mjs out-folder [lang] name=path[@w×h][#script] ...
import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'

const [out, ...jobs] = process.argv.slice(2)
mkdirSync(out, { recursive: true })
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'] })
const base = process.env.BASE ?? 'http://localhost:5173'
for (const job of jobs) {
  const [, name, path, size, steps] = /^([^=]+)=([^@!]+)(?:@(\d+x\d+))?(?:!(.*))?$/.exec(job)
  const [width, height] = (size ?? '390x844').split('x').map(Number)
  const phone = width < 600
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: phone ? 2 : 1, hasTouch: phone, isMobile: phone, permissions: ['camera', 'microphone'] })
  const lang = process.env.LANG_UI ?? 'en'
  await context.addInitScript((l) => localStorage.setItem('os.language', l), lang)
  const page = await context.newPage()
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && console.log(`${name}: ${m.type()} ${m.text()}`))
  page.on('pageerror', (e) => console.log(`${name}: ${e.message}`))
  page.on('request', (r) => !r.url().startsWith(base) && !/^(data|blob|ws)/.test(r.url()) && console.log(`${name}: foreign ${r.url()}`))
  await page.goto(base + path)
  await page.waitForTimeout(1500)
  for (const step of (steps ?? '').split(';').filter(Boolean)) {
    const [verb, ...rest] = step.split(':')
    const arg = rest.join(':')
    try {
      if (verb === 'click') await page.getByRole('button', { name: arg }).first().click({ timeout: 3000 })
      if (verb === 'check') await page.getByRole('checkbox').first().check({ timeout: 3000 })
      if (verb === 'css') await page.locator(arg).first().click({ timeout: 3000 })
      if (verb === 'fill') { const [label, value] = arg.split('>'); await page.getByLabel(label).first().fill(value, { timeout: 3000 }) }
      if (verb === 'full') { await page.screenshot({ path: `${out}/${name}.png`, fullPage: true }) }
    } catch (e) {
      console.log(`${name}: ${step}: ${e.message.split('\n')[0]}`)
    }
    await page.waitForTimeout(700)
  }
  if (!steps?.includes('full')) await page.screenshot({ path: `${out}/${name}.png` })
  await context.close()
}
await browser.close()
