export type KeyAction = 'next' | 'before' | 'agree' | 'counter' | 'refuse'

const actions: Record<string, KeyAction> = { j: 'next', ArrowDown: 'next', k: 'before', ArrowUp: 'before', a: 'agree', p: 'counter', r: 'refuse' }

/** What a key does in the queue; nothing while somebody writes or holds a modifier. */
export function keyAction(e: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'repeat' | 'target'>): KeyAction | undefined {
  const at = e.target as Partial<HTMLElement> | null
  if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at?.tagName ?? '')) return undefined
  const action = actions[e.key.length === 1 ? e.key.toLowerCase() : e.key]
  // A key that is held walks the list; it does not answer one case after the other.
  return e.repeat && action !== 'next' && action !== 'before' ? undefined : action
}

/** The id of the row before or after one; the ends stay. */
export function neighbour(all: { id: string }[], id: string | undefined, by: 1 | -1): string | undefined {
  const at = all.findIndex((x) => x.id === id)
  return all[Math.max(0, Math.min(all.length - 1, at + by))]?.id
}
