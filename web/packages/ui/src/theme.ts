export type Theme = 'dark' | 'light' | 'system'

const system = matchMedia('(prefers-color-scheme: dark)')
let wanted: Theme = 'system'

/** Puts the theme on the document: Vant's and Element Plus's variables resolve on the root, so a part of a page cannot differ. */
export function setTheme(theme: Theme): void {
  wanted = theme
  apply()
}

function apply(): void {
  const dark = wanted === 'dark' || (wanted === 'system' && system.matches)
  const root = document.documentElement
  root.dataset.theme = dark ? 'dark' : 'light'
  root.classList.toggle('dark', dark)
  document.querySelector('meta[name="theme-color"]')?.setAttribute('content', dark ? '#0B100E' : '#F3F5F2')
}
system.addEventListener('change', apply)
