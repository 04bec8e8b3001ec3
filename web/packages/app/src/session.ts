import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { SessionInfo } from '@openstall/api'
import { api } from './api'

/** Who is here, and what market this is. */
export const useSession = defineStore('session', () => {
  const info = ref<SessionInfo>()
  let loading: Promise<SessionInfo | undefined> | undefined

  /** Asks once; a failure leaves the visitor anonymous, and the next call asks again. */
  function load(fresh = false) {
    if (fresh) loading = undefined
    loading ??= api.session().then(
      (s) => (info.value = s),
      () => {
        loading = undefined
        return undefined
      },
    )
    return loading
  }
  const take = (s: SessionInfo) => (info.value = s)
  async function signOut() {
    await api.signOut()
    await load(true)
  }
  return {
    info,
    person: computed(() => info.value?.person ?? null),
    market: computed(() => info.value?.market),
    load,
    take,
    signOut,
  }
})
