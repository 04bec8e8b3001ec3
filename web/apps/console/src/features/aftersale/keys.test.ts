import { expect, it } from 'vitest'
import { keyAction, neighbour } from './keys'

const key = (k: string, over = {}) => keyAction({ key: k, ctrlKey: false, metaKey: false, altKey: false, repeat: false, target: null, ...over })

it('one key answers, and only when nobody writes', () => {
  expect(['j', 'A', 'p', 'r', 'x'].map((k) => key(k))).toEqual(['next', 'agree', 'counter', 'refuse', undefined])
  expect(key('a', { target: { tagName: 'TEXTAREA' } })).toBeUndefined()
  expect(key('r', { ctrlKey: true })).toBeUndefined()
})

it('a held key walks but does not give money away', () => {
  expect(key('j', { repeat: true })).toBe('next')
  expect(key('a', { repeat: true })).toBeUndefined()
})

it('the ends of the queue stay', () => {
  const all = [{ id: 'a' }, { id: 'b' }]
  expect([neighbour(all, 'a', -1), neighbour(all, 'a', 1), neighbour(all, 'b', 1), neighbour([], undefined, 1)]).toEqual(['a', 'b', 'b', undefined])
})
