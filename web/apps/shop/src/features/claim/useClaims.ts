import { onScopeDispose, shallowRef } from 'vue'
import type { Claim } from '@openstall/api'
import { say } from '@openstall/ui'
import { useProblem } from '@openstall/app'
import { usePerson } from '@openstall/room'
import { claims } from '../../shared/claims'
import { isLive } from './rules'

/** What one holds or waits for, kept true: by notices, by the clock, and while one looks. */
export function useClaims(read: () => Promise<Claim[]>) {
  const problem = useProblem()
  const mine = shallowRef<Claim[]>([])
  const busy = shallowRef(false)

  async function look() {
    const answer = await read().catch(() => undefined)
    if (answer) mine.value = answer
  }
  async function release(id: string) {
    busy.value = true
    try {
      await claims.release(id)
    } catch (e) {
      say(problem(e))
    }
    await look()
    busy.value = false
  }
  usePerson((e) => (!e || (e.type === 'notice' && e.data.url.startsWith('/claims/'))) && void look())
  // The list moves although nobody tells those behind.
  const timer = setInterval(() => mine.value.some(isLive) && document.visibilityState === 'visible' && void look(), 15_000)
  onScopeDispose(() => clearInterval(timer))
  return { mine, busy, look, release }
}
