# METADATA
# title: The cache may outgrow its container
# description: >-
#   Without a bound Redis takes memory until it is killed. Near its limit it is killed too: while it rewrites its
#   log it holds two copies of everything that changes.
# custom:
#   id: CAC003
#   severity: error
#   owner: reliability
#   remediation: Bound the cache to three quarters of its memory limit at most.
#   section: Resource Management, 3. Resource Limits
package cache.memory_unbounded

import data.lib.kubernetes
import data.thresholds
import rego.v1

examined contains replication if {
	some item in kubernetes.objects
	item.kind == "RedisReplication"
	replication := {
		"item": item,
		"limit": object.get(item.spec, ["kubernetesConfig", "resources", "limits", "memory"], ""),
		"percent": object.get(item.spec, ["redisConfig", "maxMemoryPercentOfLimit"], 0),
	}
}

bounded(replication) if {
	replication.limit != ""
	replication.percent > 0
	replication.percent <= thresholds.most_cache_memory_percent
}

deny contains denial if {
	some replication in examined
	not bounded(replication)
	denial := {
		"id": "CAC003",
		"message": sprintf(
			"the replication %s may take %d%% of a limit of '%s'",
			[replication.item.name, replication.percent, replication.limit],
		),
		"path": ["storage", "cache", "type"],
		"file": replication.item.file,
		"pointer": "/spec",
	}
}
