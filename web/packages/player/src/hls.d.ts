// hls.js 1.7 ships its light build without types under "exports".
declare module 'hls.js/light' {
  export * from 'hls.js'
  export { default } from 'hls.js'
}
