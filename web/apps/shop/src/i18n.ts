import { createI18n } from 'vue-i18n'
import { uiMessages } from '@openstall/ui'

export type Language = 'en' | 'zh'
export const languages: Record<Language, string> = { en: 'English', zh: '中文' }

export const i18n = createI18n<false>({ legacy: false, locale: 'en', missingWarn: import.meta.env.DEV, messages: {} })

type Words = () => Promise<{ default: object }>
/** The room's words come first, so that its first load stays small; the other pages' words come with the first of them. */
const load: Record<Language, { room: Words; more: Words }> = {
  en: { room: () => import('./locales/en'), more: () => import('./locales/en.more') },
  zh: { room: () => import('./locales/zh'), more: () => import('./locales/zh.more') },
}
const whole = new Set<string>()

/** The language chosen on this device, else the browser's. */
export function wantedLanguage(stored: string | null, browser: readonly string[]): Language {
  if (stored === 'en' || stored === 'zh') return stored
  for (const tag of browser) {
    if (tag.startsWith('zh')) return 'zh'
    if (tag.startsWith('en')) return 'en'
  }
  return 'en'
}

export const startLanguage = () => useLanguage(wantedLanguage(localStorage.getItem('os.language'), navigator.languages))

/** Switches every word on the page and the document's `lang`. */
export async function useLanguage(language: Language): Promise<void> {
  if (!(i18n.global.availableLocales as string[]).includes(language)) {
    const words = (await load[language].room()).default
    i18n.global.setLocaleMessage(language, { ...uiMessages[language], ...words })
  }
  if (whole.size) await loadMore(language)
  i18n.global.locale.value = language
  document.documentElement.lang = language
}

/** Brings the words of all other pages, once for each language. */
export async function loadMore(language = i18n.global.locale.value as Language): Promise<void> {
  if (whole.has(language)) return
  i18n.global.mergeLocaleMessage(language, (await load[language].more()).default)
  whole.add(language)
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem('os.language', language)
  await useLanguage(language)
}
