import { describe, expect, it } from 'vitest'
import { ApiError, OfflineError, type Measure, type Quote } from '@openstall/api'
import { failureOf, missing, priceQuestions, quoteRequest, settle, tapsToPay, usualQuantity, type Choice, type Wanted } from './flow'

const eur = (minor: number) => ({ minor, currency: 'EUR' })
const kg: Measure = { kind: 'weight', unit: 'kg', per: 1000, step: 100, min: 100 }
const rule = { code: 'fresh_exempt', text: { en: 'Fresh fish.' }, needs_consent: true } as const
const shop = { id: 'shp_1', slug: 'marlow', name: { en: 'Marlow’s Fish' }, pack: 'fish', color: '#0F5B4A' }
const slot = (id: string, left = 6) => ({ id, left, starts_at: '2026-11-22T18:00:00Z', ends_at: '2026-11-22T18:30:00Z' })

const quote = (over: Partial<Quote> = {}, unit = 1250): Quote => ({
  id: 'quo_1',
  hash: 'h',
  expires_at: '2026-11-22T17:52:00Z',
  seller: { shop, legal_name: 'Marlow Fish Ltd' },
  lines: [{ sku: 'sku_1', product: 'prd_1', title: { en: 'Mackerel' }, variant: {}, quantity: 1200, measure: kg, unit_price: eur(unit), total: eur(1500), available: 18000, return_rule: rule, revision: 'r1' }],
  goods: eur(1500),
  freight: eur(0),
  total: eur(1500),
  fulfilment: { kind: 'pickup', slot: 's1' },
  fulfilments: [
    { kind: 'pickup', label: { en: 'Collect' }, price: eur(0), slots: [slot('s0', 0), slot('s1', 6)], address: 'Stall 12' },
    { kind: 'parcel', label: { en: 'Parcel' }, price: eur(490) },
  ],
  payments: [
    { code: 'pickup', label: { en: 'At the stall' } },
    { code: 'test', label: { en: 'Card now' } },
  ],
  terms: [{ id: 't1', text: { en: 'Fresh fish' }, required: true }],
  ...over,
})
const choice = (over: Partial<Choice> = {}): Choice => ({ sku: 'sku_1', quantity: 1200, kind: 'pickup', slot: 's1', payment: 'test', name: 'Ana', phone: '', consents: [], ...over })
const wanted: Wanted = { item: { id: 'prd_1', shop: 'shp_1', title: {}, skus: [], sold_out: false }, sku: 'sku_1', quantity: 0, show: 'shw_1', second: 2528 }

describe('checkout', () => {
  it('takes at most three taps from the pinned card to the pay page for a returning buyer', () => {
    const remembered = choice({ ...settle(quote(), choice({ slot: undefined, payment: 'test' })) })
    expect(tapsToPay(quote(), remembered)).toBe(3)
    expect(tapsToPay(quote({ terms: [] }), remembered)).toBe(2)
  })

  it('several required terms are still one tick', () => {
    expect(tapsToPay(quote({ terms: [{ id: 'a', text: {}, required: true }, { id: 'b', text: {}, required: true }] }), choice())).toBe(3)
  })

  it.each([
    ['nothing but the terms', choice(), 'terms'],
    ['nothing at all', choice({ consents: ['t1'] }), undefined],
    ['the name', choice({ name: ' ', consents: ['t1'] }), 'name'],
    ['the slot', choice({ slot: undefined, consents: ['t1'] }), 'slot'],
    ['the address of a parcel', choice({ kind: 'parcel', consents: ['t1'] }), 'address'],
  ] as const)('says that %s is missing', (_name, c, want) => {
    expect(missing(quote(), c)).toBe(want)
  })

  it('skips a slot that is full and a payment that is not offered', () => {
    expect(settle(quote(), choice({ slot: 's0', payment: 'bank' }))).toEqual({ kind: 'pickup', slot: 's1', payment: 'pickup' })
  })

  it('does not order at the freight of another address', () => {
    const dublin = { name: 'Ana', phone: '', line1: 'Mill St 1', postcode: 'D01', city: 'Dublin', country: 'IE' }
    const made = { ...quote(), fulfilment: { kind: 'parcel' as const, address: dublin } }
    const chosen = choice({ kind: 'parcel', address: dublin, consents: ['t1'], payment: 'test' })
    expect(missing(made, chosen)).toBeUndefined()
    expect(missing(made, { ...chosen, address: { ...dublin, country: 'CH' } })).toBe('address')
  })
  it('sends only the part of the fulfilment that belongs to its kind', () => {
    const address = { name: 'Ana', phone: '', line1: 'Mill St 1', postcode: 'D01', city: 'Dublin', country: 'IE' }
    expect(quoteRequest(wanted, choice({ kind: 'parcel', address }), 1250).fulfilment).toEqual({ kind: 'parcel', slot: undefined, address })
    expect(quoteRequest(wanted, choice(), 1250)).toMatchObject({ show: 'shw_1', show_second: 2528, expected: { sku_1: 1250 } })
  })

  it('asks when the price is not the one seen, higher or lower, and only then', () => {
    expect(priceQuestions(quote(), undefined, { sku_1: 1250 })).toEqual([])
    expect(priceQuestions(quote({}, 1190), undefined, { sku_1: 1250 })[0]).toMatchObject({ from: 1250 })
    expect(priceQuestions(quote({}, 1300), quote(), {})[0]).toMatchObject({ from: 1250 })
    expect(priceQuestions(quote({ changed: [{ line: 'sku_1', from: eur(1100), to: eur(1250) }] }), undefined, {})[0]).toMatchObject({ from: 1100 })
  })

  it.each([
    ['stock.sold_out', 409, 'sold_out'],
    ['order.quote_expired', 409, 'ask_again'],
    ['shop.slot_full', 409, 'ask_again'],
    ['auth.sign_in', 401, 'sign_in'],
    ['order.consent', 422, 'said'],
    ['', 500, 'said'],
  ])('%s (%i) means %s', (code, status, want) => {
    expect(failureOf(new ApiError({ code, status }))).toBe(want)
  })
  it('no answer is not a refusal', () => expect(failureOf(new OfflineError())).toBe('offline'))

  it('takes a kilogram, or what is left of it', () => {
    const sku = { id: 's', name: {}, price: { amount: eur(1) }, measure: kg, available: 18000, total: 18000 }
    expect(usualQuantity(sku)).toBe(1000)
    expect(usualQuantity({ ...sku, available: 840 })).toBe(800)
  })
})
