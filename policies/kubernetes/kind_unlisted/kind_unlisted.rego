# METADATA
# title: Nothing says whether a kind of object holds containers
# description: >-
#   Rules about containers read operators' resources by a table of where each kind holds images, resources and security
#   contexts. A kind that the table leaves out would run containers that no rule has seen.
# custom:
#   id: K8S042
#   severity: error
#   owner: security
#   remediation: Add the kind to policies/workloads/data.yaml, with the fields of its containers, or empty if it has none.
#   section: Deployment Configuration, 1. Container Configuration
#   waivable: false
package kubernetes.kind_unlisted

import data.lib.kubernetes
import data.workloads
import rego.v1

listed := object.keys(workloads.kinds)

examined contains item if some item in kubernetes.objects

deny contains denial if {
	some item in examined
	count({item.kind} & listed) == 0
	denial := {
		"id": "K8S042",
		"message": sprintf("no table says whether a %s holds containers", [item.kind]),
		"path": ["containers"],
		"file": item.file,
		"pointer": "/kind",
	}
}
