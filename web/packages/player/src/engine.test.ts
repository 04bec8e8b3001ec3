import { expect, it } from 'vitest'
import { retryDelay } from './engine'

it('tries again soon, and never waits longer than two seconds', () => {
  expect([0, 1, 2, 3, 4, 100].map(retryDelay)).toEqual([500, 1000, 2000, 2000, 2000, 2000])
})
