import type { BagItem, ProductCard, Video } from '@openstall/api'

/** The videos in the order of the swipe: as the shop lists them, with the one that was opened in front when it is in no list. */
export function reelOf<V extends Pick<Video, 'id'>>(opened: V, listed: readonly V[]): V[] {
  return listed.some((v) => v.id === opened.id) ? [...listed] : [opened, ...listed]
}

/** Which video fills the screen when the page has been scrolled so far. */
export function indexAt(scrolled: number, height: number, count: number): number {
  if (height <= 0) return 0
  return Math.min(count, Math.max(0, Math.round(scrolled / height)))
}

/** The goods of a video as a bag, numbered as the shop ordered them. */
export const bagOf = (products: readonly ProductCard[]): BagItem[] => products.map((product, i) => ({ number: i + 1, product }))

/** Lying pictures are shown whole; standing ones fill the phone. */
export const lies = (v: { width: number; height: number }): boolean => v.width > v.height * 0.8

/** Topics as somebody types them: `#Fish, oysters  #fish` are two. The server keeps eight of thirty characters. */
export function topicsOf(typed: string): string[] {
  const all = typed
    .split(/[\s,，、;；#＃]+/)
    .map((t) => t.trim().toLowerCase().slice(0, 30))
    .filter(Boolean)
  return [...new Set(all)].slice(0, 8)
}
