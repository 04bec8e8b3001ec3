import { describe, expect, it } from 'vitest'
import type { FromFriends, Video } from '@openstall/api'
import { asItems, followedFirst, joined } from './feed'

const video = (id: string) => ({ id }) as Video

describe('a list of videos', () => {
  it('takes both kinds of items', () => {
    const led = { video: video('a'), people: [{ id: 'p', name: 'Rosa' }], what: 'liked', at: '2026-11-23T00:00:00Z' } as FromFriends
    expect(asItems([led, video('b')]).map((i) => [i.video.id, i.people?.length])).toEqual([['a', 1], ['b', undefined]])
  })
  it('does not repeat what it showed', () => {
    const ids = joined(asItems([video('a'), video('b')]), asItems([video('b'), video('c')])).map((i) => i.video.id)
    expect(ids).toEqual(['a', 'b', 'c'])
  })
  it('puts followed shops in front and keeps the order', () => {
    const list = ['x', 'a', 'y', 'b'].map((id) => ({ shop: { id } }))
    expect(followedFirst(list, ['b', 'a']).map((i) => i.shop.id)).toEqual(['a', 'b', 'x', 'y'])
  })
})
