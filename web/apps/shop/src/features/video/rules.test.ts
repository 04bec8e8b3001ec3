import { expect, it } from 'vitest'
import { indexAt, lies, reelOf, topicsOf } from './rules'

it('swipes through the list of the shop, and keeps a video in front that is in no list', () => {
  const listed = [{ id: 'c' }, { id: 'b' }, { id: 'a' }]
  expect(reelOf({ id: 'b' }, listed).map((v) => v.id)).toEqual(['c', 'b', 'a'])
  expect(reelOf({ id: 'x' }, listed).map((v) => v.id)).toEqual(['x', 'c', 'b', 'a'])
})
it('knows which video fills the screen, the end included', () => {
  expect([0, 399, 401, 1600, 9999].map((y) => indexAt(y, 800, 3))).toEqual([0, 0, 1, 2, 3])
  expect(indexAt(10, 0, 3)).toBe(0)
})
it('fills the phone with standing pictures only', () => {
  expect([lies({ width: 1920, height: 1080 }), lies({ width: 1080, height: 1920 }), lies({ width: 720, height: 720 })]).toEqual([true, false, true])
})
it('reads topics however they are typed', () => {
  expect(topicsOf('#Fish, oysters  #fish、生蚝')).toEqual(['fish', 'oysters', '生蚝'])
  expect(topicsOf(' ')).toEqual([])
  expect(topicsOf('a b c d e f g h i j')).toHaveLength(8)
})
