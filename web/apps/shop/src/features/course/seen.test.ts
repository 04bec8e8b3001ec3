import { describe, expect, it } from 'vitest'
import { farDay, grow, percentOf, retold } from './seen'

describe('what was seen', () => {
  it('grows while it plays', () => {
    expect(grow(grow([], 0, 250), 250, 500)).toEqual([{ from: 0, to: 500 }])
  })
  it('begins anew after a jump, and a jump is not seen', () => {
    let seen = grow([], 0, 1000)
    seen = grow(seen, 1000, 60_000)
    expect(grow(seen, 60_000, 61_000)).toEqual([{ from: 0, to: 1000 }, { from: 60_000, to: 61_000 }])
  })
  it('does not run backwards', () => {
    expect(grow([{ from: 0, to: 900 }], 900, 400)).toEqual([{ from: 0, to: 900 }])
    expect(grow([], undefined, 400)).toEqual([])
  })
})

describe('an address', () => {
  it('moves below a new ticket', () => {
    expect(retold('https://market.example/media/lessons/les.enr.1.x/f/120.mp4', '/media/lessons/les.enr.2.y/')).toBe('/media/lessons/les.enr.2.y/f/120.mp4')
  })
})

describe('a day that may be far', () => {
  it('has its year', () => {
    expect(farDay('2027-11-23T12:00:00Z', 'en-GB')).toBe('23 Nov 2027')
  })
})

describe('the percent of a course', () => {
  it('is whole and never early', () => {
    expect([0, 9_999, 10_000, 999_999, 1_000_000].map(percentOf)).toEqual([0, 0, 1, 99, 100])
  })
})
