import { join } from '@openstall/app/join'
import goods from '@openstall/selling/locales/en.json'

const parts = import.meta.glob<{ default: object }>(['../features/*/locales/en.json', '!../features/{room,checkout}/locales/*'], { eager: true })

export default join([goods, ...Object.values(parts).map((m) => m.default)])
