import { until } from './until.mjs'
import { Publisher } from './publisher.mjs'

/** Publishes over RTMP, starts the show, and returns when viewers can get the picture and its still. */
export async function goLive(t, server, stall, show) {
  const publisher = Publisher.start(t, server, show.key)
  await until('the encoder is taken', async () => (await stall.owner.get(show.path)).stream.state === 'live', 20_000)
  await stall.owner.post(`${show.path}/start`)
  await hasPicture(server, show)
  await until('the still of the show', async () => (await fetch(`${server.origin}/poster/${show.id}.jpg`)).ok, 20_000)
  return publisher
}

/** Returns when the live playlist can be had. */
export async function hasPicture(server, show) {
  await until('the playlist of the show', async () => (await fetch(`${server.origin}/live/${show.id}/index.m3u8`)).ok, 20_000)
}
