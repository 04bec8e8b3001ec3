import 'vue-router'

declare module 'vue-router' {
  interface RouteMeta {
    /** Drawn dark, whatever the system says. */
    dark?: boolean
    /** Needs somebody signed in. */
    signedIn?: boolean
  }
}
