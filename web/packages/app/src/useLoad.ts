import { onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'

/** Loads what a page shows: again when its key changes or on `retry`; a late answer to an old key is dropped. */
export function useLoad<T, K = undefined>(ask: (key: K) => Promise<T>, key?: MaybeRefOrGetter<K>) {
  const data = shallowRef<T>()
  const error = shallowRef<unknown>()
  const loading = ref(false)
  let turn = 0

  async function run() {
    const mine = ++turn
    loading.value = true
    error.value = undefined
    try {
      const answer = await ask(toValue(key) as K)
      if (mine === turn) data.value = answer
    } catch (e) {
      if (mine === turn) error.value = e
    } finally {
      if (mine === turn) loading.value = false
    }
  }
  watch(
    () => toValue(key),
    () => {
      data.value = undefined
      void run()
    },
    { immediate: true },
  )
  onScopeDispose(() => turn++)
  return { data, error, loading, retry: run }
}
