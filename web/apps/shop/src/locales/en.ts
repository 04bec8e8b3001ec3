import app from '@openstall/app/locales/en.json'
import ui from '@openstall/ui/locales/en.json'
import checkout from '../features/checkout/locales/en.json'
import room from '../features/room/locales/en.json'

export default { ...ui, ...app, ...room, ...checkout } as object
