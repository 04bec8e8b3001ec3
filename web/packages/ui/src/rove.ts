const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }

/**
 * The keys of a group of radios or tabs that are buttons (ARIA Authoring Practices, radio group): Tab comes to the chosen
 * one, the arrows choose the next. For `@keydown` of the group; its buttons take their `tabindex` from `stop`.
 */
export function rove(e: KeyboardEvent): void {
  const step = STEPS[e.key]
  const all = [...(e.currentTarget as HTMLElement).querySelectorAll<HTMLElement>('[role=radio]:not(:disabled),[role=tab]:not(:disabled)')]
  const at = all.indexOf(e.target as HTMLElement)
  if (!step || at < 0) return
  e.preventDefault()
  const next = all[(at + step + all.length) % all.length]!
  next.focus()
  next.click()
}

/** Where Tab stops in such a group: at the chosen one, or at the first while none is. */
export const stop = (chosen: boolean, none: boolean, index: number): 0 | -1 => (chosen || (none && index === 0) ? 0 : -1)
