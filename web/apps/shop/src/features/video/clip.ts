import type { Chapter } from '@openstall/api'

/** A part of a show, in seconds of its recording. */
export type Part = { from: number; to: number }

export const SHORTEST = 1
export const LONGEST = 600
/** How long a part is when nobody has said. */
const USUAL = 30

const round = (s: number) => Math.round(s * 10) / 10

/** The part within a show of `length` seconds: one second at least, ten minutes at most; its begin stays, its end gives way. */
export function within(p: Part, length: number): Part {
  const from = round(Math.min(Math.max(0, p.from), Math.max(0, length - SHORTEST)))
  const to = round(Math.min(Math.max(p.to, from + SHORTEST), from + LONGEST, Math.max(length, from + SHORTEST)))
  return { from, to }
}

/** What was said of one thing, or half a minute from its begin where it has no end. */
export const partOf = (c: Pick<Chapter, 'from_second' | 'to_second'>, length: number): Part => within({ from: c.from_second, to: c.to_second ?? c.from_second + USUAL }, length)

/** The numbers of what was explained in a part. */
export const explainedIn = (chapters: readonly Pick<Chapter, 'number' | 'from_second' | 'to_second'>[], p: Part): number[] => [
  ...new Set(chapters.filter((c) => c.from_second < p.to && (c.to_second ?? Infinity) > p.from).map((c) => c.number)),
]
