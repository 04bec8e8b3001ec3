import checkout from '../features/checkout/locales/en.json'
import room from '../features/room/locales/en.json'

export default { ...room, ...checkout } as object
