# METADATA
# title: Too few sentinels agree on a failover
# description: >-
#   With less than a majority two halves of a divided network may each choose a primary; with a quorum above the
#   number of sentinels none is ever chosen. An even number of sentinels survives no more failures than one less.
# custom:
#   id: CAC002
#   severity: error
#   owner: reliability
#   remediation: Use an odd number of sentinels, of which the quorum is more than half.
#   section: High Availability, 1. Redundancy
package cache.quorum_not_a_majority

import data.lib.kubernetes
import rego.v1

examined contains sentinels if {
	some item in kubernetes.objects
	item.kind == "RedisSentinel"
	sentinels := {
		"item": item,
		"size": item.spec.clusterSize,
		"quorum": to_number(object.get(item.spec, ["redisSentinelConfig", "quorum"], "0")),
	}
}

agreed(sentinels) if {
	sentinels.size % 2 == 1
	sentinels.quorum * 2 > sentinels.size
	sentinels.quorum <= sentinels.size
}

deny contains denial if {
	some sentinels in examined
	not agreed(sentinels)
	denial := {
		"id": "CAC002",
		"message": sprintf("%d of %d sentinels are no majority that survives", [sentinels.quorum, sentinels.size]),
		"path": ["redundancy", "application", "failover"],
		"file": sentinels.item.file,
		"pointer": "/spec/redisSentinelConfig",
	}
}
