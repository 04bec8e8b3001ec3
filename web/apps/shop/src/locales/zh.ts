import app from '@openstall/app/locales/zh.json'
import ui from '@openstall/ui/locales/zh.json'
import checkout from '../features/checkout/locales/zh.json'
import room from '../features/room/locales/zh.json'

export default { ...ui, ...app, ...room, ...checkout } as object
