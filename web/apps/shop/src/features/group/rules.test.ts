import { describe, expect, it } from 'vitest'
import { missingPeople, viewOf, wantedIn } from './rules'

const eur = (minor: number) => ({ minor, currency: 'EUR' })

describe('a group', () => {
  it('misses people to its next step', () => {
    const ladder = [{ people: 3 }, { people: 5 }]
    expect([0, 2, 3, 4, 5, 6].map((n) => missingPeople(ladder, n))).toEqual([3, 1, 2, 1, 0, 0])
  })
  it('is for joining while a seat is free and the time is not over', () => {
    const g = { state: 'open' as const, people: [1, 2], paying: 0, size: 3, ends_at: '2026-11-24T12:00:00Z' }
    const before = Date.parse('2026-11-24T11:59:59Z')
    expect(viewOf(g, before)).toBe('join')
    expect(viewOf({ ...g, paying: 1 }, before)).toBe('wait')
    expect(viewOf({ ...g, order: 'ord_1', paying: 1 }, before)).toBe('in')
    expect(viewOf(g, before + 1000)).toBe('wait')
    expect(viewOf({ ...g, state: 'failed' }, before)).toBe('failed')
  })
  it('sells its variant at its price, in its amount', () => {
    const measure = { kind: 'piece' as const, unit: 'piece' as const, per: 1, step: 1, min: 1 }
    const product = { id: 'prd_1', shop: 'shp_1', title: { en: 'Oyster' }, sold_out: false, skus: [{ id: 'sku_1', name: {}, price: { amount: eur(500) }, measure, available: 0, total: 9 }] }
    const terms = { id: 'gof_1', product: 'prd_1', sku: 'sku_1', was: eur(500), steps: [{ people: 3, price: eur(390) }], quantity: 2, measure, hours: 24, per_buyer: 1, left: 1 }
    const w = wantedIn(product, terms, { code: 'ABC' })
    expect(w?.item.skus[0]?.price.amount.minor).toBe(390)
    expect(w?.quantity).toBe(2)
    expect(wantedIn(product, { ...terms, sku: 'sku_2' }, {})).toBeUndefined()
  })
})
