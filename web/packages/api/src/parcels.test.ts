import { describe, expect, it } from 'vitest'
import { partlySent, sentOf } from './parcels'
import type { Order } from './types'

const line = (kind: 'piece' | 'weight', quantity: number, sent: number, left = quantity - sent) => ({ measure: { kind }, quantity, sent, left })
const order = (...lines: ReturnType<typeof line>[]) => ({ state: 'placed', parcels: [{}], lines }) as unknown as Order

describe('what has been sent', () => {
  it.each([
    ['pieces are counted', order(line('piece', 3, 2)), { sent: 2, of: 3 }],
    ['weight is one piece, sent when none is left', order(line('weight', 1200, 600), line('weight', 500, 500)), { sent: 1, of: 2 }],
    ['what the money went back for is not counted', order(line('piece', 3, 1, 1), line('weight', 500, 0, 0)), { sent: 1, of: 2 }],
  ])('%s', (_, o, want) => expect(sentOf(o)).toEqual(want))
  it('an order is sent in part until the last parcel', () => {
    const o = order(line('piece', 2, 1))
    expect([o, { ...o, parcels: [] }, { ...o, state: 'shipped' } as Order].map(partlySent)).toEqual([true, false, false])
  })
})
