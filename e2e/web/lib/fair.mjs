import { Person } from './api.mjs'
import { film, postVideo } from './video.mjs'

/** A market of stalls in several trades, each with one short video that looks like no other. */
export async function openFair(server, packs, { seconds = 2 } = {}) {
  const stalls = []
  for (const [i, pack] of packs.entries()) {
    const owner = await new Person(server).signIn(`Owner${i}`)
    const shop = await owner.post('/v1/merchant/shops', { name: { en: `Stall ${i} ${pack}`, zh: `${i} 号摊` }, pack })
    const stall = { owner, shop, pack, base: `/v1/merchant/shops/${shop.id}` }
    const file = await film(server.data, { seconds, name: `film${i}.mp4`, picture: `gradients=s=360x640:r=25:seed=${i + 1}:n=8:speed=0.06:type=${['linear', 'radial', 'circular', 'spiral'][i % 4]}` })
    stall.video = await postVideo(stall, file, { caption: `Film ${i} of ${pack}`, language: 'en', topics: [pack, `number${i}`] })
    stalls.push(stall)
  }
  return stalls
}
