import type { BagItem } from '@openstall/api'

export type BagRow = { product: string; set_aside?: number }

/** The bag as rows in the order they are called. */
export function rowsOf(bag: BagItem[]): BagRow[] {
  return [...bag].sort((a, b) => a.number - b.number).map((b) => ({ product: b.product.id, set_aside: b.set_aside }))
}

/** One row moved up or down; at the ends nothing changes. */
export function moved(rows: BagRow[], from: number, by: -1 | 1): BagRow[] {
  const to = from + by
  if (to < 0 || to >= rows.length) return rows
  const next = [...rows]
  ;[next[from], next[to]] = [next[to]!, next[from]!]
  return next
}

/** What the server takes: numbers are the order, from 1. */
export const numbered = (rows: BagRow[]) => rows.map((r, i) => ({ number: i + 1, product: r.product, set_aside: r.set_aside }))
