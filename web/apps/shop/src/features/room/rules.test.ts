import { describe, expect, it } from 'vitest'
import type { Chapter } from '@openstall/api'
import { cardNumber, chapterAt, startSecond, viewOf } from './rules'

describe('room', () => {
  it.each([
    ['live', true, 'live'],
    ['interrupted', false, 'live'],
    ['ended', true, 'replay'],
    ['ended', false, 'over'],
    ['scheduled', false, 'scheduled'],
    ['cancelled', true, 'cancelled'],
  ] as const)('a show that is %s (replay: %s) opens as %s', (state, replay, want) => {
    expect(viewOf(state, replay)).toBe(want)
  })

  it('a pin goes before what is explained', () => {
    expect(cardNumber({ pinned: 3, explaining: { number: 1, since: '' } })).toBe(3)
    expect(cardNumber({ explaining: { number: 1, since: '' } })).toBe(1)
    expect(cardNumber({})).toBeUndefined()
  })

  it('finds the chapter that plays', () => {
    const c = (number: number, from: number, to?: number): Chapter => ({ product: 'p', number, title: {}, from_second: from, to_second: to })
    const all = [c(1, 10, 60), c(2, 70)]
    expect([5, 10, 59, 60, 65, 70, 900].map((s) => chapterAt(all, s)?.number)).toEqual([undefined, 1, 1, undefined, undefined, 2, 2])
  })

  it('takes only a number of seconds from the address', () => {
    expect(['90', '90.7', '-1', 'x', undefined, ['12']].map(startSecond)).toEqual([90, 90, 0, 0, 0, 12])
  })
})
