import { describe, expect, it } from 'vitest'
import type { Measure } from '@openstall/api'
import { dayKind, formatDuration, formatMoney, minorAsTyped, moneyParts, parseMinor, priceOf, quantityFigure, readClock, stepQuantity } from './format'
import { readableColour } from './contrast'
import { countries, likelyCountry } from './countries'
import { pick } from './pick'

const fish: Measure = { kind: 'weight', unit: 'kg', per: 1000, step: 100, min: 100 }
const crab: Measure = { kind: 'piece', unit: 'piece', per: 1, step: 1, min: 1 }

describe('money', () => {
  it.each([
    [1250, 'EUR', 'en', '€12.50'],
    [1250, 'EUR', 'de', '12,50 €'],
    [3600, 'CNY', 'zh', '¥36.00'],
    [3600, 'CNY', 'en', '¥36.00'],
    [1999, 'JPY', 'en', '¥1,999'],
    [1234, 'KWD', 'en', 'KWD 1.234'],
  ])('%i %s in %s is %s', (minor, currency, locale, want) => {
    expect(formatMoney({ minor, currency }, locale).replace(/\u00a0/g, ' ')).toBe(want)
  })

  it('leaves zero cents out of a figure and keeps the others', () => {
    expect(formatMoney({ minor: 38600, currency: 'EUR' }, 'en', true)).toBe('€386')
    expect(formatMoney({ minor: 38650, currency: 'EUR' }, 'en', true)).toBe('€386.50')
  })

  it('gives the sign apart from the figures', () => {
    expect(moneyParts({ minor: 1250, currency: 'EUR' }, 'en')).toEqual([
      { sign: true, text: '€' },
      { sign: false, text: '12.50' },
    ])
  })

  it.each([
    ['12.50', 'EUR', 1250],
    ['12,5', 'EUR', 1250],
    [' 12 ', 'EUR', 1200],
    ['0.1', 'EUR', 10],
    ['1999', 'JPY', 1999],
    ['12.505', 'EUR', undefined],
    ['19.5', 'JPY', undefined],
    ['', 'EUR', undefined],
    ['-1', 'EUR', undefined],
    ['1e3', 'EUR', undefined],
    ['1.2.3', 'EUR', undefined],
  ])('typed %j in %s is %s', (typed, currency, want) => {
    expect(parseMinor(typed, currency)).toBe(want)
  })

  it('comes back as typed', () => {
    for (const minor of [0, 1, 99, 1250, 100000]) expect(parseMinor(minorAsTyped(minor, 'EUR'), 'EUR')).toBe(minor)
  })
})

describe('amounts', () => {
  it('shows grams as kilograms and pieces as they are', () => {
    expect(quantityFigure(1200, fish, 'en')).toBe('1.2')
    expect(quantityFigure(1180, fish, 'en')).toBe('1.18')
    expect(quantityFigure(3, crab, 'en')).toBe('3')
  })

  it('prices by weight, rounded half up', () => {
    expect(priceOf({ minor: 1250, currency: 'EUR' }, 1200, 1000).minor).toBe(1500)
    expect(priceOf({ minor: 1255, currency: 'EUR' }, 100, 1000).minor).toBe(126)
  })

  it('steps stay between the least amount and what is left', () => {
    expect(stepQuantity(1200, 1, fish, 18000)).toBe(1300)
    expect(stepQuantity(100, -1, fish, 18000)).toBe(100)
    expect(stepQuantity(800, 1, fish, 850)).toBe(800)
    expect(stepQuantity(1200, 1, fish, 800)).toBe(800)
    expect(stepQuantity(1, 1, crab, 1)).toBe(1)
  })
})

describe('time', () => {
  it('writes durations like a clock', () => {
    expect([0, 48, 2528, 3723].map(formatDuration)).toEqual(['0:00', '0:48', '42:08', '1:02:03'])
  })
  it('knows today from tomorrow over midnight', () => {
    const now = new Date(2026, 10, 22, 23, 59)
    expect(dayKind(new Date(2026, 10, 23, 0, 1), now)).toBe('tomorrow')
    expect(dayKind(new Date(2026, 10, 22, 0, 1), now)).toBe('today')
    expect(dayKind(new Date(2026, 10, 24, 0, 1), now)).toBe('other')
  })
})

describe('a typed time of day', () => {
  it.each([['9', '09:00'], ['09:15', '09:15'], ['930', '09:30'], ['1730', '17:30'], ['17.30', '17:30'], ['5:30 pm', '17:30'], ['12 am', '00:00'], ['12pm', '12:00'], [' 8h05 ', '08:05'], ['0:00', '00:00'], ['20：45', '20:45']])('%s is %s', (typed, want) => expect(readClock(typed)).toBe(want))
  it.each(['', '24:00', '17:60', '13 pm', '0 am', 'soon', '12345', '-1'])('%s is none', (typed) => expect(readClock(typed)).toBeUndefined())
})

describe('countries', () => {
  it('are named and sorted in the language of the reader', () => {
    expect(countries('en').find((c) => c.code === 'DE')!.name).toBe('Germany')
    expect(countries('zh').find((c) => c.code === 'DE')!.name).toBe('德国')
    expect(countries('en')[0]!.name).toBe('Afghanistan')
  })
  it('are guessed from the browser, or not at all', () => {
    expect(likelyCountry(['en', 'en-IE', 'zh-CN'])).toBe('IE')
    expect(likelyCountry(['eo'])).toBe('')
  })
})

describe('words and colours', () => {
  it('takes the language asked for, then English, then any', () => {
    expect(pick({ en: 'Hake', zh: '鳕鱼' }, 'zh')).toBe('鳕鱼')
    expect(pick({ en: 'Hake', zh: '鳕鱼' }, 'zh-CN')).toBe('鳕鱼')
    expect(pick({ en: 'Hake' }, 'zh')).toBe('Hake')
    expect(pick({ de: 'Seehecht' }, 'zh')).toBe('Seehecht')
    expect(pick(undefined, 'zh')).toBe('')
  })
  it('darkens a shop colour until white can be read on it', () => {
    expect(readableColour('#0F5B4A')).toBe('#0f5b4a')
    expect(readableColour('#F5B81F')).not.toBe('#f5b81f')
    expect(readableColour('red; background:url(x)')).toBe('#0F5B4A')
  })
})
