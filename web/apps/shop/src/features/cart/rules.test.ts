import { expect, it } from 'vitest'
import { ApiError } from '@openstall/api'
import { refusedTitles, type Seller } from './rules'

const line = (title: string, state = 'ok') => ({ title: { en: title }, state, quantity: 1, available: 5, measure: { step: 1 } })

it('names the goods that a refused offer is about, by their places in what was asked for', () => {
  const seller = { lines: [line('Hidden', 'gone'), line('Book'), line('Stove'), line('Atlas')] } as unknown as Seller
  const refused = new ApiError({ status: 422, title: '', code: 'shop.not_sent_there', errors: [{ location: 'items[1]', message: 'not sent to CH' }, { location: 'items[2]', message: 'not sent to CH' }] })
  expect(refusedTitles(refused, seller, 'en')).toEqual(['Stove', 'Atlas'])
  expect(refusedTitles(new Error('offline'), seller, 'en')).toEqual([])
})
