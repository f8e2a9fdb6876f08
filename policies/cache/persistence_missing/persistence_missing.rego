# METADATA
# title: The cache loses its content when it restarts
# description: >-
#   The specification has the cache survive a restart. A replication without a volume loses its content with its
#   pods, and the operator accepts that.
# custom:
#   id: CAC001
#   severity: error
#   owner: reliability
#   remediation: Give the replication a volume, or turn persistence off.
#   section: Storage Resources, 1. Database Storage
package cache.persistence_missing

import data.lib.kubernetes
import rego.v1

examined contains item if {
	input.spec.storage.cache.persistence.enabled
	some item in kubernetes.objects
	item.kind == "RedisReplication"
}

deny contains denial if {
	some item in examined
	size := object.get(
		item.spec,
		["storage", "volumeClaimTemplate", "spec", "resources", "requests", "storage"],
		"",
	)
	size == ""
	denial := {
		"id": "CAC001",
		"message": sprintf("the replication %s has no volume", [item.name]),
		"path": ["storage", "cache", "persistence", "enabled"],
		"file": item.file,
		"pointer": "/spec",
	}
}
