import type { BagItem, Chapter, RoomState, ShowState, Sku } from '@openstall/api'

export type RoomView = 'scheduled' | 'live' | 'replay' | 'cancelled' | 'over'

/** Which page a show's address opens. Practice looks like live; only the staff get that far. */
export function viewOf(state: ShowState, hasReplay: boolean): RoomView {
  switch (state) {
    case 'live':
    case 'interrupted':
    case 'practice':
      return 'live'
    case 'ended':
    case 'replay':
      return hasReplay ? 'replay' : 'over'
    case 'cancelled':
      return 'cancelled'
    case 'draft':
    case 'scheduled':
      return 'scheduled'
  }
}

/** The goods on the card: what is pinned, else what is being explained. */
export function cardNumber(state: Pick<RoomState, 'pinned' | 'explaining'>): number | undefined {
  return state.pinned ?? state.explaining?.number
}

/** The chapter that plays at a second; an open chapter runs to the next one. */
export function chapterAt(chapters: Chapter[], second: number): Chapter | undefined {
  return chapters.filter((c) => c.from_second <= second && (c.to_second === undefined || second < c.to_second)).at(-1)
}

/** The variant Buy takes without asking: the first that is not sold out. */
export function firstSku(item: BagItem): Sku | undefined {
  return item.product.skus.find((s) => s.available >= s.measure.min) ?? item.product.skus[0]
}

/** `?t=` in seconds; anything else starts at the beginning. */
export function startSecond(t: unknown): number {
  const n = Number(Array.isArray(t) ? t[0] : t)
  return Number.isFinite(n) && n > 0 ? Math.floor(n) : 0
}
