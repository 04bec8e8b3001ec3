import { describe, expect, it } from 'vitest'
import { draftOf, emptyForm, formFaults, parseStock, slotCount, suggestedStart } from './draft'

describe('product form', () => {
  it.each([
    ['12', 'piece', 12],
    ['1.5', 'piece', undefined],
    ['40', 'weight', 40000],
    ['1,2', 'weight', 1200],
    ['0.1234', 'weight', undefined],
    ['x', 'weight', undefined],
  ] as const)('stock %s by %s is %s', (typed, measure, want) => expect(parseStock(typed, measure)).toBe(want))

  it('names what is missing, pack fields too', () => {
    const fields = [{ key: 'landed', label: {}, kind: 'time', required: true, duty: true }] as const
    expect(formFaults(emptyForm('weight'), [...fields], 'EUR')).toEqual(['title', 'price', 'field:landed'])
    expect(formFaults({ ...emptyForm('weight'), title: 'Hake', price: '14.90', stock: 'many', fields: { landed: '04:30' } }, [...fields], 'EUR')).toEqual(['stock'])
  })

  it('keeps the other language when one is rewritten', () => {
    const d = draftOf({ ...emptyForm('weight'), title: ' Hake ', price: '14,90', stock: '20' }, 'EUR', 'en', { title: { zh: '鳕鱼' }, sku: 'sku_1' })
    expect(d.title).toEqual({ zh: '鳕鱼', en: 'Hake' })
    expect(d.skus).toEqual([{ id: 'sku_1', name: {}, price_minor: 1490, stock: 20000 }])
  })
})

describe('times', () => {
  it('suggests the next half hour with twenty minutes to get ready', () => {
    expect(suggestedStart(new Date(2026, 10, 22, 16, 5))).toBe('2026-11-22T16:30')
    expect(suggestedStart(new Date(2026, 10, 22, 16, 15))).toBe('2026-11-22T17:00')
    expect(suggestedStart(new Date(2026, 10, 22, 23, 50))).toBe('2026-11-23T00:30')
  })
  it('counts the slots of a week', () => {
    expect(slotCount({ enabled: true, address: '', days: [{ weekday: 1, from: '17:00', to: '19:00', slot_minutes: 30, capacity: 6 }, { weekday: 2, from: '19:00', to: '18:00', slot_minutes: 30, capacity: 6 }] })).toBe(4)
  })
})
