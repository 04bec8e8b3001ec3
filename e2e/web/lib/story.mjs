/**
 * Returns a function that adds one step to a story. A step that fails ends the story, because the ones after it build on
 * it, and says which faults the pages have had.
 */
export function steps(t, ...pages) {
  let broken = false
  return async (name, work) => {
    if (broken) return
    await t.test(name, async (t) => {
      try {
        await work(t)
      } catch (e) {
        broken = true
        for (const p of pages) if (p.faults.length) t.diagnostic(`faults: ${p.faults.join('\n')}`)
        throw e
      }
    })
  }
}
