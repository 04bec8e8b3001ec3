import { aftercare } from '@openstall/api'
import { client } from '@openstall/app'

/** What buyers do after the sale. */
export const after = aftercare(client)
