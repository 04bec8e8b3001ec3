import { createI18n } from 'vue-i18n'

export type Language = 'en' | 'zh'
/** Brings one set of words; `more` is what only some pages need. */
export type Words = { first: () => Promise<{ default: object }>; more?: () => Promise<{ default: object }> }
export const languages: Record<Language, string> = { en: 'English', zh: '中文' }

export const i18n = createI18n<false>({ legacy: false, locale: 'en', missingWarn: import.meta.env.DEV, messages: {} })

let words: Record<Language, Words>
const whole = new Set<string>()

/** Says where an app's words are. Called once, before `startLanguage`. */
export function useLanguages(load: Record<Language, Words>): void {
  words = load
}

/** The language chosen on this device, else the browser's. */
export function wantedLanguage(stored: string | null, browser: readonly string[]): Language {
  if (stored === 'en' || stored === 'zh') return stored
  for (const tag of browser) {
    if (tag.startsWith('zh')) return 'zh'
    if (tag.startsWith('en')) return 'en'
  }
  return 'en'
}

export const startLanguage = () => setLanguage(wantedLanguage(localStorage.getItem('os.language'), navigator.languages))

/** Switches every word on the page and the document's `lang`. */
async function setLanguage(language: Language): Promise<void> {
  if (!(i18n.global.availableLocales as string[]).includes(language)) {
    i18n.global.setLocaleMessage(language, (await words[language].first()).default as Record<string, never>)
  }
  if (whole.size) await loadMore(language)
  i18n.global.locale.value = language
  document.documentElement.lang = language
}

/** Brings the words of all other pages, once for each language. */
export async function loadMore(language = i18n.global.locale.value as Language): Promise<void> {
  const more = words[language].more
  if (!more || whole.has(language)) return
  i18n.global.mergeLocaleMessage(language, (await more()).default)
  whole.add(language)
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem('os.language', language)
  await setLanguage(language)
}
