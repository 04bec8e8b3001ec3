import { describe, expect, it } from 'vitest'
import { promotionDraft, type PromotionTyped } from './promotion'

const now = Date.parse('2026-11-23T09:00:00Z')
const typed = (of: Partial<PromotionTyped>): PromotionTyped => ({ kind: 'reduction', percent: false, steps: [{ from: '20', off: '2' }], products: [], goods: [{ sku: 'a', units: '1' }, { sku: 'b', units: '2' }], price: '', from: '', day: '2026-11-23', days: 7, ...of })

describe('a promotion as it is typed', () => {
  it.each([
    ['so much off', typed({}), { kind: 'reduction', percent: false, products: [], steps: [{ from_minor: 2000, off: 200 }] }],
    ['percent off', typed({ percent: true, steps: [{ from: '20', off: '5' }, { from: '50', off: '10' }] }), { kind: 'reduction', percent: true, products: [], steps: [{ from_minor: 2000, off: 5 }, { from_minor: 5000, off: 10 }] }],
    ['together', typed({ kind: 'bundle', price: '8' }), { kind: 'bundle', price_minor: 800, goods: [{ sku: 'a', units: 1 }, { sku: 'b', units: 2 }] }],
    ['one more', typed({ kind: 'addon', price: '1', from: '20' }), { kind: 'addon', from_minor: 2000, price_minor: 100, goods: [{ sku: 'a', units: 1 }] }],
    ['free delivery', typed({ kind: 'freight', from: '30' }), { kind: 'freight', from_minor: 3000 }],
  ])('%s', (_, f, want) => {
    const { ends_at, ...rest } = promotionDraft(f, 'EUR', now)!
    expect(rest).toEqual(want)
    expect(ends_at).toBe('2026-11-30T09:00:00.000Z')
  })

  it.each([
    ['a step without a sum', typed({ steps: [{ from: '', off: '2' }] })],
    ['more than all of it', typed({ percent: true, steps: [{ from: '20', off: '101' }] })],
    ['a set without its second thing', typed({ kind: 'bundle', price: '8', goods: [{ sku: 'a', units: '1' }, { sku: '', units: '1' }] })],
    ['half a piece', typed({ kind: 'bundle', price: '8', goods: [{ sku: 'a', units: '1.5' }] })],
    ['an add-on without a price', typed({ kind: 'addon', from: '20' })],
    ['no day', typed({ day: '' })],
  ])('is not sent: %s', (_, f) => expect(promotionDraft(f, 'EUR', now)).toBeUndefined())

  it('begins on a day to come', () => {
    const d = promotionDraft(typed({ day: '2026-12-01' }), 'EUR', now)!
    expect(Date.parse(d.starts_at!)).toBe(new Date('2026-12-01T00:00').getTime())
    expect(Date.parse(d.ends_at) - Date.parse(d.starts_at!)).toBe(7 * 86_400_000)
  })
})
