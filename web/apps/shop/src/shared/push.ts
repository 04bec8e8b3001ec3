import { api } from '@openstall/app'

/** Whether this browser can get messages for this market. */
export const pushWorks = () => 'serviceWorker' in navigator && 'PushManager' in window && import.meta.env.PROD

const subscription = async () => (await navigator.serviceWorker.ready).pushManager.getSubscription()

/** Whether this browser gets messages now. */
export const pushIsOn = async () => pushWorks() && Notification.permission === 'granted' && !!(await subscription())

/** Asks the browser for permission and tells the server where to push. Answers whether it is on now. */
export async function turnPushOn(key: string): Promise<boolean> {
  if ((await Notification.requestPermission()) !== 'granted') return false
  const worker = await navigator.serviceWorker.ready
  const padded = key.replace(/-/g, '+').replace(/_/g, '/')
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: Uint8Array.from(atob(padded), (c) => c.charCodeAt(0)) })
  const { endpoint, keys } = made.toJSON()
  await api.savePush({ endpoint, keys })
  return true
}

/** Forgets this browser, at the server first. */
export async function turnPushOff(): Promise<void> {
  const made = await subscription()
  if (!made) return
  await api.endPush(made.endpoint)
  await made.unsubscribe()
}
