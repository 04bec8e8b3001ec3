import { expect, it } from 'vitest'
import type { OrderProblem } from '@openstall/api'
import { kindsFor, reasons, ticked, whole } from './rules'

const line = (position: number, quantity: number, back = 0) => ({ position, quantity, back, left: { minor: 100 * (quantity - back), currency: 'EUR' } })
const order = (...lines: ReturnType<typeof line>[]) => ({ lines }) as OrderProblem

it('the only line that is left is ticked', () => {
  expect(ticked(order(line(0, 2)))).toEqual([0])
  expect(ticked(order(line(0, 2, 2), line(1, 1)))).toEqual([1])
  expect(ticked(order(line(0, 2), line(1, 1)))).toEqual([])
})

it('every reason leads to something, and goods that are not there are not sent back', () => {
  for (const r of reasons) expect(kindsFor(r.code).length).toBeGreaterThan(0)
  expect(kindsFor('not_arrived')).not.toContain('return')
  expect(kindsFor('changed_mind')).toEqual(['return'])
})

it('all that is left of a line is asked for at first', () => {
  expect(whole('refund', [1], order(line(0, 2), line(1, 5, 2)))).toEqual({ kind: 'refund', lines: [{ position: 1, quantity: 3 }] })
})
