import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  { path: '/erasures', name: 'erasures', component: () => import('./ErasuresPage.vue'), meta: { shell: 'station', place: 'erasures' } },
  { path: '/erasures/part/:child', name: 'erase-part', component: () => import('./ErasePartPage.vue'), meta: { shell: 'station', place: 'erasures' } },
  { path: '/erasures/ask/:child', name: 'erase', component: () => import('./ErasePage.vue'), meta: { shell: 'station', place: 'erasures' } },
]
