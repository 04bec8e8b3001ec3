import type { BagItem, Chapter, ShowCard, ShowFigures } from '@openstall/api'

const ON_AIR = ['live', 'interrupted', 'practice']

/** The show the controller wants: the one in the address, else what is on air, else what comes next. */
export function showToOpen(shows: ShowCard[], wanted?: string): string | undefined {
  if (wanted) return wanted
  const air = shows.find((s) => ON_AIR.includes(s.state))
  if (air) return air.id
  return shows.filter((s) => s.state === 'scheduled' || s.state === 'draft').sort((a, b) => (a.starts_at ?? '9').localeCompare(b.starts_at ?? '9'))[0]?.id
}

/** How long goods have been explained so far, from all their chapters, in seconds. */
export function explainedSeconds(item: BagItem, chapters: Chapter[], nowSecond: number): number {
  return chapters.filter((c) => c.number === item.number).reduce((n, c) => n + Math.max(0, (c.to_second ?? nowSecond) - c.from_second), 0)
}

export type Plot = { line: string; area: string; bars: { x: number; y: number; h: number }[]; blocks: { x: number; w: number; number: number; label?: number }[]; ticks: { y: number; label: number }[]; hours: { x: number; at: string }[]; last?: { x: number; y: number } }

const W = 640
const H = 108
const LEFT = 34
/** The narrowest block, the room that a number takes in its block, and what it takes beside one too narrow for it. */
const LEAST_BLOCK = 3
const NUMBER = 14
const BESIDE = 40

/** Turns a show's minutes into the drawing: watching as a line, orders as bars, explained goods as blocks under the axis. */
export function plot(f: ShowFigures, start: number): Plot {
  const n = f.minutes.length
  const most = niceTop(Math.max(1, ...f.minutes.map((m) => m.viewers)))
  const mostOrders = Math.max(4, ...f.minutes.map((m) => m.orders))
  const x = (i: number) => LEFT + ((W - LEFT - 8) * i) / Math.max(1, n - 1)
  const y = (v: number) => H - (H - 8) * (v / most)
  const points = f.minutes.map((m, i) => `${x(i).toFixed(1)} ${y(m.viewers).toFixed(1)}`)
  const minute = (second: number) => Math.min(n - 1, Math.max(0, second / 60))
  const line = points.length ? `M${points.join('L')}` : ''
  return {
    line,
    area: line && `${line}L${x(n - 1).toFixed(1)} ${H}L${LEFT} ${H}Z`,
    bars: f.minutes.flatMap((m, i) => (m.orders ? [{ x: x(i), y: H - (m.orders / mostOrders) * 40, h: (m.orders / mostOrders) * 40 }] : [])),
    blocks: labelled(
      f.chapters.map((c) => {
        const from = Math.min(x(minute(c.from_second)), W - 8 - LEAST_BLOCK)
        // One less than the minutes take, so that blocks that touch are told apart.
        return { number: c.number, x: from, w: Math.max(LEAST_BLOCK, x(minute(c.to_second ?? n * 60)) - from - 1) }
      }),
    ),
    ticks: [0, most / 2, most].map((v) => ({ y: y(v), label: v })),
    hours: f.minutes.flatMap((m, i) => (i % Math.max(5, Math.ceil(n / 6 / 5) * 5) === 0 ? [{ x: x(i), at: m.at || new Date(start + i * 60000).toISOString() }] : [])),
    last: n ? { x: x(n - 1), y: y(f.minutes[n - 1]!.viewers) } : undefined,
  }
}

/** Puts a number on each block that has room for one, the latest first; of many narrow ones a few stand for all. */
function labelled(blocks: Plot['blocks']): Plot['blocks'] {
  let free = W - 8
  for (const b of [...blocks].reverse()) {
    const at = Math.min(b.x + b.w / 2, W - 8 - NUMBER / 2)
    if (at + NUMBER / 2 > free) continue
    b.label = at
    free = b.w < NUMBER ? at + NUMBER / 2 - BESIDE : b.x
  }
  return blocks
}

/** The least round number that is not below the highest value: 2, 10, 20, 50, 100, 200 … */
export function niceTop(v: number): number {
  const p = 10 ** Math.floor(Math.log10(v))
  return [1, 2, 2.5, 5, 10].map((k) => k * p).find((k) => k >= v && k % 2 === 0) ?? Math.ceil(v / 2) * 2
}

/** The words of a list: one a line, or with commas between them. */
export const wordsOf = (text: string) => text.split(/[\n,，、;；]/).map((w) => w.trim()).filter(Boolean)
