import { computed } from 'vue'
import { useRoute } from 'vue-router'
import { merchant, seller } from '@openstall/api'
import { client, useSession } from '@openstall/app'

export const selling = seller(client)

/** The shop of this address, and what its staff may do there. */
export function useShop() {
  const route = useRoute()
  const session = useSession()
  const id = String(route.params.shop)
  const mine = computed(() => session.person?.shops.find((s) => s.id === id))
  return { id, mine, api: merchant(client, id) }
}
