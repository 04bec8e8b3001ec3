import { api } from '@openstall/app'

/** Whether this browser can get messages for this market. */
export const pushWorks = () => 'serviceWorker' in navigator && 'PushManager' in window && import.meta.env.PROD

/** Asks the browser for permission and tells the server where to push. Answers whether it is on now. */
export async function turnPushOn(key: string): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false
  const worker = await navigator.serviceWorker.ready
  const padded = key.replace(/-/g, '+').replace(/_/g, '/')
  const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: Uint8Array.from(atob(padded), (c) => c.charCodeAt(0)) })
  const { endpoint, keys } = subscription.toJSON()
  await api.savePush({ endpoint, keys })
  return true
}
