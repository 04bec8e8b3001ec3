import checkout from '../features/checkout/locales/zh.json'
import room from '../features/room/locales/zh.json'

export default { ...room, ...checkout } as object
