import { onScopeDispose, ref } from 'vue'

/** Whether the screen is wide enough for picture left, bag and comments right. */
export function useWide() {
  const query = matchMedia('(min-width: 900px)')
  const wide = ref(query.matches)
  const set = () => (wide.value = query.matches)
  query.addEventListener('change', set)
  onScopeDispose(() => query.removeEventListener('change', set))
  return wide
}
