import { onScopeDispose } from 'vue'
import type { PersonClient, PersonEvent } from './person'

/** Calls `look` with every event for the person signed in, and without one when the line is back after a break. */
export function usePerson(look: (event?: PersonEvent) => void) {
  let client: PersonClient | undefined
  let left = false
  void import('./person').then((m) => {
    if (!left) client = new m.PersonClient({ onEvent: look, onBack: () => look() })
  })
  onScopeDispose(() => {
    left = true
    client?.close()
  })
}
