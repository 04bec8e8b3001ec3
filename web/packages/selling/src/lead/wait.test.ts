import { describe, expect, it } from 'vitest'
import { waitOf } from './wait'

const lead = { state: 'new' as const, created_at: '2026-11-23T09:00:00Z', answer_by: '2026-11-23T09:15:00Z' }
const after = (minutes: number) => Date.parse(lead.created_at) + minutes * 60_000

describe('how long a lead waits', () => {
  it.each([
    [-1, { n: 0, unit: 'minutes', late: false }],
    [15, { n: 15, unit: 'minutes', late: false }],
    [16, { n: 16, unit: 'minutes', late: true }],
    [60, { n: 1, unit: 'hours', late: true }],
    [47 * 60 + 59, { n: 47, unit: 'hours', late: true }],
    [48 * 60, { n: 2, unit: 'days', late: true }],
  ])('%s minutes', (minutes, want) => expect(waitOf(lead, after(minutes))).toEqual(want))
  it('ends when the shop was in touch, and with the lead', () => {
    expect(waitOf({ ...lead, state: 'assigned', answered_at: '2026-11-23T09:05:00Z' }, after(5))).toBeUndefined()
    expect(waitOf({ ...lead, state: 'withdrawn' }, after(5))).toBeUndefined()
  })
})
