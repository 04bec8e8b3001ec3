import { describe, expect, it } from 'vitest'
import { shareOf, takesAll, worthOf } from './deal'
import type { CaseLine, OrderProblem } from './types'

const eur = (minor: number) => ({ minor, currency: 'EUR' })
const line = (over: Partial<CaseLine> = {}) => ({ position: 0, quantity: 3, back: 0, base: 1000, left: eur(1000), ...over }) as CaseLine
const order = (lines: CaseLine[], freight = 490) => ({ lines, freight: eur(freight), left: eur(lines.reduce((n, l) => n + l.left.minor, freight)) }) as OrderProblem

describe('what goes back is worth', () => {
  it.each([
    ['one of three', line(), 1, 333],
    ['the second of three', line({ back: 1, left: eur(667) }), 1, 333],
    ['the last takes what is left', line({ back: 2, left: eur(334) }), 1, 334],
    ['all at once', line(), 3, 1000],
    ['more than there is', line({ back: 2, left: eur(334) }), 5, 334],
    ['after a part of the price went', line({ base: 700, left: eur(700) }), 1, 233],
    ['grams at a price that overflows doubles', line({ quantity: 1_000_000_000, base: 9_000_000_000_000, left: eur(9_000_000_000_000) }), 333_333_333, 2_999_999_997_000],
  ])('%s', (_, l, n, want) => expect(shareOf(l, n)).toBe(want))
})

it('freight goes with the last of the goods', () => {
  const p = order([line(), line({ position: 1 })])
  const some = { kind: 'refund' as const, lines: [{ position: 0, quantity: 3 }] }
  const all = { kind: 'refund' as const, lines: [...some.lines, { position: 1, quantity: 3 }] }
  expect([takesAll(some, p), takesAll(all, p)]).toEqual([false, true])
  expect([worthOf(some, p), worthOf(all, p)]).toEqual([1000, 2490])
})

it('a lower amount beside a quantity holds, and goods again cost nothing', () => {
  const p = order([line()])
  expect(worthOf({ kind: 'return', lines: [{ position: 0, quantity: 1, minor: 200 }] }, p)).toBe(200)
  expect(worthOf({ kind: 'difference', lines: [{ position: 0, minor: 250 }] }, p)).toBe(250)
  expect(worthOf({ kind: 'resend', lines: [{ position: 0, quantity: 3 }] }, p)).toBe(0)
})
