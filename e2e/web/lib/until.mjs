import assert from 'node:assert/strict'

/** Asks again until the answer is true-ish and returns it; throws with `what` when `ms` have gone by. */
export async function until(what, ask, ms = 30_000, every = 50) {
  const end = Date.now() + ms
  let last
  for (;;) {
    try {
      const answer = await ask()
      if (answer) return answer
      last = undefined
    } catch (e) {
      last = e
    }
    if (Date.now() >= end) throw new Error(`not within ${ms} ms: ${what}${last ? `; at last: ${last.message}` : ''}`, { cause: last })
    await new Promise((go) => setTimeout(go, every))
  }
}

/**
 * Measures up to five times and passes when one of them takes at most `limit` milliseconds: a slow path is slow every
 * time, a busy machine only now and then. What was measured stands in the report.
 */
export async function within(t, what, limit, measure) {
  const took = []
  do took.push(await measure())
  while (took.at(-1) > limit && took.length < 5)
  t.diagnostic(`${what} after ${took.join(', ')} ms`)
  assert.ok(took.at(-1) <= limit, `${what} after ${took} ms, limit ${limit} ms`)
}
