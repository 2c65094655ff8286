// What the help speaks of, in the order it is shown. The words are in the locale files.

/** Questions people ask on a tablet. */
export const topics = [
  'today', 'visit', 'contact', 'nobody', 'report', 'screening', 'benefits', 'work_log', 'activity', 'closing', 'moving', 'no_network', 'states',
  'both', 'lost', 'privacy', 'practice',
] as const

/** Words of the field, for somebody new; none that labels a child. */
export const words = [
  'director', 'supervisor', 'station', 'listed', 'left_behind', 'orphan', 'unattended', 'suspected', 'file', 'guardian', 'caregiver',
  'visit', 'contact', 'attempt', 'late', 'void', 'pause', 'tier', 'round', 'screening', 'delegation', 'assessment', 'warden', 'temp_care',
  'admonish', 'mentor', 'buddy', 'wish', 'device', 'low_income', 'problem', 'mandatory', 'referral', 'follow_up', 'handler', 'recusal',
  'second_village', 'vetting',
] as const

/** What a family is told, and what a child is told. */
export const told = {
  grown: ['who', 'what', 'why', 'seen', 'free', 'rights', 'duty'],
  child: ['who', 'ask', 'free', 'kept', 'afraid'],
} as const
