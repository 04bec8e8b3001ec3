import { describe, expect, it } from 'vitest'
import type { DiscoverItem, DiscoverReason } from '@openstall/api'
import { minutes, reasonWords, tally } from './rules'

const reason = (r: Partial<DiscoverReason>): DiscoverReason => ({ kind: 'floor', fits: false, line_first_today: false, line: { en: 'Fish' }, ...r })
const t = (key: string, values?: Record<string, unknown>) => `${key}${values ? JSON.stringify(values) : ''}`

describe('reasons', () => {
  it('says what is true of the item and nothing else', () => {
    expect(reasonWords(reason({ left: 63 }), 'Tarik', 'Fish', t)).toBe('discover.becauseNew{"n":63}')
    expect(reasonWords(reason({ left: 63, line_first_today: true }), 'Tarik', 'Fish', t)).toBe('discover.becauseNewLine{"line":"Fish"}')
    expect(reasonWords(reason({ kind: 'turn' }), 'Tarik', 'Fish', t)).toBe('discover.becauseTurn{"shop":"Tarik"}')
    expect(reasonWords(reason({ kind: 'quality', rank: 3 }), 'Tarik', 'Fish', t)).toBe('discover.becauseWatched')
    expect(reasonWords(reason({ kind: 'affinity', fits: true }), 'Tarik', 'Fish', t)).toBe('discover.becauseTaste')
    expect(reasonWords(reason({ kind: 'quality', fits: true }), 'Tarik', 'Fish', t)).toBe('discover.becauseWatched discover.alsoFits')
  })
})

describe('the end', () => {
  it('counts things, shops and lines of business', () => {
    const item = (shop: string, line: string) => ({ video: { shop: { id: shop } }, reason: reason({ line: { en: line } }) }) as DiscoverItem
    expect(tally([item('a', 'Fish'), item('a', 'Fish'), item('b', 'Books')])).toEqual({ things: 3, shops: 2, lines: 2 })
  })
  it('rounds to minutes, one at least', () => {
    expect([minutes(0, 5_000), minutes(0, 100_000), minutes(0, 840_000)]).toEqual([1, 2, 14])
  })
})
