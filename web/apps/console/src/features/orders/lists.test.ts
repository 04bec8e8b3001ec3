import { expect, it } from 'vitest'
import type { Order, PickList } from '@openstall/api'
import { slotsOf, tally, toPack } from './lists'

const order = (state: Order['state'], pay_state: Order['pay_state'], minor: number) => ({ state, pay_state, total: { minor, currency: 'EUR' } }) as Order
const slot = (id: string, at: string) => ({ id, starts_at: at, ends_at: at, left: 6 })
const list: PickList = {
  totals: [],
  slots: [
    { orders: [order('placed', 'paid', 900)] },
    { slot: slot('b', '2026-11-22T18:30:00Z'), orders: [order('ready', 'due_at_pickup', 1475)] },
    { slot: slot('a', '2026-11-22T18:00:00Z'), orders: [order('placed', 'due_at_pickup', 1500), order('completed', 'paid', 700)] },
    { slot: slot('c', '2026-11-22T19:00:00Z'), orders: [] },
  ],
}

it('slots come by time, those without one last, empty ones not at all', () => {
  expect(slotsOf(list).map((s) => s.slot?.id)).toEqual(['a', 'b', undefined])
})
it('expects at the stall only what is still to pay', () => {
  expect(tally(list)).toEqual({ toHandOver: 3, packed: 1, expected: { minor: 2975, currency: 'EUR' } })
})
it('of a parcel that went in part only the rest is packed', () => {
  const lines = [{ quantity: 3, left: 1 }, { quantity: 2, left: 0 }]
  const pack = (kind: string) => toPack({ lines, fulfilment: { kind } } as Order).map((l) => l.quantity)
  expect(pack('parcel')).toEqual([1])
  expect(pack('pickup')).toEqual([3, 2])
})
