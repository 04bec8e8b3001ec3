import { expect, it } from 'vitest'
import { emptyForm, lacksSource, languagesFor, saidBy } from './form'

it('says a video is the shop’s own until told otherwise', () => {
  expect(saidBy(emptyForm('en'))).toMatchObject({ rights: { kind: 'own' }, visibility: 'public', ai: false, ad: false, topics: [] })
})
it('wants to know where licensed pictures come from', () => {
  const f = { ...emptyForm('en'), licensed: true, source: ' ' }
  expect(lacksSource(f)).toBe(true)
  expect(saidBy({ ...f, source: ' Quay Archive ' }).rights).toEqual({ kind: 'licensed', source: 'Quay Archive' })
  expect(saidBy({ ...f, licensed: false, source: 'left over' }).rights).toEqual({ kind: 'own' })
})
it('offers the languages of the market and of the device', () => {
  expect(languagesFor(['pt-BR', 'en-GB', 'zh-Hans'])).toEqual(['en', 'zh', 'pt'])
})
