import { describe, expect, it } from 'vitest'
import { explainedIn, partOf, within } from './clip'

describe('a clip of a show', () => {
  it.each([
    ['stays as it is', { from: 3.21, to: 9.99 }, 60, { from: 3.2, to: 10 }],
    ['lasts a second at least', { from: 5, to: 5 }, 60, { from: 5, to: 6 }],
    ['lasts ten minutes at most', { from: 10, to: 4000 }, 5000, { from: 10, to: 610 }],
    ['ends with the show', { from: 50, to: 90 }, 60, { from: 50, to: 60 }],
    ['begins before the show is over', { from: 99, to: 120 }, 60, { from: 59, to: 60 }],
    ['does not begin before it', { from: -4, to: 2 }, 60, { from: 0, to: 2 }],
  ])('%s', (_, part, length, want) => expect(within(part, length)).toEqual(want))

  it('is half a minute of an explanation that nobody ended', () => {
    expect(partOf({ from_second: 100, to_second: undefined }, 300)).toEqual({ from: 100, to: 130 })
  })

  it('shows what was explained in it', () => {
    const chapters = [{ number: 1, from_second: 0, to_second: 10 }, { number: 2, from_second: 10, to_second: 20 }, { number: 1, from_second: 40, to_second: undefined }]
    expect(explainedIn(chapters, { from: 10, to: 15 })).toEqual([2])
    expect(explainedIn(chapters, { from: 5, to: 50 })).toEqual([1, 2])
  })
})
