import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/moves', name: 'moves', component: () => import('./MovesPage.vue'), meta: { shell: 'station', place: 'moves' } },
  { path: '/moves/offer/:child', name: 'move-offer', component: () => import('./OfferPage.vue'), meta: { shell: 'station', place: 'moves' } },
  { path: '/departures', name: 'departures', component: () => import('./DeparturesPage.vue'), meta: { shell: 'both', place: 'me' } },
]
