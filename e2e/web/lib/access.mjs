import assert from 'node:assert/strict'

/** Roles that a person acts on or is told about; each of them needs a name. */
const NAMED = new Set(['button', 'link', 'textbox', 'searchbox', 'checkbox', 'radio', 'switch', 'combobox', 'listbox', 'slider', 'spinbutton', 'tab', 'menuitem', 'dialog', 'image', 'img', 'Video', 'DisclosureTriangle', 'ColorWell', 'Date', 'InputTime'])

/** What a screen reader would be told nothing about: nodes of the browser's own accessibility tree without a name. */
async function nameless(page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Accessibility.enable')
  const { nodes } = await cdp.send('Accessibility.getFullAXTree')
  const faults = []
  for (const n of nodes) {
    if (n.ignored || !NAMED.has(n.role?.value) || n.name?.value?.trim()) continue
    const { node } = await cdp.send('DOM.describeNode', { backendNodeId: n.backendDOMNodeId })
    faults.push(`${n.role.value} without a name: <${node.localName} ${(node.attributes ?? []).join(' ')}>`)
  }
  await cdp.detach()
  return faults
}

/** Runs in the page: structure, contrast (WCAG 2.2, 1.4.3) and the size of targets (2.5.8). */
function looks() {
  const faults = []
  const seen = (el) => el.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && el.getClientRects().length > 0
  const tell = (el) => `<${el.localName}${el.id ? '#' + el.id : ''}${el.className && typeof el.className === 'string' ? '.' + el.className.trim().replace(/\s+/g, '.') : ''}> ${(el.innerText ?? '').trim().slice(0, 40)}`
  if (!document.documentElement.lang) faults.push('the document has no language')
  if (!document.title.trim()) faults.push('the document has no title')
  const headings = [...document.querySelectorAll('h1,h2,h3,h4')].filter((h) => h.checkVisibility())
  if (headings.filter((h) => h.localName === 'h1').length !== 1) faults.push(`${headings.filter((h) => h.localName === 'h1').length} first headings`)
  headings.reduce((last, h) => {
    const level = Number(h.localName[1])
    if (level > last + 1) faults.push(`heading skips a level: ${tell(h)}`)
    return level
  }, 0)
  if (document.querySelectorAll('main').length !== 1) faults.push('there is not one main part')
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id)
  for (const id of new Set(ids.filter((x, i) => ids.indexOf(x) !== i))) faults.push(`id twice: ${id}`)

  const rgba = (text) => {
    const m = /rgba?\(([^)]+)\)/.exec(text)
    if (!m) return undefined
    const [r, g, b, a = 1] = m[1].split(/[\s,/]+/).map(Number)
    return { r, g, b, a }
  }
  const over = (top, below) => ({ r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a), b: top.b * top.a + below.b * (1 - top.a), a: 1 })
  const light = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05)
  /** What lies behind an element; undefined where a picture does. */
  function behind(el) {
    const layers = []
    for (let e = el; e; e = e.parentElement) {
      const s = getComputedStyle(e)
      const c = rgba(s.backgroundColor)
      if (c?.a) layers.push(c)
      if (c?.a === 1) break
      if (s.backgroundImage !== 'none') return undefined
      if (s.position === 'absolute' || s.position === 'fixed') {
        // Over something that is not its ancestor: the chips of a room, the words on a card.
        if (layers.every((l) => l.a < 1)) return undefined
      }
    }
    return layers.reverse().reduce((below, top) => over(top, below), { r: 255, g: 255, b: 255, a: 1 })
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let n = walker.nextNode(); n; n = walker.nextNode()) {
    const el = n.parentElement
    if (!n.data.trim() || !el || !seen(el) || el.closest('svg,script,style,:disabled,.os-hidden,option')) continue
    const s = getComputedStyle(el)
    const ground = behind(el)
    const ink = rgba(s.color)
    if (!ground || !ink) continue
    const size = parseFloat(s.fontSize)
    const need = size >= 24 || (size >= 18.66 && Number(s.fontWeight) >= 700) ? 3 : 4.5
    const is = ratio(over(ink, ground), ground)
    if (is < need - 0.005) faults.push(`contrast ${is.toFixed(2)} of ${need}: ${tell(el)}`)
  }
  for (const el of document.querySelectorAll('a[href],button,input,select,textarea,[role="button"]')) {
    if (!seen(el) || el.classList.contains('os-hidden') || el.matches(':disabled')) continue
    // A field in its label is hit by the label; a link in a sentence may be as high as its line.
    const box = (el.closest('label') ?? el).getBoundingClientRect()
    if (getComputedStyle(el).display === 'inline') continue
    if (box.width < 24 || box.height < 24) faults.push(`target ${Math.round(box.width)} × ${Math.round(box.height)}: ${tell(el)}`)
  }
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) faults.push('the page scrolls sideways')
  return faults
}

/**
 * Holds the page to what people need who do not see it, see little or use no mouse. What is wrong only while the page
 * still moves or changes its colours is looked at again: a fault stays.
 */
export async function assertAccessible(page, what) {
  let faults
  for (let i = 0; i < 5; i++) {
    faults = [...(await nameless(page)), ...(await page.evaluate(looks))]
    if (!faults.length) return
    await page.evaluate(() => Promise.race([new Promise((go) => setTimeout(go, 500)), Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {})))]))
    await page.evaluate(() => new Promise((go) => setTimeout(go, 100)))
  }
  assert.deepEqual(faults, [], what)
}

/** What has the focus, as a screen reader would tell it, and whether one sees that it has. */
export const focused = (page) =>
  page.evaluate(() => {
    const el = document.activeElement
    if (!el || el === document.body) return undefined
    // The ring may be drawn by the field's label, when the field itself is hidden.
    const ring = [el, el.closest('label'), el.parentElement].filter(Boolean).some((e) => {
      const s = getComputedStyle(e)
      return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2
    })
    const box = (el.closest('label') ?? el).getBoundingClientRect()
    return { name: (el.getAttribute('aria-label') ?? el.innerText ?? '').trim() || el.closest('label')?.innerText.trim() || el.localName, ring, onScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth, inDialog: !!el.closest('[role=dialog]'), html: el.outerHTML.slice(0, 120) }
  })

/** Presses Tab until the focus is on something of that name; every stop on the way must be visible. */
export async function tabTo(page, name, { most = 80, inDialog = false } = {}) {
  const way = []
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab')
    let at = await focused(page)
    if (!at) continue
    for (const until = Date.now() + 5000; !at.onScreen && Date.now() < until; at = await focused(page)) await page.evaluate(() => new Promise(requestAnimationFrame)) // a sheet slides in
    way.push(at.name)
    assert.ok(at.ring, `no focus ring on ${at.html}`)
    assert.ok(at.onScreen, `focus is off the screen on ${at.html}`)
    if (inDialog) assert.ok(at.inDialog, `the focus left the dialog for ${at.html}`)
    if (name instanceof RegExp ? name.test(at.name) : at.name === name) return
  }
  assert.fail(`Tab never comes to ${name}: ${way.join(' | ')}`)
}
