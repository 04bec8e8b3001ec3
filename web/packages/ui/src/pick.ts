import type { Text } from '@openstall/api'

/** The words in this language, else in English, else in any language there is. A seller writes in one language first. */
export function pick(text: Text | undefined | null, locale: string): string {
  if (!text) return ''
  const short = locale.split('-')[0]!
  for (const word of [text[locale], text[short], text.en, ...Object.values(text)]) {
    if (word) return word
  }
  return ''
}
