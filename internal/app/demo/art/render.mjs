// Renders the pictures of the demo market. Run it from web/, which has
// playwright-core, with the folder that holds the drawings (stall.svg, g-hake.svg
// ...) as its argument:
//
//   cd web && node ../internal/app/demo/art/render.mjs ../../design/art
//
// CHROMIUM names the browser, /usr/bin/chromium if unset. Goods become squares of
// 640 pixels, scenes 810x1440 (an eighth more than the films, to pan in), cards
// are the captions of the films in both languages.
import { createRequire } from 'node:module'
import { readFileSync, writeFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const { chromium } = createRequire(join(process.cwd(), 'x.js'))('playwright-core')
const here = dirname(fileURLToPath(import.meta.url))
const drawings = process.argv[2]
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' })

async function shoot(html, width, height, file, options) {
  const page = await browser.newPage({ viewport: { width, height } })
  await page.setContent(`<style>*{margin:0}body{width:${width}px;height:${height}px;overflow:hidden}</style>${html}`)
  await page.screenshot({ path: join(here, file), ...options })
  await page.close()
}

const sized = (svg, w, h) => {
  const bare = svg.replace(/<svg([^>]*)>/, (_, a) => `<svg${a.replace(/ (width|height|preserveAspectRatio)="[^"]*"/g, '')} width="${w}" height="${h}" preserveAspectRatio="xMidYMid slice">`)
  return bare
}

// Other covers and jars out of one drawing: name, drawing, colours.
const variants = [
  ['atlas', 'g-book', { '#1f4a54': '#6b2a2a', '#143640': '#451818', '#2f7078': '#c08a3e', '#d2683a': '#2b5d66' }],
  ['novel', 'g-book', { '#1f4a54': '#2a2f55', '#143640': '#181c38', '#2f7078': '#5b4a86', '#d2683a': '#f0d9a0' }],
  ['primer', 'g-book', { '#1f4a54': '#c07a2c', '#143640': '#8d5518', '#2f7078': '#4f8a5a', '#d2683a': '#c4452f' }],
]

const jpeg = quality => ({ type: 'jpeg', quality })
const sources = [...readdirSync(drawings).map(f => join(drawings, f)), ...readdirSync(join(here, 'extra')).map(f => join(here, 'extra', f))]
for (const path of sources) {
  const name = path.split('/').pop().replace('.svg', '')
  const svg = readFileSync(path, 'utf8')
  if (name.startsWith('g-')) await shoot(sized(svg, 640, 640), 640, 640, name.slice(2) + '.jpg', jpeg(80))
  else await shoot(sized(svg, 810, 1440), 810, 1440, 'scene-' + name + '.jpg', jpeg(76))
}

for (const [name, drawing, colours] of variants) {
  const svg = Object.entries(colours).reduce((s, [from, to]) => s.replaceAll(from, to), readFileSync(join(drawings, drawing + '.svg'), 'utf8'))
  await shoot(sized(svg, 640, 640), 640, 640, name + '.jpg', jpeg(80))
}

const font = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', sans-serif"
for (const { number, picture, en, zh, show } of JSON.parse(readFileSync(join(here, 'cards.json'), 'utf8'))) {
  await shoot(`<body style="background:transparent"><div style="position:absolute;inset:0;background:#fff;border-radius:18px;font:600 23px/29px ${font};color:#15201B">
    <div style="position:absolute;left:14px;top:250px;right:10px"><span style="display:inline-block;background:#15201B;color:#fff;border-radius:6px;padding:0 12px;font-weight:700">${number}</span>
    <div style="margin-top:6px">${en}</div><div lang="zh" style="color:#46534C;font-weight:500">${zh}</div></div></div>`, 262, 374, `card-${show}-${picture}.png`, { omitBackground: true })
}
const digits = [...'0123456789'].map((d, i) => `<span style="position:absolute;left:${i * 24}px;width:24px;text-align:center">${d}</span>`).join('')
await shoot(`<body style="background:#15201B;color:#fff;font:700 32px/40px ${font};font-variant-numeric:tabular-nums">${digits}</body>`, 240, 40, 'digits.png', {})
await shoot(`<body style="background:transparent"><div style="position:absolute;inset:0;background:#15201B;border-radius:8px;color:#fff;font:700 32px/44px ${font}"><span style="position:absolute;left:62px">:</span></div></body>`, 132, 48, 'clock.png', { omitBackground: true })
await browser.close()
