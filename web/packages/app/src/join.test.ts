import { expect, it } from 'vitest'
import { join } from './join'

it('parts that add to one group keep each other', () => {
  expect(join([{ problem: { a: '1' }, x: { y: '2' } }, { problem: { b: '3' } }])).toEqual({ problem: { a: '1', b: '3' }, x: { y: '2' } })
})
