import { join } from '@openstall/app/join'
import app from '@openstall/app/locales/zh.json'
import goods from '@openstall/selling/locales/zh.json'
import ui from '@openstall/ui/locales/zh.json'
import console from './zh.json'

export default join([ui, app, goods, console])
