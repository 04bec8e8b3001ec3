import type { DiscoverItem, DiscoverReason } from '@openstall/api'

type Translate = (key: string, values?: Record<string, unknown>) => string

/** Why an item is here, in one sentence, from what the server counted. */
export function reasonWords(r: DiscoverReason, shop: string, line: string, t: Translate, locale = 'en'): string {
  const parts: string[] = []
  switch (r.kind) {
    case 'floor':
      parts.push(r.line_first_today ? t('discover.becauseNewLine', { line }) : t('discover.becauseNew', { n: r.left ?? 1 }))
      break
    case 'turn':
      parts.push(r.line_first_today ? t('discover.becauseTurnLine', { shop, line }) : t('discover.becauseTurn', { shop }))
      break
    case 'quality':
      parts.push(t('discover.becauseWatched'))
      break
    case 'affinity':
      parts.push(t('discover.becauseTaste'))
  }
  if (r.fits && r.kind !== 'affinity') parts.push(t('discover.alsoFits'))
  return sentences(parts, locale)
}

/** What the end of the list says of what was seen. */
export function tally(items: readonly Pick<DiscoverItem, 'video' | 'reason'>[]): { things: number; shops: number; lines: number } {
  return {
    things: items.length,
    shops: new Set(items.map((i) => i.video.shop.id)).size,
    lines: new Set(items.map((i) => Object.values(i.reason.line)[0])).size,
  }
}

/** Parts of a text one after the other, as the language does it. */
export const sentences = (parts: readonly string[], locale: string): string => parts.join(locale.startsWith('zh') ? '' : ' ')

/** Whole minutes, one at least. */
export const minutes = (from: number, to: number): number => Math.max(1, Math.round((to - from) / 60_000))
