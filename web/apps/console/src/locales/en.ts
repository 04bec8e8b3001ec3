import { join } from '@openstall/app/join'
import app from '@openstall/app/locales/en.json'
import goods from '@openstall/selling/locales/en.json'
import ui from '@openstall/ui/locales/en.json'
import console from './en.json'

export default join([ui, app, goods, console])
