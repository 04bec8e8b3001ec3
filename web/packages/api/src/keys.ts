/**
 * Keeps one Idempotency-Key for each attempt at a write, so that a repeat after a lost answer is the same write.
 * The key changes when the body changes, because the same key with another body is refused by the server.
 */
export class KeyRing {
  private readonly kept = new Map<string, { body: string; key: string }>()

  constructor(private readonly make: () => string = randomKey) {}

  /** The key of this action with this body: the kept one on a repeat, a new one otherwise. */
  keyFor(action: string, body: unknown): string {
    const text = JSON.stringify(body ?? null)
    const held = this.kept.get(action)
    if (held && held.body === text) return held.key
    const key = this.make()
    this.kept.set(action, { body: text, key })
    return key
  }

  /** Call when the server has answered for good: the next attempt is a new write. */
  settle(action: string): void {
    this.kept.delete(action)
  }
}

/** A version 4 UUID; `randomUUID` exists only in secure contexts and a market may run on plain HTTP in a hall. */
export function randomKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = (b[6]! & 0x0f) | 0x40
  b[8] = (b[8]! & 0x3f) | 0x80
  const hex = [...b].map((x) => x.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
