import { ref } from 'vue'
import { useProblem } from '@openstall/app'
import { say } from '@openstall/ui'

/** Runs one piece of work at a time and says in words when it was refused. */
export function useDo() {
  const problem = useProblem()
  const busy = ref(false)
  async function run<T>(work: () => Promise<T>, done?: string): Promise<T | undefined> {
    if (busy.value) return undefined
    busy.value = true
    try {
      const answer = await work()
      if (done) say(done)
      return answer
    } catch (e) {
      say(problem(e))
      return undefined
    } finally {
      busy.value = false
    }
  }
  return { busy, run }
}
