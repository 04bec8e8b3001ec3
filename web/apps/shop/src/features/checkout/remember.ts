import type { Remembered } from './flow'

const KEY = 'os.checkout'

/** What the last order on this device chose. Unreadable means nothing. */
export function remembered(): Remembered {
  try {
    return (JSON.parse(localStorage.getItem(KEY) ?? '{}') as Remembered) ?? {}
  } catch {
    return {}
  }
}

export function remember(r: Remembered): void {
  localStorage.setItem(KEY, JSON.stringify(r))
}
