# METADATA
# title: Backups are kept for less long, or no longer made
# description: >-
#   The next run deletes every backup that is older than the new retention, for ever; a schedule that is gone makes no
#   more, and nobody misses one until it is needed.
# custom:
#   id: TRN010
#   severity: error
#   owner: data
#   remediation: >-
#     Write the retention and the schedule back. To keep backups for less long on purpose, acknowledge the transition
#     (docs/transitions.md).
#   section: Disaster Recovery, 1. Backup Strategy
#   waivable: false
package transitions.backup_dropped

import data.lib.transitions
import rego.v1

days := {"d": 1, "w": 7, "m": 30}

# kept returns the days for which an ObjectStore keeps backups; 0 where it does not say so.
kept(store) := to_number(substring(text, 0, count(text) - 1)) * days[substring(text, count(text) - 1, -1)] if {
	text := object.get(store, ["spec", "retentionPolicy"], "")
	regex.match(`^[1-9][0-9]{0,4}[dwm]$`, text)
}

kept(store) := 0 if not regex.match(`^[1-9][0-9]{0,4}[dwm]$`, object.get(store, ["spec", "retentionPolicy"], ""))

examined contains found if {
	some pair in transitions.pairs
	pair.kind == "ObjectStore"
	found := {
		"file": pair.file,
		"statement": ["backup", "database", "retention"],
		"lost": kept(pair.before) - kept(pair.after),
		"before": sprintf("%d days", [kept(pair.before)]),
		"after": sprintf("%d days", [kept(pair.after)]),
	}
}

examined contains found if {
	some schedule in transitions.gone
	schedule.kind == "ScheduledBackup"
	found := {
		"file": schedule.file,
		"statement": ["backup", "database", "schedule"],
		"lost": 1,
		"before": schedule.name,
		"after": "removed",
	}
}

deny contains denial if {
	some found in examined
	found.lost > 0
	denial := {
		"id": "TRN010",
		"message": sprintf("backups are reduced from %s to %s", [found.before, found.after]),
		"path": found.statement,
		"file": found.file,
		"before": found.before,
		"after": found.after,
	}
}
