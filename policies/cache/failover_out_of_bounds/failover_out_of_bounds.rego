# METADATA
# title: Sentinels take a pause for a failure, or take too long for a failover
# description: >-
#   A primary that rewrites its log or changes its node may be silent for seconds; one that is given up for that fails
#   over without need. Until it is given up each worker throttles by itself, and a client may use twice its quota. A
#   failover that fails is tried again after twice its timeout, which must leave time for the first one.
# custom:
#   id: CAC007
#   severity: error
#   owner: reliability
#   remediation: >-
#     Render downAfterMilliseconds and failoverTimeout within their thresholds, the second at least twice the first.
#   section: High Availability, 1. Redundancy
package cache.failover_out_of_bounds

import data.lib.kubernetes
import data.lib.stores
import data.thresholds.sentinel
import rego.v1

examined contains watch if {
	some item in kubernetes.objects
	item.kind == "RedisSentinel"
	config := object.get(item.spec, "redisSentinelConfig", {})
	watch := {
		"item": item,
		"down": stores.number(object.get(config, "downAfterMilliseconds", "30000")),
		"failover": stores.number(object.get(config, "failoverTimeout", "180000")),
	}
}

suits(down, failover) if {
	down >= sentinel.least_down_milliseconds
	down <= sentinel.most_down_milliseconds
	failover >= down * 2
	failover <= sentinel.most_failover_milliseconds
}

deny contains denial if {
	some watch in examined
	down := watch.down
	failover := watch.failover
	not suits(down, failover)
	denial := {
		"id": "CAC007",
		"message": sprintf(
			"%s gives its primary up after %d ms and a failover after %d: %d to %d, and from twice that to %d are right",
			[
				watch.item.name, down, failover, sentinel.least_down_milliseconds,
				sentinel.most_down_milliseconds, sentinel.most_failover_milliseconds,
			],
		),
		"path": ["redundancy", "application", "failover"],
		"file": watch.item.file,
		"pointer": "/spec/redisSentinelConfig",
	}
}
