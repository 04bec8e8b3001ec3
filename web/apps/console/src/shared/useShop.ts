import { computed } from 'vue'
import { useRoute } from 'vue-router'
import { merchant } from '@openstall/api'
import { client, useSession } from '@openstall/app'

/** The shop of this address, the person's role there, and what its staff may do. */
export function useShop() {
  const id = String(useRoute().params.shop)
  const session = useSession()
  const mine = computed(() => session.person?.shops.find((s) => s.id === id))
  return { id, mine, api: merchant(client, id) }
}
