import type { FromFriends, PersonLine, Video } from '@openstall/api'

/** A video with the friends who led to it, where there are any. */
export type FeedItem = { video: Video; people?: PersonLine[]; what?: 'liked' | 'shared'; at?: string }

export const asItems = (list: readonly (Video | FromFriends)[]): FeedItem[] => list.map((x) => ('video' in x ? x : { video: x }))

/** One list after the other; what was there already is not there twice. A list that changes meanwhile may repeat itself. */
export function joined(first: readonly FeedItem[], then: readonly FeedItem[]): FeedItem[] {
  const had = new Set(first.map((i) => i.video.id))
  return [...first, ...then.filter((i) => !had.has(i.video.id))]
}

/** Those of the shops that somebody follows in front, each part in its own order. */
export function followedFirst<T extends { shop: { id: string } }>(list: readonly T[], followed: readonly string[]): T[] {
  const is = (x: T) => followed.includes(x.shop.id)
  return [...list.filter(is), ...list.filter((x) => !is(x))]
}
