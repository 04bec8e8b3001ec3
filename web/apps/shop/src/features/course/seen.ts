import type { Span } from '@openstall/api'

/** How far apart two reports of a playing film may lie at most, in milliseconds: more is a jump. */
const STEP = 2500

/** Adds the way from one report of the player to the next to what was seen; a jump begins another part. */
export function grow(seen: Span[], from: number | undefined, to: number): Span[] {
  if (from === undefined || to <= from || to - from > STEP) return seen
  const last = seen.at(-1)
  if (last && last.to === from) return [...seen.slice(0, -1), { from: last.from, to }]
  return [...seen, { from, to }]
}

/** The address of a film below another ticket. */
export function retold(url: string, base: string): string {
  return url.replace(/^.*\/media\/lessons\/[^/]+\//, base)
}

/** A day that may lie years ahead. */
export const farDay = (at: string, locale: string): string => new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(at))

/** What of a course was seen, in whole percent; never all of it before it is. */
export const percentOf = (used: number): number => (used >= 1_000_000 ? 100 : Math.floor(used / 10_000))
