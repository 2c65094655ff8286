import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/stations', name: 'stations', component: () => import('./StationsPage.vue'), meta: { shell: 'district', place: 'stations' } },
  { path: '/stations/trail', name: 'station-trails', component: () => import('./TrailsPage.vue'), meta: { shell: 'district', place: 'stations' } },
  { path: '/stations/:station', name: 'station-report', component: () => import('./StationPage.vue'), meta: { shell: 'district', place: 'stations' } },
  { path: '/me', name: 'officer', component: () => import('./OfficerPage.vue'), meta: { shell: 'district', place: 'me' } },
  { path: '/me/reported', name: 'reported', component: () => import('./ReportedPage.vue'), meta: { shell: 'station', place: 'me' } },
]
