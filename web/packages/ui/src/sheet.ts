/**
 * Lets the phone's back button close a sheet instead of leaving the page: an open sheet stands as one entry in the
 * browser's history. Sheets opened on top of each other close one at a time.
 */
const stack: { close: () => void }[] = []
/** History pops that we caused ourselves and that must not close another sheet. */
let ours = 0

addEventListener('popstate', (e) => {
  if (ours > 0) {
    ours--
    e.stopImmediatePropagation()
    return
  }
  const top = stack.at(-1)
  if (!top) return
  // The router must not see this pop: the address has not changed.
  e.stopImmediatePropagation()
  stack.pop()
  top.close()
})

export function useSheetHistory(close: () => void) {
  const me = { close }
  return {
    enter() {
      if (stack.includes(me)) return
      stack.push(me)
      // Keeps the router's own notes in the state, so that its positions stay right.
      history.pushState({ ...history.state, sheet: stack.length }, '')
    },
    leave() {
      const i = stack.indexOf(me)
      if (i < 0) return
      stack.splice(i, 1)
      // After a navigation the entry on top belongs to the new page and stays.
      if (history.state?.sheet) {
        ours++
        history.back()
      }
    },
  }
}
