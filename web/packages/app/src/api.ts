import { Client, shopper } from '@openstall/api'

export const client = new Client()
export const api = shopper(client)
