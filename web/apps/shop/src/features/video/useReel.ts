import type { Ref } from 'vue'
import { indexAt } from './rules'

/** Moves a reel, whose items are each as high as its box, by swiping, keys and buttons; `at` follows. */
export function useReel(box: Ref<HTMLElement | undefined>, at: Ref<number>, count: () => number) {
  function onScroll() {
    if (box.value) at.value = indexAt(box.value.scrollTop, box.value.clientHeight, count())
  }
  function go(step: 1 | -1) {
    const el = box.value
    if (el) el.scrollTo({ top: (at.value + step) * el.clientHeight, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' })
  }
  function onKey(e: KeyboardEvent) {
    if ((e.target as HTMLElement).closest('input, textarea, [role=dialog]')) return
    const step = { ArrowDown: 1, PageDown: 1, ArrowUp: -1, PageUp: -1 }[e.key] as 1 | -1 | undefined
    if (!step) return
    e.preventDefault()
    go(step)
  }
  return { onScroll, go, onKey }
}
