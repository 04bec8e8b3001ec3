import { onScopeDispose, ref } from 'vue'

/** Whether the screen has room for picture left, bag and comments right: a large one, or a phone lying on its side. */
export function useWide() {
  const query = matchMedia('(min-width: 900px), (orientation: landscape) and (min-width: 640px)')
  const wide = ref(query.matches)
  const set = () => (wide.value = query.matches)
  query.addEventListener('change', set)
  onScopeDispose(() => query.removeEventListener('change', set))
  return wide
}
