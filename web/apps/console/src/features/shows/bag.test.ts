import { expect, it } from 'vitest'
import { moved, numbered, rowsOf } from './bag'

const rows = [{ product: 'a' }, { product: 'b', set_aside: 5 }, { product: 'c' }]

it('moves a row and keeps the ends', () => {
  expect(moved(rows, 1, -1).map((r) => r.product)).toEqual(['b', 'a', 'c'])
  expect(moved(rows, 2, 1)).toBe(rows)
  expect(moved(rows, 0, -1)).toBe(rows)
})

it('numbers follow the order', () => {
  expect(numbered(moved(rows, 1, 1))).toEqual([{ number: 1, product: 'a', set_aside: undefined }, { number: 2, product: 'c', set_aside: undefined }, { number: 3, product: 'b', set_aside: 5 }])
})

it('rows come in the order of their numbers', () => {
  const item = (number: number) => ({ number, product: { id: `p${number}` } }) as never
  expect(rowsOf([item(3), item(1)]).map((r) => r.product)).toEqual(['p1', 'p3'])
})
