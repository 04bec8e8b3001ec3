import { groupBuys } from '@openstall/api'
import { client } from '@openstall/app'

/** Buying together. */
export const groups = groupBuys(client)
