import { chromium } from 'playwright-core'
const B=process.env.B||'http://localhost:28080'
const b=await chromium.launch({executablePath:'/usr/bin/chromium',args:['--no-sandbox','--disable-gpu','--disable-quic','--no-first-run','--disable-background-networking','--disable-component-update','--disable-sync','--autoplay-policy=no-user-gesture-required']})
const pages=process.argv.slice(2)
for (const spec of pages){ const [name,path,w,h,lang]=spec.split('|')
 const c=await b.newContext({viewport:{width:+w||390,height:+h||844},locale:lang||'en-GB',deviceScaleFactor:1,ignoreHTTPSErrors:true})
 const p=await c.newPage(); p.on('console',m=>{if(['error','warning'].includes(m.type()))console.log(name,m.type(),m.text())}); p.on('pageerror',e=>console.log(name,'PAGEERROR',e.message)); p.on('response',r=>{if(r.status()>=400)console.log(name,r.status(),r.url())}); p.on('request',r=>{if(!r.url().startsWith(B)&&!r.url().startsWith('blob:')&&!r.url().startsWith('data:'))console.log('FOREIGN',r.url())})
 await p.goto(B+path); await p.waitForTimeout(+process.env.WAIT||3000); await p.screenshot({path:`/tmp/shots/${name}.png`}); await c.close() }
await b.close()
