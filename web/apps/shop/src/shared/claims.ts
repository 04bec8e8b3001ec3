import { claiming } from '@openstall/api'
import { client } from '@openstall/app'

/** Claims by comment. */
export const claims = claiming(client)
