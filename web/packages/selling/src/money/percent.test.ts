import { expect, test } from 'vitest'
import { parsePercent, percent } from './percent'

test('parts per million are said as percent', () => {
  expect(percent(80_000, 'en')).toBe('8%')
  expect(percent(12_500, 'en')).toBe('1.25%')
  expect(percent(0, 'zh')).toBe('0%')
})

test.each([
  ['8', 80_000],
  ['8 %', 80_000],
  ['1,25', 12_500],
  ['0', 0],
  ['50', 500_000],
  ['50.01', undefined],
  ['', undefined],
  ['-1', undefined],
  ['eight', undefined],
])('a typed %s is %s', (typed, ppm) => {
  expect(parsePercent(typed)).toBe(ppm)
})
