import { onBeforeUnmount, watch } from 'vue'

/** Tells for how many seconds something was on the screen each time it goes: while it was active and its window was seen. */
export function useLook(active: () => boolean, tell: (seconds: number) => void) {
  let since = 0
  let looked = 0
  function hold() {
    if (since) looked += (performance.now() - since) / 1000
    since = 0
  }
  function see() {
    if (active() && document.visibilityState === 'visible') since ||= performance.now()
    else hold()
  }
  function end() {
    hold()
    if (looked > 0) tell(looked)
    looked = 0
  }
  watch(active, (on) => (on ? see() : end()), { immediate: true })
  document.addEventListener('visibilitychange', see)
  onBeforeUnmount(() => {
    document.removeEventListener('visibilitychange', see)
    end()
  })
}
