export { default as OsPlayer } from './OsPlayer.vue'
export { retryDelay } from './engine'
