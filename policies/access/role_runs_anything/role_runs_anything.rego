# METADATA
# title: A role lets its holder run anything
# description: >-
#   A subject that may write a pod, or an object that pods are made from, may run any image with every secret of the
#   namespace. Honest changes gain nothing by it, since Argo CD takes them back.
# custom:
#   id: ACC005
#   severity: error
#   owner: security
#   remediation: Change workloads in Git; an application is restarted by deleting its pods.
#   section: Infrastructure Security, 2. Access Control
#   waivable: false
package access.role_runs_anything

import data.lib.access
import rego.v1

examined contains right if some right in access.rights

makers := {
	["", "pods"],
	["", "replicationcontrollers"],
	["apps", "daemonsets"],
	["apps", "deployments"],
	["apps", "replicasets"],
	["apps", "statefulsets"],
	["batch", "cronjobs"],
	["batch", "jobs"],
	["postgresql.cnpg.io", "clusters"],
	["postgresql.cnpg.io", "poolers"],
	["redis.redis.opstreelabs.in", "redisreplications"],
	["redis.redis.opstreelabs.in", "redissentinels"],
}

bad(right) if {
	[right.group, right.resource] in makers
	right.verb in {"create", "patch", "update"}
}

deny contains denial if {
	some right in examined
	bad(right)
	role := right.role
	denial := {
		"id": "ACC005",
		"message": sprintf("the %s %s gives '%s' on %s", [role.kind, role.name, right.verb, right.resource]),
		"path": ["access_control", "infrastructure", "principle"],
		"file": role.file,
		"pointer": right.pointer,
	}
}
