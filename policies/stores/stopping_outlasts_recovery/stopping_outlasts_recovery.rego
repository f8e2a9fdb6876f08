# METADATA
# title: PostgreSQL may take longer to stop, hand over and start than the recovery objective has for it
# description: >-
#   During a handover the former primary stops, and nobody can write until it has, or its time is over. The operator's
#   own times are an hour for a handover, half an hour for a stop and an hour for a start. A stop begins by waiting for
#   open sessions; what it has left must be enough to end them, and no less than a handover has to archive the log.
# custom:
#   id: STO015
#   severity: error
#   owner: data
#   remediation: >-
#     Raise recovery.rto.target, or render switchoverDelay, stopDelay and startDelay whose sum is within its half, and a
#     stopDelay of smartShutdownTimeout and switchoverDelay together.
#   section: Disaster Recovery, 2. Recovery Plans
package stores.stopping_outlasts_recovery

import data.lib.stores
import data.lib.units
import data.thresholds.stopping
import rego.v1

examined contains cluster if {
	some item in stores.clusters
	cluster := {
		"item": item,
		"handover": stores.number(object.get(item.spec, "switchoverDelay", stopping.defaults.handover)),
		"stop": stores.number(object.get(item.spec, "stopDelay", stopping.defaults.stop)),
		"smart": stores.number(object.get(item.spec, "smartShutdownTimeout", stopping.defaults.smart)),
		"start": stores.number(object.get(item.spec, "startDelay", stopping.defaults.start)),
	}
}

objective := input.spec.recovery.rto.target

faults(cluster) := {fault |
	sum([cluster.handover, cluster.stop, cluster.start]) * 100 > objective * stopping.share_of_objective_percent
	fault := {"field": "switchoverDelay", "reason": sprintf(
		"%d seconds to hand over, %d to stop and %d to start are more than %d %% of recovery.rto.target, %s",
		[cluster.handover, cluster.stop, cluster.start, stopping.share_of_objective_percent, units.seconds(objective)],
	)}
} | {fault |
	cluster.stop - cluster.smart < max([cluster.handover, stopping.least_fast_seconds])
	fault := {"field": "stopDelay", "reason": sprintf(
		"a stop has %d seconds once it no longer waits for sessions, and a handover %d; it needs as many, and %d at least",
		[max([0, cluster.stop - cluster.smart]), cluster.handover, stopping.least_fast_seconds],
	)}
}

deny contains denial if {
	some cluster in examined
	some fault in faults(cluster)
	denial := {
		"id": "STO015",
		"message": sprintf("%s: %s", [cluster.item.name, fault.reason]),
		"path": ["recovery", "rto", "target"],
		"places": [["recovery", "rto", "target"]],
		"file": cluster.item.file,
		"pointer": sprintf("/spec/%s", [fault.field]),
	}
}
