import { learning } from '@openstall/api'
import { client } from '@openstall/app'

/** What learners do. */
export const learn = learning(client)
