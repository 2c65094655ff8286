import type { RouteRecordRaw } from 'vue-router'

export const routes: RouteRecordRaw[] = [
  {
    path: '/children',
    name: 'children',
    component: () => import('./ChildrenPage.vue'),
    meta: { shell: 'tablet', place: 'children', list: 'children' },
  },
  {
    path: '/children/:child',
    name: 'child',
    component: () => import('./ChildPage.vue'),
    meta: { shell: 'both', place: 'children', list: 'children' },
  },
  {
    path: '/children/:child/benefits',
    name: 'benefits',
    component: () => import('./BenefitsPage.vue'),
    meta: { shell: 'both', place: 'children', list: 'children' },
  },
  {
    path: '/children/:child/confidential',
    name: 'confidential',
    component: () => import('./ConfidentialPage.vue'),
    meta: { shell: 'station', place: 'children', list: 'children' },
  },
]
