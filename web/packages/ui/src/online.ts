import { onScopeDispose, ref } from 'vue'

/** Whether the browser says there is a network. False is certain, true is a guess. */
export function useOnline() {
  const online = ref(navigator.onLine)
  const set = () => (online.value = navigator.onLine)
  addEventListener('online', set)
  addEventListener('offline', set)
  onScopeDispose(() => {
    removeEventListener('online', set)
    removeEventListener('offline', set)
  })
  return online
}
