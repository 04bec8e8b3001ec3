import { onScopeDispose, ref, type Ref } from 'vue'

let offset = 0

/** Notes the server's clock, so that countdowns run to the server's deadline and not to a wrong phone's. */
export function noteServerTime(serverTime: string): void {
  const at = Date.parse(serverTime)
  if (!Number.isNaN(at)) offset = at - Date.now()
}

/** Milliseconds now, by the server's clock as far as it is known. */
export const serverNow = () => Date.now() + offset

/** A clock that ticks once a second while somebody looks at it. */
export function useNow(): Ref<number> {
  const now = ref(serverNow())
  const timer = setInterval(() => (now.value = serverNow()), 1000)
  onScopeDispose(() => clearInterval(timer))
  return now
}
