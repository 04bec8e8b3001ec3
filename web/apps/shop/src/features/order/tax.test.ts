import { expect, it } from 'vitest'
import type { Tax } from '@openstall/api'
import { gross, percent, taxRows } from './tax'

const eur = (minor: number) => ({ minor, currency: 'EUR' })
const tax: Tax = { rule: 'added', total: eur(365), rates: [{ class: 'standard', ppm: 190_000, net: eur(1000), tax: eur(190) }, { class: 'reduced', ppm: 70_000, net: eur(2500), tax: eur(175) }, { class: 'zero', ppm: 0, net: eur(10), tax: eur(0) }] }

it('says each rate that takes something, and whether it comes on top', () => {
  expect(taxRows(tax, 'en')).toEqual([{ key: 'tax.added', rate: '19%', money: eur(190), class: 'standard' }, { key: 'tax.added', rate: '7%', money: eur(175), class: 'reduced' }])
  expect(taxRows({ ...tax, rule: 'included' }, 'en')[0]!.key).toBe('tax.contained')
  expect(taxRows(undefined, 'en')).toEqual([])
})
it('says rates and sums as they are', () => {
  expect(percent(55_000, 'en')).toBe('5.5%')
  expect(gross(tax.rates[0]!)).toEqual(eur(1190))
})
