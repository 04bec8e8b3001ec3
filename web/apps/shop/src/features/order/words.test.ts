import { describe, expect, it } from 'vitest'
import type { Order } from '@openstall/api'
import { headline, isWaiting, marks } from './words'

const order = (over: Partial<Order>): Order => ({ state: 'placed', pay_state: 'due_at_pickup', payment: { method: 'test', label: {} }, placed_at: '2026-11-22T17:43:00Z', fulfilment: { kind: 'pickup' }, parcels: [], events: [{ at: '2026-11-22T17:58:00Z', event: 'ready', by: 'seller' }], ...over }) as Order

describe('order', () => {
  it('ready to collect has its packing time and waits for the collector', () => {
    const m = marks(order({ state: 'ready' }))!
    expect(m.map((x) => [x.done, x.now])).toEqual([[true, false], [true, false], [false, true], [false, false]])
    expect(m[1]!.at).toBe('2026-11-22T17:58:00Z')
  })
  it('an order that ended early has no way to show', () => {
    for (const state of ['cancelled', 'expired'] as const) expect(marks(order({ state }))).toBeUndefined()
  })
  it('a failed payment says so and is looked at again', () => {
    const o = order({ state: 'pending_payment', pay_state: 'failed' })
    expect(headline(o)).toBe('order.head_failed')
    expect(isWaiting(o)).toBe(true)
  })
  it('a bank transfer is waited for, not paid on a page', () => {
    expect(headline(order({ state: 'pending_payment', pay_state: 'pending', payment: { method: 'transfer', label: {} } }))).toBe('order.head_transfer')
  })
  it('an order that is sent in part says how much', () => {
    const parcel = order({ fulfilment: { kind: 'parcel' } } as Partial<Order>)
    expect(headline(parcel)).toBe('order.state_placed')
    expect(headline({ ...parcel, parcels: [{}] } as Order)).toBe('order.head_partly')
    expect(headline({ ...parcel, parcels: [{}], state: 'shipped' } as Order)).toBe('order.state_shipped')
  })
  it('paying at the stall is nothing to wait for', () => expect(isWaiting(order({}))).toBe(false))
})
