import app from '@openstall/app/locales/zh.json'
import goods from '@openstall/selling/locales/zh.json'
import ui from '@openstall/ui/locales/zh.json'
import console from './zh.json'

export default { ...ui, ...app, ...goods, ...console } as object
