# METADATA
# title: An autoscaler scales nothing
# description: >-
#   An autoscaler whose target does not exist reports an error in its status and does nothing: the service stays at its
#   first size under any load.
# custom:
#   id: K8S008
#   severity: error
#   owner: reliability
#   remediation: Name a workload of the same namespace as the autoscaler's target.
#   section: Infrastructure Scaling, 1. Auto-scaling Configuration
package kubernetes.autoscaler_target_absent

import data.lib.kubernetes
import rego.v1

examined contains autoscaler if {
	some autoscaler in kubernetes.objects
	autoscaler.kind == "HorizontalPodAutoscaler"
}

exists(target, namespace) if {
	some item in kubernetes.of(target.kind, namespace)
	item.name == target.name
}

deny contains denial if {
	some autoscaler in examined
	target := autoscaler.spec.scaleTargetRef
	namespace := autoscaler.namespace
	not exists(target, namespace)
	denial := {
		"id": "K8S008",
		"message": sprintf(
			"the autoscaler %s scales the %s %s, which is not there",
			[autoscaler.name, target.kind, target.name],
		),
		"path": ["auto_scaling", "application"],
		"file": autoscaler.file,
		"pointer": "/spec/scaleTargetRef",
	}
}
