import { asking } from '@openstall/api'
import { client } from '@openstall/app'

/** Saying that one is interested, and taking it back. */
export const leads = asking(client)
