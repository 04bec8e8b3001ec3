/** Both pages come together: who looks at a cart goes on to order. */
export { default as CartPage } from './CartPage.vue'
export { default as CheckoutPage } from './CheckoutPage.vue'
